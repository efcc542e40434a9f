import type { SiteConfig } from "../../config/site.schema.ts";
import type { OutputReading } from "../../machines/encoder/reading.ts";
import { monotonicMs } from "../clock.ts";
import type { Bench, BenchBox, BenchFarEnd } from "./bench.ts";

/** What the operator allowed, beyond looking. */
export type Consent = {
  /** Start and stop boxes that carry nothing. */
  rehearse: boolean;
  /** Ids of destinations that people watch, typed by the operator. */
  confirmed: readonly string[];
  /** Likewise, of those where two boxes may ask for the key at once. */
  confirmedTakeover: readonly string[];
};

/** Why nothing may be rehearsed now (an event is near), or undefined. Asked before each start. */
export type AskFreeze = () => string | undefined;

export type Permission = { farEnd: BenchFarEnd } | { refusal: string };

/** Somebody must have looked without a gap for so long, ms, and seen nobody. */
const quietForMs = 1_000;

/**
 * Where a box may publish for a rehearsal: to a destination marked `test: true`, its own first; else
 * to one of its own that the operator has typed, outside its events.
 */
export function destinationFor(
  encoder: string,
  { config, bench, consent, frozen }: Parts,
): Permission {
  if (!consent.rehearse) return { refusal: "it starts and stops the box: say --rehearse" };
  const own = config.streams
    .filter((stream) => stream.encoders.some((ref) => ref.encoder === encoder))
    .map((stream) => config.destinations.find(({ id }) => id === stream.destination)!);
  const chosen =
    [...own, ...config.destinations].find(({ test }) => test) ??
    own.find(({ id }) => consent.confirmed.includes(id));
  if (!chosen) {
    const named = own.map(({ id }) => ` --confirm ${id}`).join(" or");
    const other = named === "" ? "" : `, or type where it may go to:${named}`;
    return { refusal: `no destination is marked test: true${other}` };
  }
  const freeze = frozen();
  if (freeze !== undefined) return { refusal: freeze };
  return { farEnd: bench.farEnds.get(chosen.id)! };
}
type Parts = { config: SiteConfig; bench: Bench; consent: Consent; frozen: AskFreeze };

/** Why this box may not be started towards this far end at this moment, or undefined. */
export function unfit(box: BenchBox, output: string, farEnd: BenchFarEnd): string | undefined {
  const latest = box.latest();
  if (latest === undefined || box.failure() !== undefined)
    return `the box cannot be read: ${box.failure() ?? "no answer yet"}`;
  const { booting, outputs, recording } = latest.reading;
  if (booting) return "the box is starting up, or would not obey";
  const state = outputs[output]?.state;
  if (state !== "idle") return `${output} is ${state ?? "not told"}, not idle: it is left alone`;
  const busy = Object.entries(outputs).find(([id, { state }]) => !isAtRest(id, state));
  if (busy) return `${busy[0]} is ${busy[1].state}, not idle: it is left alone`;
  if (recording?.isLinked === true)
    return "Link Start/Stop is on: its recording would begin and end with the stream";
  if (box.vendor.recordTo && recording?.isLinked === undefined)
    return "it has not told yet whether it records, and whether that is linked to its stream";
  return occupied(farEnd);
}

/** What is only watched tells nothing while it does nothing. */
const isAtRest = (id: string, state: OutputReading["state"]) =>
  state === "idle" || (state === "unknown" && !id.startsWith("record"));

/** Why it cannot be said that nobody publishes there, or undefined. */
export function occupied({ destination: { id }, latest }: BenchFarEnd): string | undefined {
  const view = latest();
  if (view === undefined) return `nobody looks at ${id}: it has no observers, or none has answered`;
  const { sight, quietSinceMs, source } = view;
  if (sight.word === "publishing")
    return `${source} sees ${sight.by ?? "somebody"} publishing to ${id}`;
  if (sight.word !== "quiet") return `${source} cannot say who publishes to ${id}: ${sight.detail}`;
  if (quietSinceMs === undefined) return `${source} cannot prove that nobody publishes to ${id}`;
  if (monotonicMs() - quietSinceMs < quietForMs)
    return `${id} has been quiet for less than a second`;
  return undefined;
}
