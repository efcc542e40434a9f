import { isTakenBy, type LenientIngest, listenerOf } from "./listeners.ts";
import type { Finding } from "./problems.ts";

type Lenient = LenientIngest & {
  streamKey?: unknown;
  passphrase?: unknown;
  sessions?: unknown;
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
  const places = ingests.map(listenerOf);
  return places.flatMap((place, at) => {
    const first = places.findIndex((other) => other && place && isTakenBy(other, place));
    if (place === undefined || first === at) return [];
    const what = `ingests[${first}] already listens at port ${place.port}`;
    const isAsked = ingests[at]!.kind === "nginx-rtmp";
    return [{ path: ["ingests", at, ...(isAsked ? ["authorise"] : []), "port"], what }];
  });
}
