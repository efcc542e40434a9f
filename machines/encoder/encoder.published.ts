/** How an encoder's machine is seen from outside: facts for the streams, state for the hub. */
import type { SnapshotFrom } from "xstate";
import type { Published } from "../published.ts";
import { noAlarms, toldAlarms } from "./alarms.ts";
import { memoryWarning } from "./busy.ts";
import type { EncoderState } from "./encoder.contract.ts";
import type { EncoderResume } from "./encoder.context.ts";
import { type DriftWord, isAsWanted, ownSettings, publishedDuty } from "./drift.ts";
import type { EncoderMachine } from "./encoder.machine.ts";
import {
  type Custody,
  type EncoderFacts,
  type Input,
  type Link,
  type OutputFacts,
  type Service,
  startsNothingByItself,
  type Thermal,
  unknownOutput,
} from "./facts.ts";
import { onlyWatched } from "./only-watched.ts";
import { practiceWarnings, publishedPractice } from "./practice.ts";
import type { Power } from "./power.ts";
import type { OutputReading } from "./reading.ts";
import { lowersOnAir } from "./repair.ts";
import { repairState, type RepairValue, repairWarnings } from "./repair.published.ts";
import { connectionWarnings } from "./connection.ts";
import { interrupts } from "./thermal.ts";
import { againstHost } from "../site/host-clock.ts";

type Regions = {
  link: Link;
  thermal: string | { cooling: string | { heldBack: string } } | { protected: string };
  service: Service;
  input: Input;
  power: Exclude<Power, "cut"> | "stuck" | "rising" | { cut: string } | Record<string, never>;
  drift: DriftWord;
  hands: "alone" | { another: string };
  clock: "unknown" | "right" | "doubted" | "wrong";
  repair: RepairValue;
} & Record<
  `custody:${string}`,
  "free" | "held" | "recalled" | "owing" | "owingAWhile" | "forgetting" | "benched"
>;
export type EncoderSnapshot = SnapshotFrom<EncoderMachine>;
const regions = (snapshot: EncoderSnapshot) => snapshot.value as unknown as Regions;

export const linkOf = (snapshot: EncoderSnapshot): Link => regions(snapshot).link;

/** Evidence counts only while the box answers; then it is what it last said. */
export function encoderFacts(snapshot: EncoderSnapshot): EncoderFacts {
  const { plan, reading, feed } = snapshot.context;
  const { link, thermal, service, input, power } = regions(snapshot);
  const fresh = link === "reachable" ? reading : undefined;
  return {
    encoder: plan.id,
    link,
    thermal: thermalWord(thermal),
    isAdjusted: isAdjusted(snapshot),
    service,
    ...(fresh?.unfit !== undefined && { unfit: fresh.unfit }),
    ...(fresh?.raised &&
      fresh.raised.alarms.length > 0 && { alarms: fresh.raised.alarms.map(({ text }) => text) }),
    // What it takes is lost, whatever it makes of that.
    input: feed?.flow.word === "lost" ? "lost" : fresh ? input : "unknown",
    source: plan.inputs ? snapshot.context.source : (fresh?.source ?? plan.source ?? null),
    ...(feed && { feed }),
    settings: (fresh && ownSettings(snapshot.context)) ?? null,
    isAsWanted: fresh ? isAsWanted(snapshot.context) : null,
    inUseFor: snapshot.context.duty.inUseFor,
    ...(snapshot.context.duty.practice?.underWay && { isPractised: true }),
    selfStart: fresh?.selfStart ?? null,
    power: plan.outlet
      ? { word: powerWord(power), outlet: plan.outlet.id, isSpoofable: plan.outlet.isSpoofable }
      : null,
    outputs: Object.fromEntries(
      plan.outputs.map((id) => [id, fresh ? outputFacts(fresh.outputs[id]) : unknownOutput]),
    ),
  };
}

/** Its stream is stopped and started by ourselves, for another load. */
function isAdjusted(snapshot: EncoderSnapshot): boolean {
  const { context } = snapshot;
  const { thermal: value, repair } = regions(snapshot);
  const acting = typeof repair === "object" ? repair["acting"] : undefined;
  if (typeof acting === "object") return lowersOnAir(context);
  if (typeof value !== "object" || !("cooling" in value)) return false;
  if (value.cooling === "applying") return interrupts(context);
  return value.cooling === "returning" || value.cooling === "settling";
}

function thermalWord(value: Regions["thermal"]): Thermal {
  if (typeof value === "object") {
    if ("cooling" in value) return "cooling";
    return "hot" in value ? "hot" : "protected";
  }
  return value === "normal" || value === "warm"
    ? value
    : value === "relieving" || value === "busy"
      ? "warm"
      : "unknown";
}

function powerWord(value: Regions["power"]): Power {
  if (typeof value === "object") return "cut";
  if (value === "stuck") return "unknown";
  return value === "rising" ? "on" : value;
}

function outputFacts(reading: OutputReading | undefined): OutputFacts {
  if (!reading) return unknownOutput;
  const { target, ...rest } = reading;
  return { ...rest, target: typeof target === "object" ? target.destination : (target ?? null) };
}

/** The key is taken out of this output, or being so. */
export function isBenched(snapshot: EncoderSnapshot, output: string): boolean {
  const word = regions(snapshot)[`custody:${output}`];
  return word === "benched" || word === "forgetting";
}

export function encoderResume(snapshot: EncoderSnapshot): EncoderResume {
  const { context } = snapshot;
  const { plan, serialNumber, source, cuts, staysIdle, heat, repairs, hands, duty } = context;
  const words = regions(snapshot);
  const custody = (output: string): Custody => {
    const word = words[`custody:${output}`];
    return word === "free" || word === "held" ? word : "benched";
  };
  return {
    service: words.service,
    custody: Object.fromEntries(plan.outputs.map((output) => [output, custody(output)])),
    serialNumber,
    ...((repairs.done.length > 0 || repairs.dryRun || repairs.loadStep) && { repairs }),
    ...(hands.changes.length > 0 && { changedElsewhere: hands.changes }),
    ...(heat.step > 0 && { coolingStep: heat.step }),
    ...(duty.inUseFor !== null && { inUseFor: duty.inUseFor }),
    ...(duty.practice && { practice: duty.practice }),
    ...(source !== null && { source }),
    ...(duty.alarms !== noAlarms && { alarms: duty.alarms }),
    ...(plan.outlet && {
      isCut: words.power !== "on" && words.power !== "rising",
      cuts,
      staysIdle,
    }),
  };
}

export function encoderState(
  snapshot: EncoderSnapshot,
  p: {
    published: Published;
    /** `encoder/output` → the stream that holds it. */
    heldBy: Record<string, string>;
    /** Stream → generation of its key. */
    generations: Record<string, number>;
    /** Why a box cannot be practised now. */
    exerciseRefusal?: (encoder: string) => string | undefined;
    /** Since when an output has been in this state, Unix ms. */
    sinceMs: (output: string, word: string) => number;
  },
): EncoderState {
  const { plan, reading, readAtMs } = snapshot.context;
  const facts = encoderFacts(snapshot);
  const { recording } = reading ?? {};
  const { practice } = snapshot.context.duty;
  return {
    ...p.published,
    ...(plan.name !== undefined && { name: plan.name }),
    identity: { ...reading?.identity, vendor: reading?.identity?.vendor ?? plan.vendor },
    ...(reading?.hardwareEncoders && {
      capabilities: { hardwareEncoders: [...reading.hardwareEncoders] },
    }),
    ...(reading?.encodes && { encodes: reading.encodes }),
    link: facts.link,
    ...(plan.detection && { detection: plan.detection }),
    ...connectionOf(snapshot),
    thermal: facts.thermal,
    thermalStep: snapshot.context.heat.step,
    // It runs, and must not be used: no boot of it will end that by itself.
    service: facts.unfit === undefined ? facts.service : "quarantined",
    input: facts.input,
    outputs: plan.outputs.map((id) => {
      const output = facts.outputs[id] ?? unknownOutput;
      const stream = p.heldBy[`${plan.id}/${id}`];
      return {
        id,
        state: output.state,
        progress: output.progress ?? "unknown",
        sendQueue: output.sendQueue ?? "unknown",
        ...(stream !== undefined && { stream }),
        ...(stream !== undefined &&
          p.generations[stream] !== undefined && { keyGeneration: p.generations[stream] }),
        sinceMs: p.sinceMs(id, output.state),
      };
    }),
    ...onlyWatched(plan.outputs, reading, facts.link === "reachable"),
    ...(recording && {
      recording: {
        state:
          facts.link === "reachable"
            ? (reading?.outputs[recording.output]?.state ?? "unknown")
            : "unknown",
        ...(recording.isLinked !== undefined && { isLinked: recording.isLinked }),
        ...(recording.medium !== undefined && { medium: recording.medium }),
      },
    }),
    ...(reading?.profiles && { profiles: reading.profiles }),
    repair: repairState(snapshot.context, regions(snapshot).repair),
    clock: clockOf(snapshot, facts),
    ...publishedDuty(snapshot.context, regions(snapshot).drift),
    ...(practice && {
      practice: publishedPractice(practice, snapshot.context, () => p.exerciseRefusal?.(plan.id)),
    }),
    controls: [...(plan.controls ?? [])],
    figures: {
      ...Object.fromEntries(
        Object.entries(reading?.figures ?? {}).map(([name, figure]) => [
          name,
          { ...figure, atMs: readAtMs },
        ]),
      ),
      ...clockFigures(snapshot),
    },
    ...(reading?.selfStart && { selfStart: reading.selfStart }),
    ...(facts.power && { power: facts.power.word }),
    alarms: toldAlarms(snapshot.context.duty.alarms),
    warnings: warnings(snapshot, facts),
  };
}

function connectionOf({ context: { connection } }: EncoderSnapshot) {
  if (!connection) return {};
  const { failure: _, ...told } = connection;
  return { connection: told };
}

function clockOf(snapshot: EncoderSnapshot, { link }: EncoderFacts): EncoderState["clock"] {
  const { clock } = regions(snapshot);
  if (link !== "reachable") return "unknown";
  return clock === "doubted" ? "right" : clock;
}

function clockFigures({ context: { reading, readAtMs } }: EncoderSnapshot) {
  if (!reading?.clock) return {};
  const { aheadMs, exactToMs, ageMs, source } = reading.clock;
  const figure = (value: number) => ({ value, atMs: readAtMs - ageMs, source });
  return { clockAheadMs: figure(aheadMs), clockExactToMs: figure(exactToMs) };
}

function warnings(snapshot: EncoderSnapshot, facts: EncoderFacts): string[] {
  const { plan, reading, unread } = snapshot.context;
  const list = [...(reading?.alarms ?? [])];
  const { repair, hands, thermal } = regions(snapshot);
  if (hands !== "alone") list.push("another controller works on it: find out who changes it");
  list.push(...repairWarnings(snapshot.context, repair));
  if (thermal === "busy")
    list.push("works at its load limit: it has no room for a harder scene, take work off it");
  const memory = memoryWarning(reading?.figures.memoryUsageRatio?.value, plan.heat);
  if (memory !== undefined) list.push(memory);
  if (facts.power !== null && facts.power.word !== "on") {
    const stays = snapshot.context.staysIdle
      ? ""
      : ": it stays off until a person restores it, it could publish by itself";
    const { word, outlet } = facts.power;
    const read = word === "unknown" ? "its outlet was not read since" : word;
    list.push(`powered off by us at outlet ${outlet} (${read})${stays}`);
  }
  if (facts.link === "silent" || facts.link === "unreachable")
    list.push(unread.times > 0 ? `does not answer: ${unread.why}` : "was not read in time");
  if (facts.link === "reachable" && regions(snapshot).clock === "wrong" && reading?.clock) {
    list.push(`its clock is ${againstHost(reading.clock.aheadMs)}`);
  }
  const { feed } = snapshot.context;
  if (feed?.sounds !== undefined && plan.sounds && feed.sounds > plan.sounds.most) {
    const { most, hint } = plan.sounds;
    list.push(`${feed.sounds} sounds come from ${feed.ingest}, ${most} of them goes on: ${hint}`);
  }
  if (feed?.combed && plan.combs && [feed.combed, "all"].includes(plan.combs.which)) {
    const { combed, ingest } = feed;
    const what = combed === "flagged" ? "interlaced" : "combed, and not flagged as interlaced";
    list.push(`the pictures of ${ingest} are ${what}, and stay combed in it: ${plan.combs.hint}`);
  }
  list.push(...practiceWarnings(snapshot.context.duty.practice, snapshot.context));
  const { connection } = snapshot.context;
  if (connection) list.push(...connectionWarnings(connection));
  if (plan.ownSelfStart && reading?.selfStart && !startsNothingByItself(reading.selfStart)) {
    list.push("it may start to publish by itself (auto-recover, power-up action or scheduler)");
  }
  for (const id of plan.outputs) {
    const isDoubted = regions(snapshot)[`custody:${id}`] === "recalled";
    if (isDoubted && facts.outputs[id]?.state === "streaming") {
      list.push(
        `${id} publishes, and was benched when last known: its stream's carrier has to be seen`,
      );
    }
  }
  return list;
}
