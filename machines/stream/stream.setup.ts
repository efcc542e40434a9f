/** The words of the stream machine: what it asks, does and waits for. The chart is beside it. */
import { assign, emit, enqueueActions, raise, sendParent, setup } from "xstate";
import { decided, type Decided, type Decision } from "../decision.ts";
import { effect, type EffectError } from "../effect.ts";
import { startsNothingByItself } from "../encoder/facts.ts";
import { elapsedMs, leftMs } from "../time.ts";
import type { FenceEvidence } from "./fence-evidence.ts";
import { barrenTries } from "./candidates.ts";
import { isSpare } from "./spares.ts";
import { lacksProgramme, programmeNews, sendsProgramme } from "./programme-alarm.ts";
import { endHoldMs, withCall, withRaise } from "../raised.ts";
import type { AlarmName } from "./alarm-region.ts";
import { spliceNews } from "./relay/splices.ts";
import { carriedNews, carriesAll, lacksCarried } from "./carry-alarm.ts";
import { lacksUnderstudy, nextOf, understudyNews } from "./understudy-alarm.ts";
import {
  budgetLeft,
  type Change,
  changed,
  hinders,
  nextCarrier,
  outputOf,
  quietCertificate,
  sameProgramme,
  seenOffAir,
  seenOnAir,
  type StreamContext,
  type StreamInput,
  verdict,
} from "./stream.context.ts";
import {
  drillDelays,
  ended,
  hasArrived,
  holds,
  isDrillDue,
  mayDrill,
  orderOf,
  troubleWith,
  wayBackRefusal,
} from "./drill/drill.ts";
import type { DrillResult } from "./drill/drill-memory.ts";
import { drillEnded } from "./drill/drill.decisions.ts";
import { withMeasures } from "./relay/measured.ts";
import type { Measures } from "./relay/measures.ts";
import { type ContentEvent, contentStep } from "./content.moves.ts";
import * as tell from "./stream.decisions.ts";
import { calmLeftMs, changedAgain, latched, movedTooOften } from "./latch.moves.ts";
import type { StreamEvent, StreamToSite } from "./stream.events.ts";
import * as fence from "./stream.fence-moves.ts";
import type { LineUp } from "./line-up.contract.ts";
import { missedRecording } from "./stream.moves.ts";
import type { RecordingGap } from "./stream.contract.ts";
import { isExpected, type Phase } from "./schedule.ts";
import { isEventAtRisk } from "./stream.event-end-region.ts";
import * as tellEvent from "./schedule.decisions.ts";
import * as onDuty from "./schedule.moves.ts";
import { betterInput, betterInputMs } from "./relay/better-input.ts";
import { feedersOf, inputsOf, relayIsEmpty, type RelayWord } from "./relay/relay.ts";
import { fallsBack, isFallenBack, isFreeingEncoders, isStranded } from "./relay/fall-back.ts";
import * as relayMoves from "./relay/relay.moves.ts";
import * as spare from "./relay/spare.ts";
import {
  awaitsRelayMs,
  carriesAfterAll,
  holderPublishesAgain,
  claimReason,
  contentFaultMs,
  exitProves,
  failedEarly,
  feedGraceMs,
  fenceOverdue,
  freezeBegan,
  ghostBackOffMs,
  farEndMayBeFree,
  isConfirmed,
  isLatchedByKicks,
  mayBeAGhost,
  mayBeKicked,
  mayCutPower,
  powerProves,
  primaryIsFit,
  primaryIsReady,
  firstIsUnread,
  proofIsTooOld,
  readAgainMs,
  publishing,
  quietBecomesProof,
  refusalOf,
  relieverOf,
  restartShowsMs,
  strangerCame,
} from "./stream.questions.ts";

/** Before the first start: so long for every box and the far end to be seen once. */
const lookAroundMs = 5_000;
/** A fence that is not proven yet is tried again so often; after a person was called, less often. */
const retryFenceMs = { waiting: 2_000, calledForHelp: 10_000 };
/** Three looks at the far end: enough to see whether what is published there moves. */
const whoCameMs = 1_500;
const seconds = (n: number) => n * 1_000;
/** A box that boots, or a takeover that puts it right, takes less. */
const missingForMs = seconds(30);
/** The relay has not seen it for 3 s by then, which the time after a switch is part of. */
const missingCarriedMs = seconds(5);

/** What becomes of a feed is no matter of life and death: the stream that it feeds tells that. */
function asTold({ feedOf }: StreamContext["plan"], decision: Decision): Decision {
  if (feedOf === undefined) return decision;
  const isNormal = decision.severity === "info" || decision.type === "stream.takingOver";
  const severity = isNormal ? "info" : "warning";
  return { ...decision, type: "stream.feed", severity };
}

function endDrill(
  p: {
    context: StreamContext;
    enqueue: {
      assign: (change: Partial<StreamContext>) => void;
      emit: (told: Decided) => void;
    };
  },
  result: DrillResult,
  because: string | null,
): void {
  const command = p.context.memory.drill.now!.command.id;
  const change = changed(p.context, ended(p.context, result, because));
  p.enqueue.assign(change);
  for (const news of drillEnded({ ...p.context, ...change }, command)) {
    p.enqueue.emit(decided(news));
  }
}

export const streamSetup = setup({
  types: {} as {
    context: StreamContext;
    input: StreamInput;
    events: StreamEvent;
    emitted: Decided;
  },
  actors: {
    startOutput: effect("startOutput"),
    fence: effect("fence"),
    orderRelay: effect("orderRelay"),
    endRelay: effect("endRelay"),
  },
  guards: {
    wasIn: ({ context: _ }, p: { was: string | undefined; in: readonly string[] }) =>
      p.was !== undefined && p.in.includes(p.was),
    seenOnAir: ({ context }) => seenOnAir(context),
    seenOffAir: ({ context }) => seenOffAir(context),
    cannotBeSeen: ({ context }) => !seenOnAir(context) && !seenOffAir(context),
    hasUnderstudy: ({ context }) => nextOf(context) !== null,
    lacksUnderstudy: ({ context }) => lacksUnderstudy(context),
    needsNoUnderstudy: ({ context }) => !lacksUnderstudy(context),
    lacksProgramme: ({ context }) => lacksProgramme(context),
    lacksNoProgramme: ({ context }) => !lacksProgramme(context),
    lacksCarried: ({ context }) => lacksCarried(context),
    lacksNothingCarried: ({ context }) => !lacksCarried(context),
    carriesAll: ({ context }) => carriesAll(context),
    sendsProgramme: ({ context }) => sendsProgramme(context),
    mayWarmUp: ({ context }) =>
      context.plan.encoders.some(
        ({ encoder }) =>
          encoder !== context.carrier?.encoder &&
          (context.facts[encoder] === undefined ||
            ["unknown", "silent"].includes(context.facts[encoder].link) ||
            context.facts[encoder].service === "rebooting"),
      ),
    isWanted: ({ context }) => context.plan.autoStart,
    isWantedNow: ({ context }) => context.memory.goal !== "stop",
    isCarriedAlready: ({ context }) => publishing(context) !== undefined,
    everybodyWasSeen: ({ context }) =>
      [...context.plan.encoders, ...inputsOf(context)].every(
        ({ encoder }) => (context.facts[encoder]?.link ?? "unknown") !== "unknown",
      ) &&
      (context.farEnd.word !== "unknown" || !context.destination.observed),
    isOff: ({ context }) => verdict(context).word === "off",
    isGood: ({ context }) => verdict(context).word === "good",
    isDoubtful: ({ context }) =>
      ["suspect", "network", "content", "source"].includes(verdict(context).word),
    isSourceLost: ({ context }) => verdict(context).word === "source",
    looksOff: ({ context }) => verdict(context).word === "suspect" && verdict(context).commits,
    isPhase: ({ context }, phase: Phase) => context.memory.schedule.phase === phase,
    isNoPhaseOn: ({ context }) => context.memory.schedule.phase !== "on",
    isThere: ({ context }) => onDuty.isThere(context),
    began: ({ context }, word: "there" | "missed") => onDuty.startOf(context) === word,
    mayRest: ({ context }) => onDuty.mayRest(context),
    isAlwaysExpected: ({ context }) => context.memory.schedule.phase === "always",
    startsAtBegin: ({ context }) => onDuty.eventPlanOf(context).startAtBegin,
    stopsAtEnd: ({ context }) =>
      onDuty.eventPlanOf(context).stopAtEnd && context.memory.goal !== "stop",
    wasStartedByHand: ({ context }) => onDuty.wasStartedByHand(context),
    hasRule: ({ context }, rule: string) =>
      context.memory.schedule.rules.some(({ id }) => id === rule),
    showsWrongContent: ({ context }) =>
      isExpected(context.memory.schedule) &&
      verdict(context).word === "content" &&
      sameProgramme(context) !== null &&
      budgetLeft(context) > 0,
    isLatchedByKicks: ({ context }) => isLatchedByKicks(context),
    mayBeKicked: ({ context }) => mayBeKicked(context),
    strangerCame: ({ context }) => strangerCame(context),
    nobodyIsSuspect: ({ context }) => context.memory.suspects.length === 0,
    quietProves: ({ context }) =>
      context.memory.suspects[0] !== undefined &&
      quietCertificate(context, context.memory.suspects[0]) !== null,
    suspectBelongsToAnother: ({ context }) => {
      const ref = context.memory.suspects[0];
      const holder = ref && context.heldBy[ref.encoder]?.[ref.output];
      return holder !== undefined && holder !== context.plan.id;
    },
    proves: ({ context }, evidence: FenceEvidence[]) => fence.proves(context, evidence),
    loserCannotRetry: ({ context }) =>
      context.destination.takeover === "lastWins" &&
      context.memory.goal !== "stop" &&
      context.memory.suspects.every((ref) =>
        startsNothingByItself(context.facts[ref.encoder]?.selfStart ?? null),
      ),
    mayGoUnproven: ({ context }) =>
      context.plan.allowUnproven && context.memory.goal !== "stop" && fenceOverdue(context),
    exitProves: ({ context }) => exitProves(context) !== undefined,
    powerProves: ({ context }) => powerProves(context) !== undefined,
    mayCutPower: ({ context }) => mayCutPower(context),
    isUnreachable: ({ context }) =>
      context.facts[context.memory.suspects[0]?.encoder ?? ""]?.link === "unreachable",
    isFenceOverdue: ({ context }) => fenceOverdue(context),
    quietBecomesProof: ({ context }) => quietBecomesProof(context),
    isEventAtRisk: ({ context }) => isEventAtRisk(context),
    eventIsCounted: ({ context }) => isEventAtRisk(context) && context.memory.eventEnds !== null,
    eventBeginsToEnd: ({ context }) => isEventAtRisk(context) && seenOffAir(context),
    eventIsOver: ({ context }) => leftMs(context.memory.eventEnds ?? undefined, context.now()) <= 0,
    isToStop: ({ context }) => context.memory.goal === "stop",
    holderPublishesAgain: ({ context }) => holderPublishesAgain(context),
    hasIncident: ({ context }) => context.memory.incident !== null,
    isBackByItself: ({ context }) => carriesAfterAll(context),
    wasOnlyAMove: ({ context }) => context.memory.incident?.planned === true && seenOnAir(context),
    someoneCanStart: ({ context }) =>
      !relayIsEmpty(context) &&
      typeof nextCarrier(context) === "object" &&
      "ref" in (nextCarrier(context) as object) &&
      farEndMayBeFree(context),
    farEndMayBeFree: ({ context }) => farEndMayBeFree(context),
    firstIsUnread: ({ context }) => firstIsUnread(context),
    awaitsRelay: ({ context }) => awaitsRelayMs(context) > 0,
    wantsRelay: ({ context }) => context.memory.relay.on,
    ordersAreOld: ({ context }) => relayMoves.ordersAreOld(context),
    hasWish: ({ context }) =>
      context.memory.relay.preferred !== null && context.memory.relay.wish !== null,
    canWish: ({ context }, to: string | undefined) => relayMoves.wishFor(context, to) !== undefined,
    sendsWrongContent: ({ context }) =>
      isExpected(context.memory.schedule) &&
      budgetLeft(context) > 0 &&
      betterInput(context) !== undefined,
    canRelieveInput: ({ context }, encoder: string) =>
      isExpected(context.memory.schedule) &&
      context.memory.relay.selected === encoder &&
      budgetLeft(context) > 0 &&
      relayMoves.wishFor(context, undefined) !== undefined,
    isFallenBack: ({ context }) => isFallenBack(context),
    fallsBack: ({ context }) => fallsBack(context),
    isStranded: ({ context }) => isStranded(context),
    missesOwnInputs: ({ context }) => spare.missesOwnInputs(context),
    hasCalledSpare: ({ context }) => spare.calledSpare(context) !== undefined,
    aSpareIsFree: ({ context }) => spare.freeSpare(context) !== undefined,
    spareIsLost: ({ context }) => spare.spareIsLost(context),
    canCallFor: ({ context }, to: string | undefined) =>
      spare.askedSpare(context, to) !== undefined,
    spareIsAskedFor: ({ context }) => context.memory.relay.spare?.asked !== undefined,
    spareBrings: ({ context }) => spare.spareBrings(context) === true,
    spareBringsNothing: ({ context }) => spare.spareBrings(context) === false,
    anotherCouldBring: ({ context }) =>
      spare.spareBrings(context) === false && spare.freeSpare(context) !== undefined,
    spareIsIdle: ({ context }) =>
      context.memory.relay.spare?.asked === undefined && spare.isSpareIdle(context),
    isSourceless: ({ context }) => spare.isSourceless(context),
    lacksSpare: ({ context }) => spare.lacksSpare(context),
    lacksNoSpare: ({ context }) => !spare.lacksSpare(context),
    isStaleOrder: (_, { code }: EffectError) => code === "staleOrders",
    feedsAgain: (_, on: boolean) => on,
    feedsNoMore: ({ context }, on: boolean) => !on && context.memory.goal !== "stop",
    proofIsTooOld: ({ context }) => proofIsTooOld(context),
    isConfirmed: ({ context }) => isConfirmed(context),
    failedEarly: ({ context }) => failedEarly(context),
    mayBeAGhost: ({ context }) => mayBeAGhost(context),
    canMove: ({ context }, to: string | undefined) =>
      context.plan.encoders.some(
        (ref) =>
          ref.encoder !== context.carrier?.encoder &&
          (to === undefined || ref.encoder === to) &&
          hinders(context, ref) === undefined,
      ),
    canRelieve: ({ context }, encoder: string) =>
      isExpected(context.memory.schedule) &&
      context.carrier?.encoder === encoder &&
      budgetLeft(context) > 0 &&
      relieverOf(context) !== undefined,
    primaryIsReady: ({ context }) => primaryIsReady(context),
    failsBackByItself: ({ context }) =>
      isExpected(context.memory.schedule) &&
      context.plan.failbackMs !== "manual" &&
      !isSpare(context, context.carrier) &&
      !context.memory.latch.returns &&
      primaryIsFit(context) &&
      budgetLeft(context) > 0,
    isLatched: ({ context }) => latched(context).length > 0,
    movesAreLatched: ({ context }) => context.memory.latch.moves !== null,
    returnsAreLatched: ({ context }) => context.memory.latch.returns,
    movedTooOften: ({ context }) => movedTooOften(context),
    changedAgain: ({ context }) => changedAgain(context),
    isVouchedFor: (_, unproven: boolean | undefined) => unproven === true,
    /** The driver tells which generation is too high for ours: the next can be above it. */
    carrierPublishes: ({ context }) =>
      ["streaming", "starting", "failing"].includes(outputOf(context, context.carrier).state),
    carrierIsIdle: ({ context }) => outputOf(context, context.carrier).state === "idle",
    isStale: ({ context }, { code, highestGeneration = -1 }: EffectError) =>
      code === "staleKey" && highestGeneration >= context.memory.keyGeneration,
    hasCommand: ({ context }) => context.memory.command !== null,
    mayDrill: ({ context }, consent: string | undefined) => mayDrill(context, consent),
    isDrilled: ({ context }) => context.memory.drill.now !== null,
    drillsRegularly: ({ context }) => context.plan.drillEveryMs !== undefined,
    drillHasArrived: ({ context }) => hasArrived(context),
    drillIsBack: ({ context }) => context.memory.drill.now!.leg === "back" && hasArrived(context),
    drillWentWrong: ({ context }) => troubleWith(context) !== undefined,
    drillDoesNotHold: ({ context }) => !holds(context),
    cannotGoBack: ({ context }) => wayBackRefusal(context) !== undefined,
  },
  actions: {
    change: assign(({ context }, change: Change) => changed(context, change)),
    tell: enqueueActions(({ context, enqueue }, decision: Decision | null) => {
      if (decision) enqueue.emit(decided(asTold(context.plan, decision)));
    }),
    keepLook: enqueueActions(({ context, enqueue }, event: ContentEvent) => {
      const { content, decisions } = contentStep(context, event);
      enqueue.assign({ content });
      for (const decision of decisions) enqueue.emit(decided(decision));
    }),
    tellIncident: enqueueActions(({ context, enqueue }) => {
      // The programme goes on without a feed: that is its relay's incident, if it is one.
      const decision = context.plan.feedOf === undefined ? tell.incident(context) : null;
      if (decision) enqueue.emit(decided(decision));
    }),
    /** With the incident that was open because of it, if there was one. */
    closeIncident: enqueueActions(({ context, enqueue }, change: Change) => {
      const next = { ...context, ...changed(context, change) };
      const closed = context.memory.incident && tell.incident(next);
      enqueue.assign(changed(context, change));
      if (closed && context.plan.feedOf === undefined) enqueue.emit(decided(closed));
    }),
    /** Its encoders and its relay are to run, or need not any more. */
    relayOn: assign(({ context }) => changed(context, relayMoves.turned(context, true))),
    relayOff: assign(({ context }) => changed(context, relayMoves.turned(context, false))),
    /** Its word counts, and what follows from it is told. */
    believeRelay: enqueueActions(({ context, enqueue }, report: RelayWord) => {
      const splice = spliceNews(context.plan.id, context.relay?.splices, report.splices);
      for (const news of [...relayMoves.newsOf(context, report), ...splice])
        enqueue.emit(decided(news));
      enqueue.assign({ ...changed(context, relayMoves.reported(context, report)), relay: report });
      if (report.selected !== null || Object.keys(context.heldCold).length === 0) return;
      enqueue.sendParent({ type: "needsInputs" } satisfies StreamToSite);
    }),
    keepMeasures: enqueueActions(
      ({ context, enqueue }, inputs: Readonly<Record<string, Measures>>) => {
        const { measured, decisions } = withMeasures(context, inputs);
        enqueue.assign({ measured });
        for (const decision of decisions) enqueue.emit(decided(decision));
      },
    ),
    /** Its last word counts no more. */
    relayGone: assign({ relay: null }),
    relayFailed: enqueueActions(({ context, enqueue }, because: string) => {
      const failed = { ...context, ...changed(context, relayMoves.failed(context, because)) };
      const isDown = relayMoves.cannotBeKeptUp(failed) && !failed.memory.relay.isPaged;
      const isNews = isDown && !fallsBack(failed);
      enqueue.assign(changed(failed, isNews ? relayMoves.paged(failed) : {}));
      if (isNews) enqueue.emit(decided(relayMoves.relayDown(failed, because)));
    }),
    firstOrders: assign(({ context }) =>
      context.memory.relay.generation === 0 ? changed(context, relayMoves.newOrders(context)) : {},
    ),
    feed: sendParent(({ context }): StreamToSite => ({
      type: "feeds",
      stream: context.plan.id,
      encoders: feedersOf(context),
    })),
    finishCommand: enqueueActions(({ context, enqueue }) => {
      const done = tell.commandDone(context);
      if (done) enqueue.emit(decided(done));
      enqueue.assign(changed(context, { command: null }));
    }),
    giveUpCommand: enqueueActions(({ context, enqueue }, code: string) => {
      const refused = tell.commandRefused(context, code);
      if (refused) enqueue.emit(decided(refused));
      enqueue.assign(changed(context, { command: null }));
    }),
    windowBegins: enqueueActions(({ context, enqueue }) => {
      enqueue.emit(decided(tellEvent.windowBegan(context)));
      enqueue.raise({ type: "windowBegan" });
    }),
    windowEnds: enqueueActions(({ context, enqueue }) => {
      enqueue.emit(decided(tellEvent.windowEnded(context)));
      enqueue.raise({ type: "windowEnded" });
    }),
    eventNears: raise({ type: "eventNears" }),
    lookAtWindows: enqueueActions(({ context, enqueue }) => {
      enqueue.raise({ type: "schedule", windows: context.memory.schedule.windows });
    }),
    rest: enqueueActions(({ context, enqueue }) => {
      const change = changed(context, onDuty.rested(context));
      const resting = { ...context, ...change };
      enqueue.assign(change);
      enqueue.emit(decided(tellEvent.rested(resting)));
      const closed = context.memory.incident && tell.incident(resting);
      if (closed) enqueue.emit(decided(closed));
    }),
    noteStart: assign(({ context }, word: "there" | "missed") =>
      changed(context, onDuty.began(context, word)),
    ),
    tellMissed: enqueueActions(({ context, enqueue }) => {
      enqueue.assign(changed(context, onDuty.began(context, "missed")));
      enqueue.emit(decided(tellEvent.startMissed(context)));
    }),
    tellStartedLate: enqueueActions(({ context, enqueue }) => {
      enqueue.emit(decided(tellEvent.startedLate(context)));
    }),
    noteGap: assign(({ context }, gap: RecordingGap) =>
      changed(context, missedRecording(context, gap)),
    ),
    noteLineUp: enqueueActions(({ context, enqueue }, lineUp: LineUp) => {
      const decision = tellEvent.linedUp(context, lineUp);
      if (decision) enqueue.emit(decided(decision));
      enqueue.assign(changed(context, onDuty.linedUp(context, lineUp)));
    }),
    tellPhase: sendParent(({ context }): StreamToSite => {
      const { phase, window } = context.memory.schedule;
      const isNear = phase !== "always" && phase !== "off" && window !== null;
      const name = window?.name ?? context.plan.name ?? context.plan.id;
      const untilMs = window?.endMs ?? 0;
      return {
        type: "eventPhase",
        stream: context.plan.id,
        event: isNear ? { name, untilMs } : null,
      };
    }),
    askForLineUp: sendParent(({ context }): StreamToSite => ({
      type: "wantsLineUp",
      stream: context.plan.id,
    })),
    tellUnderstudy: emit(({ context }, isThere: boolean) =>
      decided(understudyNews(context, isThere)),
    ),
    tellProgramme: emit(({ context }, isThere: boolean) =>
      decided(programmeNews(context, isThere)),
    ),
    tellSpare: emit(({ context }, isThere: boolean) => decided(spare.spareNews(context, isThere))),
    tellCarried: emit(({ context }, isThere: boolean) => decided(carriedNews(context, isThere))),
    noteRaise: assign(({ context }, alarm: AlarmName) =>
      changed(context, { raised: withRaise(context.memory.raised, alarm, context.now()) }),
    ),
    callForHelp: enqueueActions(({ context, enqueue }) => {
      const { calls, incident } = context.memory;
      const next = withCall(calls, incident?.id ?? null, context.now());
      if (!next) return;
      enqueue.assign(changed(context, { calls: next }));
      enqueue.emit(decided(asTold(context.plan, tell.needsHuman(context))));
    }),
    claim: sendParent(({ context }): StreamToSite => {
      const ref = context.target!;
      const because = claimReason(context);
      const { id: destination } = context.destination;
      return { type: "claim", stream: context.plan.id, destination, ...ref, because };
    }),
    adopt: sendParent(({ context }): StreamToSite => {
      const ref = publishing(context)!;
      return {
        type: "adopt",
        stream: context.plan.id,
        destination: context.destination.id,
        ...ref,
        keyGeneration: outputOf(context, ref).keyGeneration,
      };
    }),
    /** A first failure is tried again; after the second it is the box that needs something. */
    tellFailedStarts: enqueueActions(({ context, enqueue }) => {
      const { encoder } = context.target ?? {};
      if (encoder === undefined || barrenTries(encoder, context.memory.tries, context.now()) === 0)
        return;
      // It has come as far as to the far end.
      if (refusalOf(context) !== undefined) return;
      const news: StreamToSite = { type: "starts", encoder, failed: true };
      enqueue.sendTo(({ self }) => self._parent!, news);
    }),
    tellRefused: enqueueActions(({ context, enqueue }) => {
      if (refusalOf(context) === undefined) return;
      const { target, destination } = context;
      const news: StreamToSite = {
        type: "refusal",
        destination: destination.id,
        by: target!.encoder,
      };
      enqueue.sendTo(({ self }) => self._parent!, news);
    }),
    tellTaken: sendParent(({ context }): StreamToSite => ({
      type: "refusal",
      destination: context.destination.id,
      by: null,
    })),
    tellGoodStart: enqueueActions(({ context, enqueue }) => {
      const { encoder } = context.target ?? {};
      if (encoder === undefined || !context.memory.tries.some((t) => t.encoder === encoder)) return;
      const news: StreamToSite = { type: "starts", encoder, failed: false };
      enqueue.sendTo(({ self }) => self._parent!, news);
    }),
    askForPowerCut: sendParent(({ context }): StreamToSite => {
      const { id: stream, recording } = context.plan;
      return { type: "cutPower", stream, recording, ...context.memory.suspects[0]! };
    }),
    callRogue: sendParent(({ event }): StreamToSite => {
      const { encoder, output } = event as Extract<StreamEvent, { type: "publishesBenched" }>;
      return { type: "rogue", encoder, output };
    }),
    doubtMemory: sendParent(({ event }): StreamToSite => {
      const { encoder } = event as Extract<StreamEvent, { type: "publishesBenched" }>;
      const because = `${encoder} is on air and benched only by an older journal`;
      return { type: "rolledBack", because };
    }),
    moveForDrill: enqueueActions(({ context, enqueue }) => {
      enqueue.raise({ type: "failover", ...orderOf(context) });
    }),
    endDrill: enqueueActions(
      ({ context, enqueue }, p: { result: DrillResult; because: string | null }) => {
        endDrill({ context, enqueue }, p.result, p.because);
      },
    ),
    failDrill: enqueueActions(({ context, enqueue }) => {
      endDrill({ context, enqueue }, "failed", troubleWith(context) ?? null);
    }),
    leaveDrillThere: enqueueActions(({ context, enqueue }) => {
      const because = `it stays with ${context.memory.drill.now!.to}: ${wayBackRefusal(context)}`;
      endDrill({ context, enqueue }, "failed", because);
    }),
    /** Whether anything speaks against it the site knows, and its own state. */
    offerDrill: enqueueActions(({ context, enqueue }) => {
      if (!isDrillDue(context)) return;
      const due: StreamToSite = { type: "drillDue", stream: context.plan.id };
      enqueue.sendTo(({ self }) => self._parent!, due);
    }),
    tellStopped: sendParent(({ context }): StreamToSite => ({
      type: "streamStopped",
      stream: context.plan.id,
    })),
    tellStopAsked: sendParent(({ context, event }): StreamToSite => {
      const { command } = event as Extract<StreamEvent, { type: "stop" }>;
      return { type: "streamStopAsked", stream: context.plan.id, command };
    }),
    releaseKey: sendParent(({ context }): StreamToSite => ({
      type: "releaseKey",
      stream: context.plan.id,
      destination: context.destination.id,
    })),
  },
  delays: {
    ...drillDelays,
    lookAround: lookAroundMs,
    readAgain: readAgainMs,
    freezeLeft: ({ context }) =>
      Math.max(
        feedGraceMs(context),
        context.plan.directFreezeMs - elapsedMs(freezeBegan(context), context.now()),
      ),
    contentFault: ({ context }) => contentFaultMs(context),
    understudyMissing: missingForMs,
    understudyEndHold: ({ context }) =>
      endHoldMs(context.memory.raised, "understudy", context.now()),
    programmeMissing: ({ context }) => contentFaultMs(context) + missingForMs,
    programmeEndHold: ({ context }) => endHoldMs(context.memory.raised, "programme", context.now()),
    carriedMissing: missingCarriedMs,
    carriedEndHold: ({ context }) => endHoldMs(context.memory.raised, "carried", context.now()),
    fenceTimeout: ({ context }) => context.plan.fenceTimeoutMs,
    fenceTimeLeft: ({ context }) =>
      Math.max(
        0,
        context.plan.fenceTimeoutMs -
          elapsedMs(context.memory.fencingSince ?? context.now(), context.now()),
      ),
    retryFence: retryFenceMs.waiting,
    retryFenceSlowly: retryFenceMs.calledForHelp,
    grace: ({ context }) => context.graceMs[context.target?.encoder ?? ""] ?? seconds(10),
    ghostBackOff: ({ context }) => ghostBackOffMs(context),
    restartShows: restartShowsMs,
    nextTry: ({ context }) => {
      const choice = nextCarrier(context);
      return typeof choice === "object" && "inMs" in choice ? choice.inMs : seconds(60);
    },
    missed: ({ context }) => onDuty.missedMs(context),
    calm: ({ context }) => calmLeftMs(context),
    windowLeft: ({ context }) =>
      Math.max(seconds(1), leftMs(context.memory.schedule.ends ?? undefined, context.now())),
    whoCame: whoCameMs,
    ownStart: ({ context }) => spare.ownStartMs(context),
    ownGrace: ({ context }) => spare.ownGraceMs(context),
    spareGrace: ({ context }) => spare.spareGraceMs(context),
    spareCalm: seconds(10),
    spareEndHold: ({ context }) => endHoldMs(context.memory.raised, "spare", context.now()),
    relayStarts: ({ context }) => awaitsRelayMs(context),
    relayRests: ({ context }) => relayMoves.restMs(context),
    relayMoves: seconds(10),
    betterInput: ({ context }) => betterInputMs(context),
    relayAgain: seconds(30),
    pageAfter: ({ context }) => seconds(isFreeingEncoders(context) ? 30 : 3),
    afterRefusal: seconds(5),
    eventEnds: ({ context }) => leftMs(context.memory.eventEnds ?? undefined, context.now()),
    failback: ({ context }) =>
      context.plan.failbackMs === "manual" ? seconds(3600) : context.plan.failbackMs,
  },
});
