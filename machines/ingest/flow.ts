/** Whether a source sends anything, as its ingest tells it. */
import type { Stamp } from "../time.ts";
import type { IngestReading } from "./ingest.events.ts";

export type Flow = {
  /** `unknown` also before anything came: nothing was lost then. */
  word: "unknown" | "comes" | "lost";
  /** Of lost: when the last of it came. Of comes: since it came again, null where it never went. */
  since: Stamp | null;
  /** It comes, but nothing has for a moment: it may be lost, and is not known to be. */
  pauses?: true;
};
export const unknownFlow: Flow = { word: "unknown", since: null };

/** Its process tells twice a second how far it is: longer than these are apart. */
const pausesFromMs = 700;

export function flowAfter(before: Flow, reading: IngestReading, now: Stamp): Flow {
  const { state, bytes, quietMs } = reading;
  const quiet = quietMs ?? 0;
  if (state === "receiving") {
    const since = before.word === "lost" ? now : before.word === "comes" ? before.since : null;
    return { word: "comes", since, ...(quiet > pausesFromMs && { pauses: true }) };
  }
  if (before.word === "comes" || bytes > 0) return lost(before, now, quiet);
  return before;
}

/** Its process has ended, and with it all that it passed on. */
export const flowEnded = (before: Flow, now: Stamp): Flow =>
  before.word === "comes" ? lost(before, now, 0) : before;

function lost(before: Flow, now: Stamp, agoMs: number): Flow {
  if (before.word === "lost") return before;
  const { bootId, monoMs, wallMs } = now;
  return { word: "lost", since: { bootId, monoMs: monoMs - agoMs, wallMs: wallMs - agoMs } };
}
