/**
 * By what a program makes its pictures: hardware of its host that was proven to make what is asked,
 * else the processor. What fails at work rests, and has to be proven anew.
 */
import { elapsedMs, type Stamp } from "../time.ts";

/** As ffmpeg calls them; the first that is proven is taken where any will do. */
export const hardwareCodecs = ["h264_nvenc", "h264_qsv", "h264_vaapi"] as const;
export type HardwareCodec = (typeof hardwareCodecs)[number];
export type PictureEncoder = HardwareCodec | "libx264";

export const isHardware = (codec: string | undefined): codec is HardwareCodec =>
  hardwareCodecs.some((known) => known === codec);

/** What is known of one. */
export type Tried = {
  /** Of a trial with the arguments it would be run with; absent: none was made. */
  verdict?: { isProven: true } | { isProven: false; because: string };
  /** At work, where it was proven before; the newest is last. */
  failures: readonly { at: Stamp; because: string }[];
};
export type Trials = Readonly<Partial<Record<HardwareCodec, Tried>>>;

/** `because`: why it is not what was asked for. */
export type Choice = { codec: PictureEncoder; because?: string };

const failureCountsMs = 24 * 3_600_000;
const firstRestMs = 10 * 60_000;
const untried: Tried = { failures: [] };

const counting = ({ failures }: Tried, now: Stamp) =>
  failures.filter(({ at }) => elapsedMs(at, now) < failureCountsMs);

/** It failed at work, and is neither run nor tried for a while: twice as long each time. */
export function restsMs(tried: Tried, now: Stamp): number {
  const failures = counting(tried, now);
  const last = failures.at(-1);
  if (!last) return 0;
  const rest = Math.min(firstRestMs * 2 ** (failures.length - 1), failureCountsMs);
  return Math.max(0, rest - elapsedMs(last.at, now));
}

const short = (codec: HardwareCodec) => codec.replace("h264_", "").toUpperCase();

function refusal(codec: HardwareCodec, tried: Tried, now: Stamp): string | undefined {
  const { verdict } = tried;
  const last = tried.failures.at(-1);
  if (last && restsMs(tried, now) > 0) return `${short(codec)} failed at work: ${last.because}`;
  if (!verdict) return `${short(codec)} was not tried yet`;
  return verdict.isProven ? undefined : `${short(codec)} refused: ${verdict.because}`;
}

export function chosenEncoder(asked: "auto" | HardwareCodec, trials: Trials, now: Stamp): Choice {
  const candidates = asked === "auto" ? hardwareCodecs : [asked];
  const refusals: string[] = [];
  for (const codec of candidates) {
    const because = refusal(codec, trials[codec] ?? untried, now);
    if (because === undefined) return { codec };
    refusals.push(because);
  }
  return { codec: "libx264", because: refusals.join("; ") };
}

/** A failure takes the proof away, too: only another trial gives it back. */
export function afterFailure(tried: Tried | undefined, because: string, now: Stamp): Tried {
  const failures = [...counting(tried ?? untried, now), { at: now, because }];
  return { verdict: { isProven: false, because: `failed at work: ${because}` }, failures };
}

/** How a run ended that made its pictures by hardware. */
export type HardwareEnd = {
  exit: { code: number | null; signal: string | null };
  /** What it said last. */
  lines: readonly string[];
  /** The far end did not take it. */
  wasRefused: boolean;
};

const crashes = ["SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE"];
/** ffmpeg's own names for what touches the device, in front of what it says of it. */
const namesHardware =
  /\[(h264_(nvenc|qsv|vaapi)|AVHW\w+|hwupload|Parsed_hwupload\w*) @|opening encoder for output stream|[Dd]evice creation failed/;
const place = /^(\[\S+ @ \S+\] )?(\[\w+\] )?/;

/** @returns why, where what it said or how it died is the hardware's fault */
export function faultOfHardware({ exit, lines, wasRefused }: HardwareEnd): string | undefined {
  if (wasRefused) return undefined;
  const line = lines.find((said) => namesHardware.test(said));
  return line === undefined ? crashOf(exit) : line.replace(place, "");
}

export const crashOf = ({ signal }: HardwareEnd["exit"]): string | undefined =>
  signal !== null && crashes.includes(signal) ? `it was ended by ${signal}` : undefined;

/** Ends without a word, and of runs that stood still: nobody can say whose fault they were. */
export type UnclearEnds = readonly Stamp[];
const unclear = { allowed: 2, withinMs: 10 * 60_000 };

/** @returns the ends that count now, and why the hardware is blamed for their number, if it is */
export function withUnclearEnd(
  ends: UnclearEnds,
  now: Stamp,
): { ends: UnclearEnds; because?: string } {
  const counted = [...ends.filter((at) => elapsedMs(at, now) < unclear.withinMs), now];
  if (counted.length <= unclear.allowed) return { ends: counted };
  return { ends: [], because: `it ended or froze ${counted.length} times in 10 min` };
}
