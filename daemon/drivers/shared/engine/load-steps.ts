/** What makes a software encoder work less, step by step: each keeps what those before it took. */
import type { EncoderSettings } from "../../../../machines/encoder/settings.ts";
import type { CoolingStep } from "../../../../machines/site/plan.ts";
import { suspectsInTime, type Picture } from "./fields.ts";
import { type Sound, withSettings } from "./made-settings.ts";

type Video = Picture & { codec?: string };
type Loadable = {
  video: Video;
  audio: Sound;
  input: { kind: string; width?: number; height?: number };
  suspectAfterMs: number;
  captions: boolean;
};
type Rung = {
  lowers: NonNullable<CoolingStep["lowers"]>;
  says: (full: Video, now: Video) => string;
  /** Undefined where it cannot be done, or would change nothing. */
  lower: (full: Loadable, now: Video) => Partial<Video> | undefined;
};

const leastBps = 50_000;
const leastSidePx = 16;
const smallerSize = 2 / 3;

/** Whole pairs of lines, as the picture's format needs them. */
const smaller = (px: number) => 2 * Math.round((px * smallerSize) / 2);

/**
 * Faster than `veryfast`, `superfast` took 21 % off x264's work, three quarters of the bit rate 7 %
 * (640x360, one thread): so the preset comes first, and less bit rate only helps a network.
 */
const rungs: readonly Rung[] = [
  {
    lowers: ["effort"],
    says: (_, { preset }) => `preset ${preset}`,
    lower(_, { preset }) {
      if (preset === "ultrafast") return undefined;
      return { preset: preset === "superfast" ? "ultrafast" : "superfast" };
    },
  },
  ...[0.75, 0.5].map((share): Rung => ({
    lowers: ["bitrate"],
    says: () => `${100 * share} % of its bit rate`,
    lower({ video }) {
      const bitrateBps = Math.round(video.bitrateBps * share);
      return bitrateBps < leastBps ? undefined : { bitrateBps };
    },
  })),
  {
    lowers: ["frameRate"],
    says: () => "half its frame rate",
    lower({ captions, suspectAfterMs }, now) {
      const framesPerSecond = now.framesPerSecond / 2;
      const isSeen = suspectsInTime.holds({ suspectAfterMs, video: { framesPerSecond } });
      // Halving it garbles captions.
      return captions || framesPerSecond < 1 || !isSeen ? undefined : { framesPerSecond };
    },
  },
  {
    lowers: ["size"],
    says: (_, { width, height }) => `a picture of ${width ?? "?"}x${height ?? "?"}`,
    lower({ input, video }) {
      const { width, height } = video.width && video.height ? video : input;
      // Of an input whose size nobody has written down, nobody knows what two thirds are.
      if (width === undefined || height === undefined) return undefined;
      const [w, h] = [smaller(width), smaller(height)];
      return Math.min(w, h) < leastSidePx ? undefined : { width: w, height: h };
    },
  },
];

/**
 * @param as the same encoder with a session's settings: its steps are those of `options`, because
 * what a step means was told of those; one that would take nothing of it takes nothing
 * @returns the options to run with by load step; the first are those given
 */
export function loadsOf<O extends Loadable>(options: O, as: O = options): [O, ...O[]] {
  return [as, ...ladderOf(options, as).map(({ video }) => ({ ...as, video }))];
}

/** What is run by load step, as configured or as a session wants it. */
export const madeLoads =
  <O extends Loadable, M>(options: O, made: (options: O, by?: string) => M) =>
  (settings?: EncoderSettings, by?: string): [M, ...M[]] => {
    const as = settings ? withSettings(options, settings) : options;
    const [full, ...less] = loadsOf(options, as);
    return [made(full, by), ...less.map((one) => made(one, by))];
  };

/** Each of them means another start of the program, so the picture is lost for a moment. */
export const loadSteps = (options: Loadable): readonly CoolingStep[] =>
  ladderOf(options).map(({ step }) => step);

function ladderOf(options: Loadable, as = options): { video: Video; step: CoolingStep }[] {
  const { video: full } = options;
  if (full.codec === "copy") return [];
  let now = full;
  let video = as.video;
  const said = new Map<string, string>();
  return rungs.flatMap(({ lowers, says, lower }) => {
    const lowered = lower(options, now);
    if (!lowered) return [];
    now = { ...now, ...lowered };
    video = { ...video, ...lower(as, video) };
    said.set(lowers.join(), says(full, now));
    return [{ video, step: { what: [...said.values()].join(", "), interrupts: true, lowers } }];
  });
}
