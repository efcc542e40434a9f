import type { Finding } from "./problems.ts";

type Lenient = {
  kind?: string | undefined;
  mode?: string | undefined;
  host?: string | undefined;
  port?: unknown;
};

/** Two that listen at one port: the second would never come up. */
export function ingestFindings(ingests: readonly Lenient[]): Finding[] {
  const places = ingests.map(listensAt);
  return places.flatMap((place, at) => {
    const first = places.findIndex((other) => other && place && isTakenBy(other, place));
    if (place === undefined || first === at) return [];
    const what = `ingests[${first}] already listens at port ${place.port}`;
    return [{ path: ["ingests", at, "port"], what }];
  });
}

type Place = { over: "tcp" | "udp"; host: string; port: number };

function listensAt({ kind, mode, host = "0.0.0.0", port }: Lenient): Place | undefined {
  if (kind === "rtmp") return { over: "tcp", host, port: typeof port === "number" ? port : 1_935 };
  if (kind !== "srt" || mode !== "listener" || typeof port !== "number") return undefined;
  return { over: "udp", host, port };
}

const isTakenBy = (a: Place, b: Place) =>
  a.over === b.over &&
  a.port === b.port &&
  (a.host === b.host || a.host === "0.0.0.0" || b.host === "0.0.0.0");
