import type { EncoderReading, FigureName } from "../../machines/encoder/reading.ts";
import { type BenchBox, untilSeen } from "./bench.ts";
import { seconds, type Figure, type Step } from "./report.ts";

/** A box tells the slow things in turn; so many polls, or so long, are waited for. */
const enoughPolls = 4;
/** As the daemon counts. */
const goneAfter = 3;
const patienceMs = 30_000;

const figureWords: Record<FigureName, string> = {
  temperatureC: "its temperature",
  cpuUsageRatio: "its processor load",
  memoryUsageRatio: "its memory",
  fanSpeedRpm: "its fan",
  bitrateBps: "its bit rate",
  framesPerSecond: "its frame rate",
  droppedFrames: "how many frames it dropped",
  outputBytes: "how many bytes it sent",
  cpuSeconds: "the processor time it took",
  memoryBytes: "how much memory it holds",
  ioReadBytes: "what it read from disks",
  ioWrittenBytes: "what it wrote to disks",
  networkSentBps: "what its network interface sends",
  networkReceivedBps: "what its network interface receives",
  networkLinkBps: "what its network interface could carry",
  clientCount: "how many take the programme from it",
};

/** What a box tells and what it does not, from reading it for a few seconds. Changes nothing. */
export async function capabilitiesOf(box: BenchBox, signal: AbortSignal): Promise<Step> {
  const hasSeenEnough = () =>
    box.failures() >= goneAfter ||
    box.answersMs().length >= enoughPolls ||
    isComplete(box.latest()?.reading);
  await untilSeen(patienceMs, signal, () => hasSeenEnough() || undefined);
  const latest = box.latest();
  if (!latest) {
    const because = box.failure() ?? `it did not answer within ${seconds(patienceMs)} s`;
    return { step: "capabilities", outcome: "failed", because, figures: [], notes: [] };
  }
  const { reading } = latest;
  const answers = [...box.answersMs()].sort((a, b) => a - b);
  const figure = (what: string, value: number | undefined): Figure[] =>
    value === undefined
      ? []
      : [{ what, value: Math.round(value), unit: "ms", source: ownClock, at: now() }];
  return {
    step: "capabilities",
    outcome: "done",
    because: `it was read ${answers.length} times`,
    figures: [
      ...figure("a reading takes, median", answers[Math.floor(answers.length / 2)]),
      ...figure("a reading takes, slowest", answers.at(-1)),
    ],
    notes: notesOn(box, reading),
  };
}

export const ownClock = "clock of this machine";
export const now = () => new Date().toISOString();

const isComplete = (reading: EncoderReading | undefined) =>
  reading?.identity?.firmware !== undefined &&
  reading.selfStart !== undefined &&
  reading.figures.temperatureC !== undefined;

/** One sentence each; what is not told is said where it matters, and left out elsewhere. */
function notesOn(box: BenchBox, reading: EncoderReading): string[] {
  const {
    outputs,
    identity,
    selfStart,
    input,
    media,
    clock,
    alarms = [],
    raised,
    figures,
  } = reading;
  const isHardware = box.vendor.kind === "hardware";
  const words = Object.entries(outputs).map(([output, { state }]) => `${output} is ${state}`);
  const names = Object.keys(figureWords) as FigureName[];
  const told = names.filter((name) => figures[name] !== undefined);
  const untold = names.filter((name) => figures[name] === undefined);
  const list = (some: readonly FigureName[]) => some.map((name) => figureWords[name]).join(", ");
  const firmware = isHardware && identity?.firmware !== undefined;
  const watched = Object.keys(outputs).filter(
    (output) => output.startsWith("stream-") && !box.vendor.outputs.includes(output),
  );
  const sentences = [
    `Outputs: ${words.join(", ") || "none told"}`,
    isHardware &&
      watched.length > 0 &&
      `It carries one programme: how ${watched.join(", ")} is set and started is not documented, so that is only watched`,
    identity && `It is ${Object.values(identity).join(", ")}`,
    firmware && "How old its firmware is it does not tell: compare with the vendor's list",
    `Input: ${input ?? "not told"}`,
    told.length > 0 && `It tells ${list(told)}`,
    untold.length > 0 && `It does not tell ${list(untold)}`,
    isHardware && `By itself: ${selfStartWords(selfStart)}`,
    (isHardware || media) && mediaWords(media),
    clock && clockWords(clock),
    alarms.length > 0 && `It complains: ${alarms.join("; ")}`,
    !isHardware && raised && raised.alarms.map(({ text }) => text).join("; "),
    `It can ${abilities(box).join(", ") || "only be started and stopped"}`,
  ];
  return sentences.flatMap((sentence) => (sentence ? [`${sentence}.`] : []));
}

function mediaWords(media: EncoderReading["media"]): string {
  if (!media) return "Storage: none told, so nobody hears from here that it fills";
  return `Media: ${media.map(({ id, condition }) => `${id} ${condition}`).join(", ") || "none in it"}`;
}

function clockWords({ aheadMs, exactToMs }: NonNullable<EncoderReading["clock"]>): string {
  const off = Math.abs(aheadMs);
  if (off <= exactToMs)
    return `Its clock is right, as far as can be told (${seconds(exactToMs)} s)`;
  return `Its clock is ${seconds(off)} s ${aheadMs < 0 ? "behind" : "ahead"}`;
}

function abilities({ vendor, plan }: BenchBox): string[] {
  const { length: steps } = plan.cooling;
  return [
    ...(vendor.canReboot ? ["be told to reboot"] : []),
    ...(steps > 0 ? [`work at less load in ${steps} steps`] : []),
    ...(plan.outlet ? ["be switched off by its outlet"] : []),
  ];
}

export function selfStartWords(selfStart: EncoderReading["selfStart"]): string {
  if (selfStart === undefined) return "what it would start cannot be read";
  const { autoRecover, powerUp, scheduler } = selfStart;
  const on = (is: boolean) => (is ? "on" : "off");
  return `auto-recover ${on(autoRecover)}, after power-up ${powerUp}, scheduler ${on(scheduler)}`;
}
