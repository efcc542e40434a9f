/** What is known of the host's hardware for one encoder that asks for it, kept over restarts. */
import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import {
  afterFailure,
  type Choice,
  chosenEncoder,
  faultOfHardware,
  type HardwareCodec,
  hardwareCodecs,
  type HardwareEnd,
  isHardware,
  restsMs,
  type Tried,
  type UnclearEnds,
  withUnclearEnd,
} from "../../../machines/encoder/picture-encoder.ts";
import { Stamp } from "../../../machines/time.ts";
import type { DriverContext } from "../driver.ts";
import { bootId } from "../shared/engine/engine-directory.ts";
import { deviceNodes } from "./hardware-encoders.ts";
import { refusalByHardware, trialArguments, trialSize } from "./hardware-trial.ts";
import type { FfmpegOptions } from "./options.ts";

/** A start of the daemon waits so long for the first trials on a host: later ones are kept. */
const firstTrialsMs = 10_000;
const tryAgainEveryMs = 10 * 60_000;

export const Failures = z.array(z.object({ at: Stamp, because: z.string() }));
const Kept = z.object({
  /** Of all that a verdict depends on. */
  mark: z.string(),
  trials: z.partialRecord(
    z.enum(hardwareCodecs),
    z.object({
      verdict: z
        .discriminatedUnion("isProven", [
          z.object({ isProven: z.literal(true) }),
          z.object({ isProven: z.literal(false), because: z.string() }),
        ])
        .optional(),
      failures: Failures,
    }),
  ),
});
type Trials = Partial<Record<HardwareCodec, Tried>>;

export type Hardware = {
  /** Resolves when what has to be tried was, or takes too long. */
  firstTrials: Promise<unknown>;
  /** For a picture of this size; as configured when left out. */
  choice(size?: { widthPx?: number; heightPx?: number }): Choice;
  /** @returns whether the hardware is to blame, so that the next start is by another encoder */
  ended(codec: HardwareCodec, end: HardwareEnd & { hadBegun: boolean }): boolean;
  /** One that was proven has failed at work, and rests. */
  hasFailed(): boolean;
  close(): void;
};

/** One at a time on this host, for all its encoders. */
let before: Promise<unknown> = Promise.resolve();

type Context = Pick<DriverContext, "stateDir" | "mayProbe" | "now">;

/** @returns undefined where no hardware is asked for */
export function openHardware(
  { stateDir, mayProbe, now }: Context,
  options: FfmpegOptions,
  everyMs = tryAgainEveryMs,
): Hardware | undefined {
  const { codec: asked } = options.video;
  if (asked !== "auto" && !isHardware(asked)) return undefined;
  const candidates = asked === "auto" ? hardwareCodecs : [asked];
  const file = join(stateDir, "hardware-trials.json");
  const mark = markOf(options, candidates);
  const trials: Trials = keptIn(file, mark);
  let unclear: UnclearEnds = [];
  const closing = new AbortController();
  const stamp = (): Stamp => ({ bootId, monoMs: now(), wallMs: Date.now() });
  const choose = () => chosenEncoder(asked, trials, stamp());

  function keep(): void {
    try {
      writeFileSync(file, JSON.stringify({ mark, trials }), { mode: 0o600 });
    } catch {
      return; // on a full disk the next daemon tries once more
    }
  }

  /** In their order, up to the first that works. */
  async function tryAll(isDue: (tried: Tried | undefined) => boolean): Promise<void> {
    for (const codec of candidates) {
      if (closing.signal.aborted || isHardware(choose().codec)) break;
      if (!isDue(trials[codec])) continue;
      const refused = await refusalByHardware(codec, options, closing.signal);
      const verdict =
        refused === undefined
          ? ({ isProven: true } as const)
          : ({ isProven: false, because: refused } as const);
      trials[codec] = { failures: trials[codec]?.failures ?? [], verdict };
      keep();
    }
  }
  // What was not tried is not told.
  const inTurn = (isDue: (tried: Tried | undefined) => boolean) =>
    (before = before.then(() => tryAll(isDue)).catch(() => undefined));

  const timer = setInterval(() => {
    if (mayProbe?.() !== true || isHardware(choose().codec)) return;
    void inTurn((tried) => tried === undefined || restsMs(tried, stamp()) === 0);
  }, everyMs);
  const first = inTurn((tried) => tried?.verdict === undefined);

  return {
    firstTrials: Promise.race([first, pause(firstTrialsMs, undefined, { ref: false })]),
    choice({ widthPx = 0, heightPx = 0 } = {}) {
      const tried = trialSize(options);
      if (widthPx * heightPx <= tried.width * tried.height) return choose();
      const because = `hardware was tried only up to ${tried.width}x${tried.height}`;
      return { codec: "libx264", because };
    },
    ended(codec, end) {
      let because = faultOfHardware(end);
      // One that never began may have had no input; one that says a word says what it died of.
      const isUnclear = end.hadBegun && end.exit.code !== 0 && end.lines.length === 0;
      if (because === undefined && isUnclear) {
        ({ ends: unclear, because } = withUnclearEnd(unclear, stamp()));
      }
      if (because === undefined) return false;
      trials[codec] = afterFailure(trials[codec], because, stamp());
      keep();
      return true;
    },
    hasFailed: () => Object.values(trials).some((tried) => restsMs(tried, stamp()) > 0),
    close() {
      clearInterval(timer);
      closing.abort();
    },
  };
}

/** Another ffmpeg, other devices or other arguments: what was tried says nothing of them. */
function markOf(options: FfmpegOptions, candidates: readonly HardwareCodec[]): string {
  const { mtimeMs, size } = statSync(options.program, { throwIfNoEntry: false }) ?? {};
  const args = candidates.map((codec) =>
    (["spool", "rtmp"] as const).map((to) => trialArguments(codec, options, to)),
  );
  const all = JSON.stringify([options.program, mtimeMs, size, deviceNodes(), args]);
  return createHash("sha256").update(all).digest("hex");
}

/** A failure at work counts on, whatever was changed since. */
function keptIn(file: string, mark: string): Trials {
  try {
    const kept = Kept.parse(JSON.parse(readFileSync(file, "utf8")));
    const entries = Object.entries(kept.trials) as [HardwareCodec, Tried][];
    return Object.fromEntries(
      entries.flatMap(([codec, { verdict, failures }]) => {
        const isSame = kept.mark === mark && verdict !== undefined;
        return isSame || failures.length > 0
          ? [[codec, { failures, ...(isSame && { verdict }) }]]
          : [];
      }),
    );
  } catch {
    return {};
  }
}
