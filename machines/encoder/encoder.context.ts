import type { EncoderPlan } from "../site/plan.ts";
import { rebased, type Stamp } from "../time.ts";
import type { Controlled } from "./control.ts";
import type { Connection } from "./connection.ts";
import { type Alarms, rebasedAlarms } from "./alarms.ts";
import { type Duty, noDuty } from "./drift.ts";
import { busyAfter } from "./busy.ts";
import type { Custody, Feed, Service } from "./facts.ts";
import { withSample } from "./heat.ts";
import { handsSince, type OtherHands } from "./other-hands.ts";
import type { Practice } from "./practice.ts";
import type { EncoderReading } from "./reading.ts";
import { type Repairs, repairsSince } from "./playbooks.ts";
import type { Heat } from "./thermal.ts";

/** Where a restarted daemon picks up: only what cannot be read from the box again. */
export type EncoderResume = {
  service: Service;
  custody: Record<string, Custody>;
  serialNumber: string | null;
  /** We switched it off, and have not switched it on since. */
  isCut?: boolean;
  /** When its outlet was switched off, as far as it counts against the limits. */
  cuts?: Stamp[];
  staysIdle?: boolean;
  coolingStep?: number;
  repairs?: Repairs;
  /** When others changed something, as far as it counts. */
  changedElsewhere?: Stamp[];
  /** The stream that this spare is kept for. */
  inUseFor?: string;
  practice?: Practice;
  /** Of a box with named inputs, see `EncoderContext`. */
  source?: string;
  /** What it complains of, as far as it was told. */
  alarms?: Alarms;
};

export type EncoderContext = {
  plan: EncoderPlan;
  now: () => Stamp;
  resume: EncoderResume | undefined;
  /** The last reading, however old; the link region says whether it still counts. */
  reading: EncoderReading | undefined;
  /** When it was taken, Unix ms. */
  readAtMs: number;
  /** How many polls in a row have failed, and why the last one did. */
  unread: { times: number; why: string };
  connection: Connection | undefined;
  serialNumber: string | null;
  /** What the input showed that it took last, of a box with named inputs; null: nobody knows. */
  source: string | null;
  cuts: Stamp[];
  /** As last read, however long ago: with its power back it does nothing on its own. */
  staysIdle: boolean;
  heat: Heat;
  repairs: Repairs;
  hands: OtherHands;
  control: Controlled;
  duty: Duty;
  /** Of one on an ingest, when that has told. */
  feed: Feed | undefined;
  /** Outputs that hold a key. */
  holds: readonly string[];
};

export type EncoderInput = { plan: EncoderPlan; now: () => Stamp; resume?: EncoderResume };

export function newEncoderContext(input: EncoderInput): EncoderContext {
  return {
    plan: input.plan,
    now: input.now,
    resume: input.resume,
    reading: undefined,
    readAtMs: 0,
    unread: { times: 0, why: "not read yet" },
    connection: undefined,
    serialNumber: input.resume?.serialNumber ?? null,
    source: keptSource(input),
    staysIdle: input.resume?.staysIdle ?? false,
    control: null,
    feed: undefined,
    duty: {
      ...noDuty,
      alarms: rebasedAlarms(input.resume?.alarms, input.now()),
      inUseFor: input.resume?.inUseFor ?? null,
      ...(input.resume?.practice && { practice: input.resume.practice }),
    },
    hands: handsSince(input.resume?.changedElsewhere, input.now()),
    repairs: repairsSince(input.resume?.repairs, input.plan, input.now()),
    heat: { samples: [], step: input.resume?.coolingStep ?? 0 },
    holds: Object.entries(input.resume?.custody ?? {}).flatMap(([output, word]) =>
      word === "held" ? [output] : [],
    ),
    cuts: (input.resume?.cuts ?? []).map((at) => rebased(at, input.now())),
  };
}

/** Field by field: spreading costs several times as much, and each reading does it. */
export const copiedContext = (from: EncoderContext): EncoderContext => ({
  plan: from.plan,
  now: from.now,
  resume: from.resume,
  reading: from.reading,
  readAtMs: from.readAtMs,
  unread: from.unread,
  connection: from.connection,
  serialNumber: from.serialNumber,
  source: from.source,
  staysIdle: from.staysIdle,
  control: from.control,
  feed: from.feed,
  duty: from.duty,
  hands: from.hands,
  repairs: from.repairs,
  heat: from.heat,
  holds: from.holds,
  cuts: from.cuts,
});

/**
 * Which source a box shows whose inputs are named. Where it does not tell which one it takes, what
 * it took last; and so where it takes one without a picture that nobody has named.
 */
export function sourceAfter(
  { plan, source }: EncoderContext,
  { layout, inputSelect = layout, input }: EncoderReading,
): string | null {
  if (!plan.inputs || inputSelect === undefined) return source;
  const word = inputSelect.toLowerCase();
  const [, named] = Object.entries(plan.inputs).find(([name]) => name === word) ?? [];
  return named ?? (input === "lost" ? source : null);
}

/** What it was called may have changed with the configuration. */
const keptSource = ({ plan: { inputs = {} }, resume }: EncoderInput): string | null =>
  Object.values(inputs).find((name) => name === resume?.source) ?? null;

/** A box that does not tell its temperature any more has no trend either. */
export function heatAfter(
  { heat, plan, now }: EncoderContext,
  { figures, isNearlyTooHot }: EncoderReading,
): Heat {
  const celsius = figures.temperatureC?.value;
  const samples = celsius === undefined ? [] : withSample(heat.samples, { celsius, at: now() });
  const busy = busyAfter(heat.busy, figures.cpuUsageRatio?.value, plan.heat, now());
  const hasDegrees = celsius !== undefined || heat.hasDegrees === true;
  const counts = celsius === undefined && (isNearlyTooHot === true || !hasDegrees);
  const saysHot = counts ? isNearlyTooHot : undefined;
  const isUntold = samples.length === 0 && heat.samples.length === 0 && saysHot === heat.saysHot;
  if (isUntold && !busy && !heat.busy) return heat;
  return {
    ...{ step: heat.step, samples },
    ...(hasDegrees && { hasDegrees }),
    ...(busy && { busy }),
    ...(saysHot !== undefined && { saysHot }),
  };
}

/** It is publishing, or about to, to one of our destinations. */
export function publishes(reading: EncoderReading, output: string): boolean {
  const now = reading.outputs[output];
  if (now === undefined || (now.state !== "streaming" && now.state !== "starting")) return false;
  return now.target === undefined || typeof now.target === "object";
}

/** It holds no key that we know of, and sends nothing: a journal that was lost knows of no key. */
export const carriesNothing = ({
  holds,
  reading,
}: {
  holds: readonly string[];
  reading?: EncoderReading | undefined;
}): boolean =>
  holds.length === 0 &&
  (!reading || !Object.keys(reading.outputs).some((output) => publishes(reading, output)));
