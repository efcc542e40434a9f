/** Where a site listens: two at one place, and the second would never come up. */
import { z } from "zod";
import { whipPort } from "./ingest.schema.ts";

export type Listener = { over: "TCP" | "UDP"; host: string; port: number; name: string };

/** An ingest as it may stand in a file that is wrong in any other way. */
export type LenientIngest = {
  kind?: string | undefined;
  mode?: string | undefined;
  host?: string | undefined;
  port?: unknown;
  authorise?: unknown;
};

const Asked = z.object({ host: z.string().catch("127.0.0.1"), port: z.number() });

/** Undefined: it calls, or takes in what comes without a port of its own. */
export function listenerOf(ingest: LenientIngest, at: number): Listener | undefined {
  const { kind, mode, host = "0.0.0.0", port, authorise } = ingest;
  const name = `ingests[${at}]`;
  if (kind === "nginx-rtmp") {
    // nginx listens at its own; we are asked at this one.
    const asked = Asked.safeParse(authorise).data;
    return asked && { over: "TCP", name, ...asked };
  }
  if (kind === "rtmp" || kind === "whip") {
    const usual = kind === "rtmp" ? 1_935 : whipPort;
    return { over: "TCP", host, port: typeof port === "number" ? port : usual, name };
  }
  if (kind !== "srt" || mode !== "listener" || typeof port !== "number") return undefined;
  return { over: "UDP", host, port, name };
}

export const isTakenBy = (a: Omit<Listener, "name">, b: Omit<Listener, "name">): boolean =>
  a.over === b.over &&
  a.port === b.port &&
  (a.host === b.host || a.host === "0.0.0.0" || b.host === "0.0.0.0");
