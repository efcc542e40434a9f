import type { DestinationConfig } from "../../config/site.schema.ts";
import { publisherMark } from "../../machines/publisher-mark.ts";
import { monotonicMs } from "../clock.ts";
import { DriverError } from "../drivers/driver.ts";
import { type FarEndView, untilSeen } from "./bench.ts";
import { now } from "./capabilities.ts";
import { unfit } from "./permission.ts";
import { isStreaming, release, startOn, type Rehearsal } from "./rehearsal.ts";
import { seconds, skipped, type Figure, type Step } from "./report.ts";

const pictureWithinMs = 60_000;
/** From the second one's start: both have said what they had to say by then. */
const settleMs = 8_000;
const secondWithinMs = 20_000;

type Takeover = DestinationConfig["takeover"];
type Verdict = { seen: string; policy: Takeover | undefined };

/**
 * Two boxes ask for one key: who gets it? Only at a destination marked `test: true`, or at one whose
 * id the operator has typed for it, and only while nobody publishes there. Both are stopped at the
 * end, whatever happened.
 */
export async function probeTakeover(
  first: Rehearsal,
  second: Rehearsal,
  signal: AbortSignal,
  confirmed: readonly string[] = [],
): Promise<Step> {
  const { destination } = first.farEnd;
  if (!destination.test && !confirmed.includes(destination.id))
    return skipped("takeover", `${destination.id} is not marked test: true`);
  const refusal = [first, second]
    .map(({ box, output, farEnd }) => unfit(box, output, farEnd))
    .find((why) => why !== undefined);
  if (refusal !== undefined) return skipped("takeover", refusal);
  try {
    return await probe(first, second, signal);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return { ...skipped("takeover", error.message), outcome: "failed" };
  } finally {
    await Promise.allSettled([release(second), release(first)]);
  }
}

async function probe(first: Rehearsal, second: Rehearsal, signal: AbortSignal): Promise<Step> {
  const { farEnd } = first;
  const { id, takeover } = farEnd.destination;
  const began = monotonicMs();
  await startOn(first, signal);
  const alone = await untilSeen(pictureWithinMs, signal, () => movingSince(farEnd.latest(), began));
  if (!alone)
    return { ...skipped("takeover", `${first.box.id} did not come on air`), outcome: "failed" };
  const of = namesOf(first, second, alone);

  const secondAtMs = monotonicMs();
  await startOn(second, signal);
  await untilSeen(secondWithinMs, signal, () => {
    const settled = monotonicMs() - secondAtMs > settleMs;
    const isOver = isStreaming(second.box, second.output) || of(farEnd.latest()) !== "first";
    return settled || (isOver && monotonicMs() - secondAtMs > settleMs / 2) ? true : undefined;
  });
  const last = farEnd.latest();
  const { seen, policy } = verdictOn(of(last), last, isStreaming(second.box, second.output));
  const figures: Figure[] = [
    {
      what: "watched after the second one's start",
      value: seconds(monotonicMs() - secondAtMs),
      unit: "s",
      source: last?.source ?? "nobody",
      at: now(),
    },
  ];
  const notes = [
    `First ${first.box.id}, then ${second.box.id}, on the key of ${id}.`,
    policy === undefined
      ? "takeover: exclusive is right: fence first."
      : `takeover: ${policy} would be right; exclusive (fence first) is safe as well.`,
    ...(takeover !== "exclusive" && takeover !== policy
      ? [`The configuration says takeover: ${takeover}, and that is not what was seen.`]
      : []),
  ];
  const isWrong = takeover !== "exclusive" && takeover !== policy;
  const outcome = isWrong ? ("failed" as const) : ("done" as const);
  return { step: "takeover", outcome, because: seen, figures, notes };
}

function movingSince(view: FarEndView | undefined, sinceMs: number): FarEndView | undefined {
  return view?.grewAtMs !== undefined && view.grewAtMs > sinceMs ? view : undefined;
}

type Holder = "first" | "second" | "both" | "nobody" | "unclear";

/** Software encoders sign what they send; a box is known by the name the far end gave it alone. */
function namesOf(first: Rehearsal, second: Rehearsal, alone: FarEndView) {
  const firstBy = alone.sight.word === "publishing" ? alone.sight.by : null;
  return (view: FarEndView | undefined): Holder => {
    if (view?.sight.word === "quiet") return "nobody";
    if (view?.sight.word !== "publishing") return "unclear";
    const { by, publishers } = view.sight;
    if (publishers !== null && publishers > 1) return "both";
    const marked = publisherMark.parse(by ?? "")?.encoder;
    if (marked === second.box.id) return "second";
    if (marked === first.box.id || (by !== null && by === firstBy)) return "first";
    return by !== null && firstBy !== null ? "second" : "unclear";
  };
}

function verdictOn(holder: Holder, view: FarEndView | undefined, secondStreams: boolean): Verdict {
  const isMoving = view?.grewAtMs !== undefined && monotonicMs() - view.grewAtMs < 3_000;
  switch (holder) {
    case "first":
      if (!isMoving)
        return { seen: "the first kept the key, and nothing arrives any more", policy: undefined };
      if (secondStreams)
        return {
          seen: "the first is shown, and the second believes it streams",
          policy: undefined,
        };
      return { seen: "the second is refused, the first goes on", policy: "firstWins" };
    case "second":
      return isMoving
        ? { seen: "the second takes the key over, the first is dropped", policy: "lastWins" }
        : { seen: "the second has the key, and nothing arrives", policy: undefined };
    case "both":
      return { seen: "both are let in at once: a mix reaches the viewers", policy: undefined };
    case "nobody":
      return { seen: "both are thrown out", policy: undefined };
    case "unclear":
      return { seen: "it cannot be told who has the key", policy: undefined };
  }
}
