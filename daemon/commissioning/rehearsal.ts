import { certificateFrom, sentenceOf } from "../../machines/stream/fence-proof.ts";
import { monotonicMs } from "../clock.ts";
import { DriverError, type PublishTarget } from "../drivers/driver.ts";
import { type BenchBox, type BenchFarEnd, untilSeen } from "./bench.ts";
import { now, ownClock, selfStartWords } from "./capabilities.ts";
import { occupied, unfit } from "./permission.ts";
import { seconds, skipped, type Figure, type Step } from "./report.ts";

const orderWithinMs = 20_000;
/** `pictureMs`: longer than any box takes from an order to its picture; later is a fault. */
const usualLimits = { pictureMs: 60_000, settleMs: 15_000 };
/** Stands for the programme in the drivers' memory, so that no stream's key generation is used up. */
export const rehearsalStream = "commissioning";

export type Rehearsal = {
  box: BenchBox;
  output: string;
  farEnd: BenchFarEnd;
  /** No other encoder can take the key of the box's own stream. */
  isAlone: boolean;
  noPublisherProofMs: number;
  limits?: typeof usualLimits;
};

/**
 * Puts a box on air at a destination where nobody is, measures how long that takes, takes it off
 * again with proof, and watches that it stays off. Whatever happens, it is stopped and the key
 * taken out at the end.
 */
export async function rehearse(r: Rehearsal, signal: AbortSignal): Promise<Step[]> {
  const { box, output, farEnd } = r;
  const { settleMs } = r.limits ?? usualLimits;
  const isFit = () => (unfit(box, output, farEnd) === undefined ? true : undefined);
  const isWatched = farEnd.destination.observers.length > 0;
  if (isWatched) await untilSeen(settleMs, signal, isFit);
  const refusal = unfit(box, output, farEnd);
  if (refusal !== undefined) return [skipped("start", refusal), skipped("fence", refusal)];
  box.lookClosely(true);
  try {
    const start = await measureStart(r, signal);
    if (start.outcome !== "done") return [start, skipped("fence", "it did not come on air")];
    return [start, await rehearseFence(r, signal)];
  } finally {
    await release(r);
    box.lookClosely(false);
  }
}

async function measureStart(r: Rehearsal, signal: AbortSignal): Promise<Step> {
  const { box, output, farEnd } = r;
  const { pictureMs, settleMs } = r.limits ?? usualLimits;
  const figures: Figure[] = [];
  const began = monotonicMs();
  const took = (what: string, atMs: number, source: string) =>
    figures.push({ what, value: seconds(atMs - began), unit: "s", source, at: now() });
  const step = (outcome: Step["outcome"], because: string): Step => ({
    ...{ step: "start", outcome, because, figures },
    notes: [`Published to ${farEnd.destination.id}.`],
  });
  try {
    await startOn(r, signal);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return step("failed", error.message);
  }
  took("the order is taken", monotonicMs(), ownClock);
  const told = () => {
    const latest = box.latest();
    return latest && latest.atMs > began && isStreaming(box, output) ? latest : undefined;
  };
  let seen = false;
  const picture = await untilSeen(pictureMs, signal, () => {
    const view = farEnd.latest();
    if (view?.sight.word !== "publishing" || view.atMs < began) return undefined;
    if (!seen) {
      seen = true;
      took("the far end sees a publisher", view.atMs, view.source);
    }
    return view.grewAtMs !== undefined && view.grewAtMs > began ? view : undefined;
  });
  if (!picture) return step("failed", `no picture arrived within ${seconds(pictureMs)} s`);
  took("picture arrives at the far end", picture.grewAtMs!, picture.source);
  const onAir = `on air after ${figures.at(-1)!.value} s`;
  const reported = await untilSeen(settleMs, signal, told);
  if (!reported) return step("failed", `${onAir}, and the box never said so`);
  took("the box has said so", reported.atMs, `driver ${box.plan.vendor}`);
  return step("done", onAir);
}

/** Key generations are counted per stream and destination; ours goes on where the last one ended. */
export async function startOn(
  { box, output, farEnd: { destination } }: Pick<Rehearsal, "box" | "output" | "farEnd">,
  signal: AbortSignal,
): Promise<void> {
  const { id, address, streamKey, srt } = destination;
  const start = (keyGeneration: number) => {
    const target: PublishTarget = {
      ...{ stream: rehearsalStream, destination: id, address, streamKey, keyGeneration },
      ...(srt && { srt }),
    };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(orderWithinMs)]);
    return box.run(limit, (driver, inner) => driver.startOutput(output, target, inner));
  };
  try {
    await start(1);
  } catch (error) {
    const highest = error instanceof DriverError ? error.highestGeneration : undefined;
    if (highest === undefined) throw error;
    await start(highest + 1);
  }
}

export const isStreaming = (box: BenchBox, output: string) =>
  box.latest()?.reading.outputs[output]?.state === "streaming";

const aloneNote =
  "That is proof only because no other encoder can take its key; beside an understudy the daemon " +
  "switches off what the box would start by itself.";

async function rehearseFence(r: Rehearsal, signal: AbortSignal): Promise<Step> {
  const { box, output, farEnd, isAlone, noPublisherProofMs } = r;
  const { settleMs } = r.limits ?? usualLimits;
  const { id: destination, address, deviceRetryPeriodMs } = farEnd.destination;
  const before = box.latest()?.reading.selfStart;
  const figures: Figure[] = [];
  const began = monotonicMs();
  const took = (what: string, ms: number, source: string) =>
    figures.push({ what, value: seconds(ms), unit: "s", source, at: now() });
  const step = (outcome: Step["outcome"], because: string, notes: string[]): Step => ({
    ...{ step: "fence", outcome, because, figures, notes },
  });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(orderWithinMs)]);
  const evidence = await box
    .run(limit, (driver, inner) => driver.proveOff(output, address, inner))
    .catch((error: unknown) => {
      if (error instanceof DriverError || limit.aborted) return [];
      throw error;
    });
  signal.throwIfAborted();
  const proofMs = monotonicMs() - began;
  const atMs = Date.now();
  const of = { encoder: box.id, output, destination, noPublisherProofMs, isAlone, atMs };
  const certificate = certificateFrom(evidence, of);
  const sentences = evidence.map((piece) => `Evidence: ${sentenceOf(piece)}.`);
  if (!certificate)
    return step("failed", "what was seen proves nothing", [
      ...sentences,
      ...(evidence.length === 0 ? ["The box gave no proof: it did not answer as it must."] : []),
    ]);
  took("proof is in hand", proofMs, `driver ${box.plan.vendor}`);
  figures.push({
    what: "level of the proof",
    value: certificate.level,
    unit: "level",
    source: "design rule 2",
    at: now(),
  });

  const quiet = await untilSeen(settleMs, signal, () =>
    occupied(farEnd) === undefined ? farEnd.latest() : undefined,
  );
  if (!quiet)
    return step(
      "failed",
      `it says it is off, and ${occupied(farEnd) ?? "the far end does not"}`,
      sentences,
    );
  took("the far end sees nobody", quiet.quietSinceMs! - began, quiet.source);

  const stayMs = 2 * deviceRetryPeriodMs;
  const back = await untilSeen(stayMs, signal, () => {
    const saysSo = isStreaming(box, output) && box.latest()!.atMs > quiet.atMs;
    return saysSo || farEnd.latest()?.sight.word === "publishing" ? true : undefined;
  });
  const after = box.latest()?.reading.selfStart;
  const changed = selfStartWords(before) !== selfStartWords(after) && after !== undefined;
  const restsOnBeingAlone =
    isAlone && !certificateFrom(evidence, { ...of, isAlone: false }) ? [aloneNote] : [];
  const notes = [
    ...sentences,
    ...restsOnBeingAlone,
    ...(changed
      ? [
          `Changed in the box, as the daemon would: ${selfStartWords(before)} became ${selfStartWords(after)}.`,
        ]
      : []),
  ];
  if (back) return step("failed", "it came on air again by itself after the proof", notes);
  took("it stayed off, watched for", stayMs, `${quiet.source} and the box`);
  return step(
    "done",
    `proven off at level ${certificate.level} after ${seconds(proofMs)} s`,
    notes,
  );
}

/** With a limit of its own: also after the operator has broken off. */
export async function release({ box, output }: Pick<Rehearsal, "box" | "output">): Promise<void> {
  const limit = AbortSignal.timeout(orderWithinMs);
  await box.run(limit, (driver, inner) => driver.stopOutput(output, true, inner));
}
