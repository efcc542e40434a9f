/** The words of the encoder machine: what it asks, does and waits for. The chart is beside it. */
import { and, assign, emit, not, or, sendParent, setup, stateIn } from "xstate";
import { decided, type Decision } from "../decision.ts";
import { effect, type EffectError } from "../effect.ts";
import { isSame } from "../plain-json.ts";
import { exerciseDecision } from "../exercise/exercise.ts";
import { endHoldMs, withRaise } from "../raised.ts";
import type { Consent } from "../site/plan.ts";
import { alarmNews, alarmsAfter, isAlarmNews } from "./alarms.ts";
import {
  carriesNothing,
  type EncoderContext,
  type EncoderInput,
  heatAfter,
  publishes,
  sourceAfter,
} from "./encoder.context.ts";
import type { Connection } from "./connection.ts";
import { clockNews, clockSettlesMs, clockWord, type ClockWord } from "./clock.ts";
import { controlDone, controlFailed, controlRefusal, isBoot } from "./control.ts";
import {
  consentOf,
  type Desired,
  type Duty,
  driftDecision,
  driftOf,
  isIdle,
  syncDecision,
  syncsAgain,
} from "./drift.ts";
import type { Trouble } from "./encoder.contract.ts";
import * as tell from "./encoder.decisions.ts";
import type { EncoderEvent, EncoderToSite, ReliefReason } from "./encoder.events.ts";
import {
  startsNothingByItself,
  type Custody,
  type Feed,
  type Service,
  type ThermalTold,
} from "./facts.ts";
import {
  changesIn,
  isAnotherController,
  type OtherHands,
  withChanges,
  withSeen,
} from "./other-hands.ts";
import { comesBackWithinMs, countingCuts, keepsPower } from "./power.ts";
import { afterExercise, isExercise, practised } from "./practice.ts";
import { type EncoderReading, withKeptParts } from "./reading.ts";
import {
  asCounted,
  consentTo,
  hasToRest,
  isStrain,
  nextRepair,
  repairsFound,
  withCounted,
  withRepair,
  withTrouble,
} from "./playbooks.ts";
import { loadGivenBack, repairDelays } from "./repair.ts";
import type { RepairNews } from "./repair-words.ts";
import { strainOf } from "./strain.ts";
import { heatGuards } from "./thermal.ts";

type Reads = { reading: EncoderReading };

const heats = ofContext(heatGuards);
/** A box without an outlet is not ours to switch off: its region `power` is empty. */
const hasPower = or(["hasNoOutlet", stateIn({ power: "on" })]);
/** Of who carries something, only what can be booted or power cycled is this region's matter. */
const isOurs = and([
  or(["holdsNothing", "canBeBooted"]),
  not(stateIn({ service: "maintenance" })),
  hasPower,
]);
const isGone = and([isOurs, stateIn({ link: "unreachable" })]);
const isUp = and([stateIn({ link: "reachable" }), not(stateIn({ service: "rebooting" }))]);
const mayBeSet = and(["isAtRest", hasPower, isUp, stateIn({ service: "inService" })]);
/** Not into a step of its repair. A power cycle is for who does not answer, too. */
const mayBoot = and([not(stateIn({ repair: "acting" })), hasPower, or([isUp, "isCycleAsked"])]);
/** One poll that is lost, or late, cures nothing: what was last read counts until it is unreachable. */
const isHeardOf = and([
  not(stateIn({ link: "unreachable" })),
  not(stateIn({ service: "rebooting" })),
]);
const isFailing = and([isOurs, isHeardOf, or(["outputFails", "bringsNoPicture"])]);
/** Of a box that is up: so much `mayControl` asks itself. */
const standing = { link: "reachable", service: "inService" } as const;
/** While its stream is stopped for a step of its cooling, nothing of it says anything. */
const carriesUp = and([isHeardOf, not(stateIn({ service: "maintenance" })), not("holdsNothing")]);
const isOverloaded = and([carriesUp, { type: "suffersFrom", params: "overload" }]);
const isCongested = and([carriesUp, { type: "suffersFrom", params: "network" }]);
const isWell = and([not(isGone), not(isFailing), not(isOverloaded), not(isCongested)]);
/** It does all that is wanted of it, as last heard. */
const works = and([
  isHeardOf,
  not("outputFails"),
  not("bringsNoPicture"),
  "carriesWhatItHolds",
  not(isOverloaded),
  not(isCongested),
]);
const isReady = and([isUp, works]);
const isNew = (trouble: Trouble) => ({ type: "isNotTreatedFor", params: trouble }) as const;
export const encoderSetup = setup({
  types: {} as {
    context: EncoderContext;
    input: EncoderInput;
    events: EncoderEvent;
    emitted: ReturnType<typeof decided>;
  },
  actors: {
    stopOutput: effect("stopOutput"),
    ownSelfStart: effect("ownSelfStart"),
    turnOutlet: effect("turnOutlet"),
    reboot: effect("reboot"),
    setLoad: effect("setLoad"),
    startRecording: effect("startRecording"),
    stopRecording: effect("stopRecording"),
    recallPreset: effect("recallPreset"),
    selectProfile: effect("selectProfile"),
    listClips: effect("listClips"),
    applySettings: effect("applySettings"),
  },
  guards: {
    tooManyFailures: ({ context }) => context.unread.times + 1 >= context.plan.unreachableAfter,
    ...heats,
    isBack: ({ context, event }) =>
      event.type === "reading" &&
      context.holds.every((output) => event.reading.outputs[output]?.state === "streaming"),
    /** Where the last publisher wins, the next one gets the key before this one's picture ends. */
    isRelieved: ({ context }) => carriesNothing(context),
    wasCooled: ({ context }) => context.heat.step > 0,
    wasRead: ({ context }) => context.readAtMs > 0,
    isBooting: (_, { reading }: Reads) => reading.booting === true,
    isUp: (_, { reading }: Reads) => reading.booting !== true,
    /** What others set while it holds no key is theirs; it is ours again with the next key. */
    mayStartByItself: ({ context, event }, { reading }: Reads) =>
      reading.selfStart !== undefined &&
      !startsNothingByItself(reading.selfStart) &&
      !(context.holds.length === 0 && handsAfter(context, event).setSelfStart),
    hasAlarmNews: ({ context }, reads: Reads) => isAlarmNews(alarmsOf(context, reads)),
    alarmsMove: ({ context }, reads: Reads) =>
      alarmsOf(context, reads).alarms !== context.duty.alarms,
    clockIs: ({ context, event }, word: ClockWord) =>
      event.type === "reading" && clockWord(context, event.reading, false) === word,
    isClockRightAgain: ({ context, event }) =>
      event.type === "reading" && clockWord(context, event.reading, true) === "right",
    isAnotherController: ({ context }) => isAnotherController(context),
    isChangedElsewhere: ({ context, event }) => changesOf(context, event).length > 0,
    outputIs: (_, params: { output: string; asked: string }) => params.output === params.asked,
    wasService: ({ context }, word: Service) => context.resume?.service === word,
    wasCustody: ({ context }, p: { output: string; word: Custody }) =>
      context.resume?.custody[p.output] === p.word,
    staysIdle: ({ context }) => context.staysIdle,
    hasNoOutlet: ({ context }) => context.plan.outlet === undefined,
    /**
     * Of a box that carries something a recording that fails is no reason to interrupt it; and no
     * box is cured of what the far end of its programme does not take.
     */
    outputFails: ({ context: { reading, holds } }) => {
      for (const output in reading?.outputs) {
        const { state, refusal } = reading.outputs[output]!;
        if (state !== "failing") continue;
        if (holds.length === 0 || (holds.includes(output) && !refusal)) return true;
      }
      return false;
    },
    canBeBooted: ({ context }) => context.plan.canRepair.length > 0,
    bringsNoPicture: ({ context }) => context.repairs.bringsNoPicture === true,
    /** Only a start that succeeds shows that it is cured. */
    carriesWhatItHolds: ({ context: { holds, reading, repairs } }) =>
      isStrain(repairs.trouble) ||
      holds.every((output) => reading?.outputs[output]?.state === "streaming"),
    mayCostAPicture: ({ context }) => !isStrain(context.repairs.trouble),
    /** It was given up, and its programme is still off air: that cannot last for ever. */
    mayTryAgain: ({ context }) =>
      context.holds.length > 0 &&
      !isStrain(context.repairs.trouble) &&
      nextRepair(context) !== undefined,
    hasNextStep: ({ context }) => nextRepair(context) !== undefined,
    isGone,
    isFailing,
    suffersFrom: ({ context }, strain: Trouble) => strainOf(context) === strain,
    isOverloaded,
    isCongested,
    isNotTreatedFor: ({ context }, trouble: Trouble) => context.repairs.trouble !== trouble,
    becameGone: and([isGone, isNew("unreachable")]),
    becameFailing: and([isFailing, isNew("failing")]),
    becameOverloaded: and([isOverloaded, isNew("overload")]),
    becameCongested: and([isCongested, isNew("network")]),
    isWell,
    isWellOnAir: and([isWell, not("holdsNothing")]),
    isReady,
    isNotReady: not(works),
    wasGivenUp: ({ context }) => context.repairs.wasGivenUp === true,
    nothingIsLeft: ({ context }) => nextRepair(context) === undefined,
    hasToRest: ({ context }) => hasToRest(context),
    hasStepToCount: ({ context }) => nextRepair(asCounted(context)) !== undefined,
    wouldRest: ({ context }) => hasToRest(asCounted(context)),
    mayGiveBack: ({ context }) => loadGivenBack(context) !== undefined,
    consents: ({ context: { plan, repairs } }, to: Consent) =>
      repairs.trouble !== null && consentTo(plan, repairs.trouble) === to,
    wasRebootChosen: ({ context }) => context.repairs.done.at(-1)?.action === "reboot",
    /** The outlet was not switched at all: another name in the PDU, or a command under way. */
    wasRefused: ({ event }) =>
      (event as unknown as { error?: EffectError }).error?.code === "notPossible",
    mayControl: and([
      "permitsControl",
      or([and([isUp, not("isBootAsked")]), and(["isBootAsked", mayBoot])]),
    ]),
    isBootAsked: ({ event }) => event.type === "control" && isBoot(event.control),
    isCycleAsked: ({ event }) => event.type === "control" && event.control.verb === "powerCycle",
    permitsControl: ({ context, event }) =>
      event.type === "control" && controlRefusal(context, standing, event.control) === undefined,
    drifts: ({ context }) => (driftOf(context)?.length ?? 0) > 0,
    driftsNot: ({ context }) => (driftOf(context)?.length ?? 0) === 0,
    /** Not to know is neither. */
    isAsWanted: ({ context }) => context.duty.desired === null || driftOf(context)?.length === 0,
    isAtRest: ({ context }) => context.plan.canBeSet === true && isIdle(context),
    mayBeSet,
    mayBeSetUp: and([mayBeSet, "drifts", not(stateIn({ drift: "settingUp" }))]),
    consentsToSync: ({ context }, to: Consent) => consentOf(context) === to,
    isSaid: ({ context }, because: string) => context.duty.notSetBecause === because,
    mayRelease: ({ context }) => context.duty.inUseFor !== null && context.holds.length === 0,
    wasCut: ({ context }) => context.resume?.isCut === true,
    mayCut: ({ context, event }) =>
      event.type === "cutPower" &&
      context.plan.outlet !== undefined &&
      keepsPower(context, event.recording) === undefined,
    usesOurKey: ({ context }, { reading, output }: Reads & { output: string }) =>
      publishes(reading, output) && !isExercise(context.duty.practice, reading, output),
    holdsOurKey: ({ context }, { reading, output }: Reads & { output: string }) =>
      reading.outputs[output]?.holdsKey === true && !context.duty.practice?.underWay,
  },
  actions: {
    keepReading: assign(({ context }, { reading }: Reads) => ({
      reading: withKeptParts(context.reading, reading),
      readAtMs: context.now().wallMs,
      unread: context.unread.times === 0 ? context.unread : { ...context.unread, times: 0 },
      serialNumber: reading.identity?.serialNumber ?? context.serialNumber,
      source: sourceAfter(context, reading),
      staysIdle: reading.selfStart ? startsNothingByItself(reading.selfStart) : context.staysIdle,
      heat: heatAfter(context, reading),
      repairs: context.readAtMs === 0 ? repairsFound(context, reading) : context.repairs,
      duty: dutyAfter(context, reading),
    })),
    noteAlarms: assign(({ context }, reads: Reads) => ({
      duty: { ...context.duty, alarms: alarmsOf(context, reads).alarms },
    })),
    tellAlarms: emit(({ context }, reads: Reads) =>
      decided(alarmNews(context, alarmsOf(context, reads))),
    ),
    noteHands: assign(({ context, event }) => ({ hands: handsAfter(context, event) })),
    tellChangedElsewhere: emit(({ context, event }) =>
      decided(tell.changedElsewhere(context, changesOf(context, event))),
    ),
    tellAnotherController: emit(({ context }, isThere: boolean) =>
      decided(tell.anotherController(context, isThere)),
    ),
    changeStep: assign(({ context: { heat } }, by: number) => ({
      heat: { ...heat, step: heat.step + by },
    })),
    hold: assign(({ context: { holds } }, p: { output: string; held: boolean }) => ({
      holds: [...holds.filter((output) => output !== p.output), ...(p.held ? [p.output] : [])],
    })),
    askForRelief: sendParent(({ context }, because: ReliefReason): EncoderToSite => ({
      type: "wantsRelief",
      encoder: context.plan.id,
      because,
    })),
    noteTrouble: assign(({ context: { repairs } }, trouble: Trouble) => ({
      repairs: withTrouble(repairs, trouble),
    })),
    askIfMissed: sendParent(({ context }): EncoderToSite => ({
      type: "isMissed",
      encoder: context.plan.id,
    })),
    noteAsked: assign(({ context: { repairs, now } }) => ({
      repairs: { ...repairs, askedAt: now(), askedTimes: (repairs.askedTimes ?? 0) + 1 },
    })),
    noteRepair: assign(({ context }) => {
      const next = nextRepair(context);
      const cuts = countingCuts(context.cuts, context.now());
      return {
        ...(next && { repairs: withRepair(context, next) }),
        ...(next?.action === "powerCycle" && { cuts: [...cuts, context.now()] }),
      };
    }),
    countWouldHave: assign(({ context }) => ({ repairs: withCounted(context) })),
    noteStarts: assign(({ context: { repairs } }, failed: boolean) => {
      if (failed === (repairs.bringsNoPicture === true)) return {};
      const { bringsNoPicture: _, ...rest } = repairs;
      return { repairs: { ...rest, ...(failed && { bringsNoPicture: true as const }) } };
    }),
    noteGivenUp: assign(({ context: { repairs, now } }) => {
      if (repairs.wasGivenUp) return {};
      const calls = withRaise(repairs.calls ?? {}, "givenUp", now());
      return { repairs: { ...repairs, wasGivenUp: true as const, calls } };
    }),
    forgetGivenUp: assign(({ context: { repairs } }) => {
      if (!repairs.wasGivenUp) return {};
      const { wasGivenUp: _, ...rest } = repairs;
      return { repairs: rest };
    }),
    tellBooted: sendParent(({ context }): EncoderToSite => ({
      type: "wasBooted",
      encoder: context.plan.id,
    })),
    askToInterrupt: sendParent(({ context }): EncoderToSite => ({
      type: "wantsToInterrupt",
      encoder: context.plan.id,
      trouble: context.repairs.trouble!,
    })),
    askToCool: sendParent(({ context }): EncoderToSite => ({
      type: "wantsToCool",
      encoder: context.plan.id,
    })),
    noteHeldBack: assign(({ context: { repairs }, event }) => ({
      repairs: {
        ...repairs,
        ...(event.type === "mayNotInterrupt" && { heldBecause: event.because }),
      },
    })),
    noteGivingBack: assign(({ context }) => {
      const givesBackTo = loadGivenBack(context);
      return givesBackTo === undefined ? {} : { repairs: { ...context.repairs, givesBackTo } };
    }),
    noteGivenBack: assign(({ context: { repairs } }) => {
      const { givesBackTo: loadStep = 0, ...rest } = repairs;
      return { repairs: { ...rest, loadStep } };
    }),
    forgetRepairs: assign(({ context: { repairs } }) => ({ repairs: { ...repairs, done: [] } })),
    tellRepair: emit(({ context }, what: RepairNews) => decided(tell.repair(context, what))),
    tellStepFailed: emit(({ context, event }) => decided(tell.stepFailed(context, event))),
    noteControl: assign(({ event }) =>
      event.type === "control"
        ? { control: { command: event.command, control: event.control } }
        : {},
    ),
    /** A boot by hand counts as one of the playbook, and against the limits of the outlet. */
    noteBoot: assign(({ context }) => {
      const { control, now, cuts } = context;
      if (!control || !isBoot(control.control)) return {};
      const action = control.control.verb;
      return {
        repairs: withRepair(context, { action, interrupts: true }),
        ...(action === "powerCycle" && { cuts: [...countingCuts(cuts, now()), now()] }),
      };
    }),
    forgetControl: assign({ control: null }),
    tellControlDone: emit(({ context, event }) =>
      decided(controlDone(context, (event as unknown as { output: unknown }).output)),
    ),
    tellControlFailed: emit(({ context, event }) =>
      decided(controlFailed(context, (event as unknown as { error?: EffectError }).error)),
    ),
    countFailure: assign(({ context: { unread } }, why: string) => ({
      unread: { times: unread.times + 1, why },
    })),
    keepConnection: assign((_, connection: Connection) => ({ connection })),
    tellConnection: emit((_, news: Decision) => decided(news)),
    keepFeed: assign((_, feed: Feed) => ({ feed })),
    forgetReading: assign({ reading: undefined }),
    tellReplaced: emit(({ context }, reads: Reads) => decided(tell.replaced(context, reads))),
    tellRebooted: emit(({ context }) => decided(tell.rebooted(context))),
    tellLink: emit(({ context }, link: string) => decided(tell.link(context, link))),
    tellThermal: emit(({ context }, word: ThermalTold) => decided(tell.thermal(context, word))),
    tellCoolingHeld: emit(({ context, event }) => decided(tell.coolingHeld(context, event))),
    tellBusy: emit(({ context }, isBusy: boolean) => decided(tell.busy(context, isBusy))),
    tellClock: emit(({ context }, isWrong: boolean) => decided(clockNews(context, isWrong))),
    tellCooldown: emit(({ context, event }) => decided(tell.cooldown(context, event))),
    tellInput: emit(({ context }, word: string) => decided(tell.input(context, word))),
    tellService: emit(({ context }, p: { word: string; by: string }) =>
      decided(tell.service(context, p)),
    ),
    tellSelfStart: emit(({ context }, ok: boolean) => decided(tell.selfStart(context, ok))),
    tellRogue: emit(({ context }, output: string) => decided(tell.rogue(context, output))),
    tellDoubt: sendParent(({ context }, output: string): EncoderToSite => {
      const target = context.reading?.outputs[output]?.target;
      const destination = typeof target === "object" ? target.destination : null;
      return { type: "publishesBenched", encoder: context.plan.id, output, destination };
    }),
    want: assign(({ context: { duty } }, desired: Desired | null) => ({
      duty: { ...duty, desired },
    })),
    noteUse: assign(({ context: { duty }, event }) =>
      event.type === "granted" && event.asSpareFor !== undefined
        ? { duty: { ...duty, inUseFor: event.asSpareFor } }
        : {},
    ),
    forgetUse: assign(({ context: { duty } }) => ({ duty: { ...duty, inUseFor: null } })),
    tellReleased: emit(({ context, event }) => decided(tell.released(context, event))),
    tellExercise: emit(({ event }) => {
      const { exercise, news } = event as Extract<EncoderEvent, { type: "exercise" }>;
      return decided(exerciseDecision(exercise, news));
    }),
    noteExercise: assign(({ context: { duty, now }, event }) =>
      event.type === "exercise" && duty.practice
        ? {
            duty: {
              ...duty,
              practice: afterExercise(duty.practice, event.exercise, event.news, now()),
            },
          }
        : {},
    ),
    tellDrift: emit(({ context }, what: "drifts" | "asWanted") =>
      decided(driftDecision(context, what)),
    ),
    askForSync: sendParent(({ context }): EncoderToSite => ({
      type: "wantsSync",
      encoder: context.plan.id,
    })),
    tellNotSet: emit(({ context }, because: string) =>
      decided(syncDecision(context, "notDone", because)),
    ),
    noteNotSet: assign(({ context: { duty } }, notSetBecause: string) => ({
      duty: { ...duty, notSetBecause },
    })),
    forgetSync: assign(({ context: { duty } }) => ({ duty: { ...duty, notSetBecause: null } })),
    tellSynced: emit(({ context }) => decided(syncDecision(context, "done"))),
    tellNotSynced: emit(({ context, event }) => {
      const { error } = event as unknown as { error?: EffectError };
      return decided(syncDecision(context, "notDone", error?.message ?? "no answer"));
    }),
    countCut: assign({
      cuts: ({ context }) => [...countingCuts(context.cuts, context.now()), context.now()],
    }),
    tellPower: emit(({ context }, word: "on" | "cut") => decided(tell.power(context, word))),
    tellPowerFailed: emit(({ context, event }) => decided(tell.powerFailed(context, event))),
    tellPowerKept: emit(({ context, event }) => decided(tell.powerKept(context, event))),
    tellBenched: emit(({ context }, output: string) => decided(tell.benched(context, output))),
  },
  delays: {
    readingMaxAge: ({ context }) => context.plan.readingMaxAgeMs,
    retryBench: 5_000,
    boots: comesBackWithinMs,
    retrySelfStart: 30_000,
    restorePowerAfter: 30_000,
    restorePowerAgain: 600_000,
    lastAnswers: 2_000,
    coolingPeriod: ({ context }) => context.plan.heat.coolingPeriodMs,
    hurry: ({ context }) => context.plan.heat.coolingPeriodMs / 4,
    syncsAgain,
    reliefWithin: 20_000,
    grace: ({ context }) => context.plan.firstFrameGraceMs,
    untilSeen: 3_000,
    ...repairDelays,
    staysWell: ({ context: { repairs, now } }) => endHoldMs(repairs.calls ?? {}, "givenUp", now()),
    clockSettles: clockSettlesMs,
  },
});

const alarmsOf = ({ duty, now }: EncoderContext, reads: Reads) =>
  alarmsAfter({ alarms: duty.alarms, now }, reads);

function dutyAfter(context: EncoderContext, reading: EncoderReading): Duty {
  const { duty } = context;
  const practice = practised(duty.practice, context, reading);
  return practice === duty.practice || !practice ? duty : { ...duty, practice };
}

function changesOf({ hands }: EncoderContext, event: EncoderEvent) {
  return event.type === "reading" ? changesIn(hands, event.reading, event.sinceOursMs) : [];
}

function handsAfter(context: EncoderContext, event: EncoderEvent): OtherHands {
  const { hands, holds } = context;
  if (event.type === "granted") return { ...hands, setSelfStart: false };
  if (event.type !== "reading" || event.sinceOursMs === undefined) return hands;
  const changes = changesOf(context, event);
  const isTheirs = changes.some(({ what }) => what === "selfStart") && holds.length === 0;
  const seen = withSeen(hands.seen, event.reading);
  if (changes.length === 0 && isSame(seen, hands.seen)) return hands;
  return {
    seen,
    changes: changes.length > 0 ? withChanges(context, changes) : hands.changes,
    setSelfStart: hands.setSelfStart || isTheirs,
  };
}

/** Guards that ask nothing but the context. */
function ofContext<K extends string>(of: Record<K, (context: EncoderContext) => boolean>) {
  return Object.fromEntries(
    Object.entries<(context: EncoderContext) => boolean>(of).map(([name, ask]) => [
      name,
      ({ context }: { context: EncoderContext }) => ask(context),
    ]),
  ) as Record<K, (args: { context: EncoderContext }) => boolean>;
}
