/**
 * The region of an encoder that notices the hands of others: the front panel, the vendor's page,
 * Companion. What they change is told, and left as it is while the box is off the key; two changes
 * in ten minutes mean that another controller works on it.
 */
import { elapsedMs, rebased, type Stamp } from "../time.ts";
import type { EncoderReading, OutputReading, SelfStart } from "./reading.ts";
import { driftBetween, driftSentence, type EncoderSettings } from "./settings.ts";

/** What a box was last known to be set to. What was never told is absent. */
export type Seen = {
  bootMark?: string;
  outputs: Record<string, { target?: string; runs?: boolean }>;
  bitrateBps?: number;
  selfStart?: SelfStart;
  /** What the box is switched to, by the words for people. */
  switches: Partial<Record<Switch, string>>;
  /** Of the selected profile. Bit rate and address are told on their own. */
  settings?: EncoderSettings;
};
type Switch = "streaming profile" | "recording profile" | "media" | "input select";

/** What the region remembers. */
export type OtherHands = {
  seen: Seen;
  /** When others changed something, oldest first, as far as it counts. */
  changes: Stamp[];
  /** What it does on its own was set by others while it held no key. */
  setSelfStart: boolean;
};

/** One thing that is another now, and not by us. */
export type Change = {
  what: "destination" | "running" | "bitrate" | "selfStart" | "settings" | "input";
  /** For people. */
  sentence: string;
  /** Only a hand does that; the others may as well be the box itself. */
  isByHand: boolean;
};

const none: readonly Change[] = [];

/** A box says so long after our last command what that has changed, ms. */
const settleMs = 60_000;
/** What is read seldom shows later. */
const slowSettleMs = 180_000;
const countMs = 10 * 60_000;
const changesOfAnother = 2;
/** One visit to the box shows piece by piece, as its settings are read in turn. */
const visitMs = 60_000;

export function handsSince(kept: Stamp[] | undefined, now: Stamp): OtherHands {
  const changes = (kept ?? []).map((at) => rebased(at, now));
  return { seen: { outputs: {}, switches: {} }, changes, setSelfStart: false };
}

/** @param sinceOursMs since the last command of ours ended; undefined: only we can change it */
export function changesIn(
  { seen }: OtherHands,
  reading: EncoderReading,
  sinceOursMs: number | undefined,
): readonly Change[] {
  if (sinceOursMs === undefined || sinceOursMs < settleMs) return none;
  // What is only unfit has not restarted: in Data-LAN it was put by a hand.
  const isStarting = reading.booting && reading.unfit === undefined;
  if (isStarting || isNewBoot(seen, reading)) return none;
  const now = whatIsSeen(reading);
  const changes = Object.entries(now.outputs).flatMap(([output, is]): Change[] => {
    const was = seen.outputs[output] ?? {};
    return [...moved(output, was.target, is.target), ...toggled(output, was.runs, is.runs, seen)];
  });
  if (sinceOursMs < slowSettleMs) return changes;
  changes.push(...switched(seen, now));
  if (isOtherProfile(seen, now)) return changes;
  if (seen.settings && now.settings) {
    const sentence = driftSentence(driftBetween(seen.settings, now.settings));
    if (sentence !== "") changes.push({ what: "settings", sentence, isByHand: true });
  }
  if (isOther(seen.bitrateBps, now.bitrateBps)) {
    const sentence = `bit rate ${inMbps(seen.bitrateBps)} → ${inMbps(now.bitrateBps)}`;
    changes.push({ what: "bitrate", sentence, isByHand: true });
  }
  if (isOther(selfStartWords(seen.selfStart), selfStartWords(now.selfStart))) {
    const sentence = `what it does on its own: ${selfStartWords(now.selfStart)}`;
    changes.push({ what: "selfStart", sentence, isByHand: true });
  }
  return changes;
}

function switched({ switches: before }: Seen, { switches }: Seen): Change[] {
  return (Object.keys(switches) as Switch[])
    .filter((name) => isOther(before[name], switches[name]))
    .map((name) => ({
      what: name === "input select" ? "input" : "settings",
      sentence: `${name} ${before[name]} → ${switches[name]}`,
      isByHand: true,
    }));
}

const profile = "streaming profile";
/** It brings settings of its own, which nobody has changed. */
const isOtherProfile = (before: Seen, now: Seen) =>
  isOther(before.switches[profile], now.switches[profile]);
const isNewBoot = (seen: Seen, { bootMark }: EncoderReading) =>
  bootMark !== undefined && bootMark !== seen.bootMark;

function moved(output: string, was: string | undefined, is: string | undefined): Change[] {
  if (!isOther(was, is)) return [];
  const sentence = `destination of ${output}: ${was} → ${is}`;
  return [{ what: "destination", sentence, isByHand: true }];
}

/** A stop may be the box giving up, a start its scheduler. */
function toggled(
  output: string,
  was: boolean | undefined,
  is: boolean | undefined,
  { selfStart }: Seen,
): Change[] {
  if (!isOther(was, is)) return [];
  if (!is) {
    const sentence = `${output} was stopped, or has given up`;
    return [{ what: "running", sentence, isByHand: false }];
  }
  const byItself = selfStart?.scheduler === true || selfStart?.autoRecover === true;
  const sentence = `${output} was started${byItself ? ", or has started by itself" : ""}`;
  return [{ what: "running", sentence, isByHand: !byItself }];
}

const isOther = <T>(was: T | undefined, is: T | undefined) =>
  was !== undefined && is !== undefined && was !== is;
const inMbps = (bps = 0) => `${bps / 1e6} Mb/s`;

function selfStartWords(selfStart: SelfStart | undefined): string | undefined {
  if (!selfStart) return undefined;
  const { autoRecover, powerUp, scheduler } = selfStart;
  const word = (on: boolean) => (on ? "on" : "off");
  return `auto-recover ${word(autoRecover)}, power-up ${powerUp}, scheduler ${word(scheduler)}`;
}

function whatIsSeen(reading: EncoderReading): Seen {
  const { bootMark, outputs, selfStart, figures, settings } = reading;
  const { bitrateBps } = figures;
  return {
    ...(bootMark !== undefined && { bootMark }),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([id, { state, target }]) => [
        id,
        { ...(target && { target: targetWord(target) }), ...runsIn(state) },
      ]),
    ),
    // What is measured moves by itself.
    ...(bitrateBps?.source === "configured" && { bitrateBps: bitrateBps.value }),
    ...(selfStart && { selfStart }),
    ...(settings && { settings: withoutBitrate(settings) }),
    switches: switchesOf(reading),
  };
}

function withoutBitrate({ videoBitrateBps: _, ...others }: EncoderSettings): EncoderSettings {
  return others;
}

function switchesOf({ profiles, inputSelect, isDataLan }: EncoderReading): Seen["switches"] {
  const { streaming, recording } = profiles ?? {};
  return {
    ...(streaming && { [profile]: String(streaming.number) }),
    ...(recording && { "recording profile": String(recording.number) }),
    ...(isDataLan !== undefined && { media: isDataLan ? "Data-LAN" : "its own" }),
    ...(inputSelect !== undefined && { "input select": inputSelect }),
  };
}

const targetWord = (target: NonNullable<OutputReading["target"]>) =>
  typeof target === "object" ? target.destination : target;

function runsIn(state: OutputReading["state"]): { runs?: boolean } {
  if (state === "streaming") return { runs: true };
  return state === "idle" ? { runs: false } : {};
}

/** With what this reading tells; what it does not tell is still what it was. */
export function withSeen(before: Seen, reading: EncoderReading): Seen {
  const now = whatIsSeen(reading);
  const outputs = Object.entries(now.outputs).map(([id, output]) => {
    const { state } = reading.outputs[id]!;
    // On its own way from one to the other: where it ends is no hand's doing.
    const { runs: _, ...kept } = before.outputs[id] ?? {};
    const wasIdle = before.outputs[id]?.runs === false && state === "starting";
    return [id, { ...kept, ...(wasIdle && { runs: false }), ...output }] as const;
  });
  // What a boot or another profile brings is learnt anew.
  const isAnew = isNewBoot(before, reading) || isOtherProfile(before, now);
  const { bitrateBps: _, settings: wasSet, ...kept } = before;
  const settings = isAnew ? now.settings : { ...wasSet, ...now.settings };
  return {
    ...(isAnew ? kept : before),
    ...now,
    outputs: { ...before.outputs, ...Object.fromEntries(outputs) },
    switches: { ...(!isNewBoot(before, reading) && before.switches), ...now.switches },
    ...(settings && { settings }),
  };
}

type Handled = { hands: OtherHands; now: () => Stamp };

export function withChanges({ hands, now }: Handled, changes: readonly Change[]): Stamp[] {
  const counting = hands.changes.filter((at) => elapsedMs(at, now()) < countMs);
  const last = counting.at(-1);
  const isSameVisit =
    last !== undefined &&
    elapsedMs(last, now()) < visitMs &&
    changes.every(({ what }) => what === "settings" || what === "input");
  const isByHand = changes.some((change) => change.isByHand);
  return isByHand && !isSameVisit ? [...counting, now()] : counting;
}

export const isAnotherController = ({ hands, now }: Handled): boolean =>
  hands.changes.length >= changesOfAnother &&
  hands.changes.filter((at) => elapsedMs(at, now()) < countMs).length >= changesOfAnother;

export const otherHands = {
  initial: "alone",
  states: {
    alone: { always: { guard: "isAnotherController", target: "another" } },
    another: {
      entry: { type: "tellAnotherController", params: true },
      initial: "watching",
      states: {
        watching: {
          after: {
            [60_000]: [
              { guard: "isAnotherController", target: "watching", reenter: true },
              {
                target: "#encoder.hands.alone",
                actions: { type: "tellAnotherController", params: false },
              },
            ],
          },
        },
      },
    },
  },
} as const;
