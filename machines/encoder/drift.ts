/**
 * The region of an encoder that says whether it is set as its stream wants it, and, where it may
 * and the box carries nothing, sets it so. The site is asked each time: it alone knows of keys and
 * of a change freeze.
 */
import { type Alarms, noAlarms } from "./alarms.ts";
import type { Decision } from "../decision.ts";
import type { Consent, EncoderPlan } from "../site/plan.ts";
import type { EncoderReading } from "./reading.ts";
import { loadStep } from "./load.ts";
import type { Repairs } from "./playbooks.ts";
import type { Heat } from "./thermal.ts";
import type { Practice } from "./practice.ts";
import type { EncoderState } from "./encoder.contract.ts";
import {
  type Drift,
  driftBetween,
  driftSentence,
  type EncoderSettings,
  notCompared,
  settingsHash,
  told,
} from "./settings.ts";

/** What one stream wants of a box. */
export type Desired = {
  stream: string;
  settings: EncoderSettings;
  /** The encoder it was read from; null: site.yaml says so. */
  model: string | null;
  /** Of its session: a box that is set by its start needs no more to be set so. */
  startWith?: EncoderSettings;
};

/** What the streams want of it. */
export type Duty = {
  /** What it complains of. */
  alarms: Alarms;
  desired: Desired | null;
  /** The stream that this spare was used for, and is kept for until a person releases it. */
  inUseFor: string | null;
  /** Why it was not set as wanted when that was last tried; null: it was not tried. */
  notSetBecause: string | null;
  /** Of a box that stands by for others. */
  practice?: Practice;
};

export const noDuty: Duty = {
  alarms: noAlarms,
  desired: null,
  inUseFor: null,
  notSetBecause: null,
};

/** A box that is just being set up is let be; what is read in turn takes its time, ms. */
const driftLastsMs = 60_000;
const endLastsMs = 15_000;
const triesAgainAfterMs = 600_000;
/** After setting it: so long until it says so. */
const shownWithinMs = 60_000;

export type Driftable = {
  plan: EncoderPlan;
  reading: EncoderReading | undefined;
  holds: readonly string[];
  heat: Heat;
  repairs: Repairs;
  duty: Duty;
};

/** While it works at less load, that is ours and not what anybody wanted. */
export const ownSettings = (box: Driftable): EncoderSettings | undefined =>
  loadStep(box) === 0 ? madeSettings(box) : undefined;

/** As it says; what is set by its start is, while it is idle, what it would be started with. */
function madeSettings({ plan, reading, duty }: Driftable): EncoderSettings | undefined {
  const { settings, outputs = {} } = reading ?? {};
  const { startWith } = duty.desired ?? {};
  const isIdle = Object.values(outputs).every(({ state }) => state === "idle");
  return settings && startWith && plan.isSetAtStart === true && isIdle
    ? { ...settings, ...startedWith(startWith, settings) }
    : settings;
}

/** Sound that it leaves out, or only passes on, is not made of anything. */
function startedWith(wanted: EncoderSettings, own: EncoderSettings): EncoderSettings {
  const { audioBitrateBps, frameRateShare: _, h264Profile: __, ...picture } = wanted;
  const { framesPerSecond: before = 0, gopFrames: gop = 0 } = own;
  const { framesPerSecond: rate = before, gopFrames = Math.round((gop / before) * rate) } = wanted;
  return {
    ...picture,
    ...(gop > 0 && { gopFrames: Math.max(1, gopFrames) }),
    ...(audioBitrateBps !== undefined && own.audioBitrateBps !== undefined && { audioBitrateBps }),
  };
}

/** Undefined: nothing is wanted of it, or it tells nothing that could be compared. */
export function driftOf(box: Driftable): Drift[] | undefined {
  const { desired } = box.duty;
  const settings = desired && ownSettings(box);
  return settings ? driftBetween(desired.settings, settings) : undefined;
}

export function isAsWanted(box: Driftable): boolean | null {
  const drift = driftOf(box);
  return drift ? drift.length === 0 : null;
}

/** It holds no key, and none of its outputs does anything. */
export const isIdle = ({ holds, reading }: Driftable): boolean =>
  holds.length === 0 &&
  reading !== undefined &&
  Object.values(reading.outputs).every(({ state }) => state === "idle");

export const consentOf = ({ plan }: Pick<Driftable, "plan">): Consent =>
  plan.canBeSet === true ? (plan.sync ?? "propose") : "observe";

export function wantedSettings(box: Driftable): EncoderSettings {
  const drift = driftOf(box) ?? [];
  return Object.fromEntries(drift.map(({ setting, wanted }) => [setting, wanted]));
}

/** All of it that the box tells: a size counts for one that is as large as its input, too. */
export function settingsForSession({ duty, reading }: Driftable): EncoderSettings {
  const { settings: wanted = {} } = duty.desired ?? {};
  const known = reading?.settings ?? {};
  const isSized = known.sizeOf !== undefined;
  return {
    ...told(wanted, known),
    ...(isSized && wanted.widthPx !== undefined && { widthPx: wanted.widthPx }),
    ...(isSized && wanted.heightPx !== undefined && { heightPx: wanted.heightPx }),
  };
}

export function driftDecision(box: Driftable, what: "drifts" | "asWanted"): Decision {
  const { plan, duty } = box;
  const drift = driftOf(box) ?? [];
  const { stream, model } = duty.desired ?? { stream: "its stream", model: null };
  const wish = model === null ? `${stream} wants it` : `${stream} wants it (like ${model})`;
  return {
    type: "encoder.drift",
    severity: what === "drifts" ? "warning" : "info",
    message:
      what === "drifts"
        ? `${plan.id} is not set as ${wish}: ${driftSentence(drift)}${nextOf(box)}`
        : `${plan.id} is set as ${wish}`,
    data: { stream, model, drift },
  };
}

function nextOf(box: Driftable): string {
  if (box.plan.isSetAtStart === true) return "; it is with its next start";
  if (box.plan.canBeSet !== true) return "; set it at the box";
  if (box.holds.length > 0) return "; it is not touched while it holds a key";
  if (consentOf(box) === "act") return "; it is set now";
  return consentOf(box) === "propose" ? "; may it be set so?" : "";
}

export function syncDecision(box: Driftable, what: "done" | "notDone", why = ""): Decision {
  const { plan, duty } = box;
  return {
    type: "encoder.sync",
    severity: what === "done" ? "info" : "warning",
    message:
      what === "done"
        ? `${plan.id} was told to work as ${duty.desired?.stream} wants it`
        : `${plan.id} was not set as ${duty.desired?.stream} wants it: ${why}`,
    data: { sync: what, drift: driftOf(box) ?? [] },
  };
}

/** Why it is not set as wanted when a person asks for it. */
export function syncRefusal(box: Driftable): string {
  const { plan, duty } = box;
  if (plan.canBeSet !== true) return `${plan.id} cannot be set by us: set it at the box`;
  if (duty.desired === null) return `nothing is wanted of ${plan.id}`;
  const drift = driftOf(box);
  if (drift === undefined) return `${plan.id} does not tell how it is set`;
  if (drift.length === 0) return `${plan.id} is set as wanted`;
  if (!isIdle(box)) return `${plan.id} is not idle: nothing is changed in it`;
  return `${plan.id} is looked at for a minute first, or is being set`;
}

/** Why a person cannot put it back into the pool. */
export function releaseRefusal({ plan, duty, holds }: Driftable): string {
  if (duty.inUseFor === null) return `${plan.id} is not in use as a spare`;
  return holds.length > 0
    ? `${plan.id} carries ${duty.inUseFor}: return that to its primary first`
    : `${plan.id} is not in a state for that`;
}

/** The value of the region. */
export type DriftWord =
  "none" | "counting" | "settingUp" | "ending" | "backAgain" | { there: string };

export function publishedDuty(
  box: Driftable,
  word: DriftWord,
): Pick<EncoderState, "settings" | "wanted" | "inUseFor"> {
  const { desired, inUseFor, notSetBecause } = box.duty;
  const settings = ownSettings(box);
  const made = madeSettings(box);
  const common = (one: EncoderSettings, other: EncoderSettings) => settingsHash(told(one, other));
  return {
    ...(made && { settings: made }),
    ...(desired && {
      wanted: {
        stream: desired.stream,
        ...(desired.model !== null && { like: desired.model }),
        settings: desired.settings,
        hash: settingsHash(desired.settings),
        ...(settings && {
          comparedHash: common(desired.settings, settings),
          actualHash: common(settings, desired.settings),
          drift: driftOf(box) ?? [],
          notCompared: notCompared(desired.settings, settings),
        }),
        isAlarmed: word !== "none" && word !== "counting" && word !== "settingUp",
        sync: consentOf(box),
        isProposed: typeof word === "object" && word.there === "told" && isAskedFor(box),
        ...(notSetBecause !== null && { notSetBecause }),
      },
    }),
    ...(inUseFor !== null && { inUseFor }),
  };
}

/** A person's yes would be enough. */
const isAskedFor = (box: Driftable) => consentOf(box) === "propose" && isIdle(box);

const because = ({ event }: { event: { type: "mayNotSync"; because: string } }) => event.because;

const alike = { guard: "isAsWanted", target: "#encoder.drift.ending" } as const;
const sync = { guard: "mayBeSet", target: "asking" } as const;

const applying = (settings: (box: Driftable) => EncoderSettings) =>
  ({
    src: "applySettings",
    input: ({ context }: { context: Driftable }) => ({
      encoder: context.plan.id,
      settings: settings(context),
    }),
  }) as const;

export const drift = {
  initial: "none",
  on: { setUp: { guard: "mayBeSetUp", target: ".settingUp" } },
  states: {
    settingUp: {
      on: { granted: "counting" },
      invoke: {
        ...applying(settingsForSession),
        onDone: { target: "counting", actions: "tellSynced" },
        onError: { target: "counting", actions: "tellNotSynced" },
      },
    },
    none: { always: { guard: "drifts", target: "counting" } },
    counting: {
      always: { guard: "driftsNot", target: "none" },
      after: { [driftLastsMs]: "there" },
    },
    there: {
      entry: { type: "tellDrift", params: "drifts" },
      initial: "deciding",
      exit: "forgetSync",
      states: {
        deciding: {
          always: [
            alike,
            { guard: { type: "consentsToSync", params: "act" }, target: "waiting" },
            { target: "told" },
          ],
        },
        /** For a person. */
        told: { always: alike, on: { sync } },
        /** Until it carries nothing. */
        waiting: { always: [alike, sync], on: { sync } },
        asking: {
          entry: "askForSync",
          on: {
            maySync: { guard: "mayBeSet", target: "setting" },
            mayNotSync: [
              { guard: { type: "isSaid", params: because }, target: "resting" },
              {
                target: "resting",
                actions: [
                  { type: "tellNotSet", params: because },
                  { type: "noteNotSet", params: because },
                ],
              },
            ],
          },
        },
        setting: {
          // Whoever gets the key works as it is: nothing is changed in it any more.
          on: { granted: "resting" },
          invoke: {
            ...applying(wantedSettings),
            onDone: { target: "showing", actions: "tellSynced" },
            onError: { target: "resting", actions: "tellNotSynced" },
          },
        },
        showing: { always: alike, after: { [shownWithinMs]: "resting" } },
        resting: {
          always: alike,
          on: { sync },
          after: { syncsAgain: "deciding" },
        },
      },
    },
    ending: {
      always: { guard: "drifts", target: "backAgain" },
      after: {
        [endLastsMs]: { target: "none", actions: { type: "tellDrift", params: "asWanted" } },
      },
    },
    /** It was there all the time, as far as anybody was told. */
    backAgain: {
      always: { guard: "isAsWanted", target: "ending" },
      after: { [driftLastsMs]: "there" },
    },
  },
} as const;

/** What could not be set is tried again by then. */
export const syncsAgain = ({ context: { plan } }: { context: Driftable }): number =>
  plan.syncEveryMs ?? triesAgainAfterMs;
