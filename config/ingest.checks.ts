import { z } from "zod";
import { whipPort } from "./ingest.schema.ts";
import type { Finding } from "./problems.ts";

type Lenient = {
  kind?: string | undefined;
  mode?: string | undefined;
  host?: string | undefined;
  port?: unknown;
  streamKey?: unknown;
  passphrase?: unknown;
  sessions?: unknown;
  authorise?: unknown;
};

/** Who may publish: whoever has its key, or whoever has a session. */
export function publisherFindings(ingests: readonly Lenient[]): Finding[] {
  return ingests.flatMap(({ kind, streamKey, passphrase, sessions, authorise }, at) => {
    if (kind === "nginx-rtmp" && sessions === true && authorise === undefined) {
      const what = "is missing: with `sessions: true` nginx has to ask us who may publish";
      return [{ path: ["ingests", at, "authorise"], what }];
    }
    const [key, given] = kind === "srt" ? ["passphrase", passphrase] : ["streamKey", streamKey];
    const path = ["ingests", at, key];
    const hasKey = kind === "rtmp" || kind === "whip" || kind === "nginx-rtmp";
    if (hasKey && sessions !== true && given === undefined)
      return [{ path, what: "is missing: who publishes needs a key, or `sessions: true`" }];
    if (sessions !== true || given === undefined) return [];
    return [{ path, what: "is not used with `sessions: true`: each session has a key of its own" }];
  });
}

/** What publishers with a session push is for their session alone. */
export function sessionFeedFindings(p: {
  ingests: readonly (Lenient & { id?: string | undefined })[];
  encoders: readonly { id?: string | undefined; input: { ingest?: string | undefined } }[];
  streams: readonly {
    sessions?: unknown;
    encoders: readonly { encoder?: string | undefined }[];
  }[];
}): Finding[] {
  const kept = p.ingests.flatMap(({ id, sessions }) => (sessions === true && id ? [id] : []));
  return p.streams.flatMap((stream, at) => {
    if (stream.sessions === true) return [];
    return stream.encoders.flatMap(({ encoder }, place) => {
      const fed = p.encoders.find(({ id }) => id !== undefined && id === encoder)?.input.ingest;
      if (fed === undefined || !kept.includes(fed)) return [];
      const what = `${encoder} takes ${fed}, which is kept for sessions, and this stream is not`;
      return [{ path: ["streams", at, "encoders", place], what }];
    });
  });
}

/** Two that listen at one port: the second would never come up. */
export function ingestFindings(ingests: readonly Lenient[]): Finding[] {
  const places = ingests.map(listensAt);
  return places.flatMap((place, at) => {
    const first = places.findIndex((other) => other && place && isTakenBy(other, place));
    if (place === undefined || first === at) return [];
    const what = `ingests[${first}] already listens at port ${place.port}`;
    const isAsked = ingests[at]!.kind === "nginx-rtmp";
    return [{ path: ["ingests", at, ...(isAsked ? ["authorise"] : []), "port"], what }];
  });
}

const Asked = z.object({ host: z.string().catch("127.0.0.1"), port: z.number() });
type Place = { over: "tcp" | "udp"; host: string; port: number };

function listensAt({ kind, mode, host = "0.0.0.0", port, authorise }: Lenient): Place | undefined {
  if (kind === "nginx-rtmp") {
    // nginx listens at its own; we are asked at this one.
    const asked = Asked.safeParse(authorise).data;
    return asked && { over: "tcp", ...asked };
  }
  if (kind === "rtmp" || kind === "whip") {
    const usual = kind === "rtmp" ? 1_935 : whipPort;
    return { over: "tcp", host, port: typeof port === "number" ? port : usual };
  }
  if (kind !== "srt" || mode !== "listener" || typeof port !== "number") return undefined;
  return { over: "udp", host, port };
}

const isTakenBy = (a: Place, b: Place) =>
  a.over === b.over &&
  a.port === b.port &&
  (a.host === b.host || a.host === "0.0.0.0" || b.host === "0.0.0.0");
