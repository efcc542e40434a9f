import { type AnyActorRef, assign, emit, enqueueActions, sendTo, setup } from "xstate";
import { decided, type Decided, type Decision } from "../decision.ts";
import { effect, type EffectError } from "../effect.ts";
import { proposalMs } from "../encoder/playbooks.ts";
import type { Consent, StoragePlan } from "../site/plan.ts";
import { elapsedMs, type Stamp } from "../time.ts";
import {
  type MediumInput,
  mediumMachine,
  type MediumRef,
  type MediumResume,
} from "./medium.machine.ts";
import { mediumWord } from "./medium.published.ts";
import { usualLevels } from "./space.ts";
import {
  cycleWindowMs,
  type RebootCycle,
  rebootCycle,
  rebootsOfACycle,
  suspicionOf,
} from "./reboot-cycle.ts";
import type { MediumWord } from "./storage.contract.ts";
import { recordChanges } from "./record-changes.ts";
import { firstMedium, hasFallen, mayLighten, reasonToLeave } from "./record-path.ts";
import { gapMsOf, type RecordNews, recordNews } from "./record-sentences.ts";
import { askedMedium, nextOf, ownerOf, recorderOf } from "./recorder.ts";
import type { StorageContext, StorageResume } from "./storage.context.ts";
import type { StorageEvent, StorageReading, StorageToSite } from "./storage.events.ts";

/** Beyond so many a device names nonsense. */
const mostMedia = 128;

type Reads = { reading: StorageReading };
export const seen = ({ event }: { event: StorageEvent }): Reads => ({
  reading: (event as Extract<StorageEvent, { type: "reading" }>).reading,
});

function tellGap(
  context: StorageContext,
  enqueue: {
    sendTo: (to: (args: { self: AnyActorRef }) => AnyActorRef, event: StorageToSite) => void;
  },
  gap: { encoder: string; because: string; to: string | null },
) {
  const ms = gapMsOf(recorderOf(context));
  if (ms === null) return;
  const event = { type: "recordingGap", by: context.plan.id, ms, ...gap } as const;
  enqueue.sendTo(({ self }) => self._parent!, event);
}

const errorOf = (event: unknown) =>
  (event as { error?: EffectError }).error?.message ?? "no answer";

/** What the machine asks, notes and tells. The chart is beside it. */
export const storageSetup = setup({
  types: {} as {
    context: StorageContext;
    input: { plan: StoragePlan; now: () => Stamp; resume?: StorageResume };
    events: StorageEvent;
    emitted: Decided;
  },
  actors: {
    medium: mediumMachine,
    recordTo: effect("recordTo"),
    recordLight: effect("recordLight"),
    stopRecording: effect("stopRecording"),
    releaseMedium: effect("releaseMedium"),
  },
  guards: {
    /** Most boxes have no media, and most readings of them are of none. */
    saysNothing: ({ context }, { reading: { media, bootMark } }: Reads) =>
      media === undefined &&
      context.plan.record === undefined &&
      context.failure === null &&
      context.reboots.length === 0 &&
      (bootMark === undefined || bootMark === context.bootMark),
    records: ({ context: { plan } }) => plan.record !== undefined,
    isRecording: ({ context: { record } }) => record.state === "streaming",
    isAtRest: ({ context: { record } }) => record.state === "idle",
    hasEnded: ({ context: { record } }) => ["idle", "failing"].includes(record.state),
    isUnwanted: ({ context: { record } }) => record.isUnwanted,
    isWanted: ({ context: { record } }) => !record.isUnwanted,
    fellWhileAway: ({ context }) => context.record.wasRecording && hasFallen(recorderOf(context)),
    hasFallen: ({ context }) => hasFallen(recorderOf(context)),
    mustMove: ({ context }) =>
      context.record.state === "streaming" &&
      reasonToLeave(recorderOf(context)) !== undefined &&
      nextOf(context) !== undefined,
    recordsWell: ({ context }) => {
      const { state, trouble } = context.record;
      const reason = reasonToLeave(recorderOf(context));
      const isWell = trouble?.gapSince ? reason?.how !== "now" : reason === undefined;
      return state === "streaming" && isWell;
    },
    stillRecordsSomewhere: ({ context }) =>
      context.record.state === "streaming" && nextOf(context) === undefined,
    nothingIsLeft: ({ context }) => nextOf(context) === undefined,
    somethingIsLeft: ({ context }) => nextOf(context) !== undefined,
    mayLighten: ({ context }) => mayLighten(recorderOf(context)),
    isLight: ({ context: { record, plan } }) =>
      Boolean(record.light) && Boolean(plan.record?.light),
    consents: ({ context }, to: Consent) => context.plan.record?.failover === to,
    isOrdered: ({ context }) =>
      context.record.order !== null &&
      !context.record.isUnwanted &&
      firstMedium(recorderOf(context)) !== undefined,
    isNotOrdered: ({ context }) => context.record.order === null,
    isDone: ({ context: { record } }) => record.isOurs && record.order === null,
    mayMove: ({ context, event }) =>
      event.type === "moveRecording" && askedMedium(context, event.medium) !== undefined,
    gaveWay: ({ event }) => (event as unknown as { error?: EffectError }).error?.code === "gaveWay",
    wasCycling: ({ context }) => context.cycle !== null,
    reboots: ({ context }) => cycleOf(context) !== undefined,
    mayRelease: ({ context: { plan } }) =>
      plan.record?.releases === true && plan.record.failover === "act",
    isUp: (_, { reading }: Reads) => reading.booting !== true,
    isReleased: ({ context: { release, bootMark } }) =>
      release.after !== null && release.after === bootMark,
    isUsedAgain: ({ context: { release, bootMark } }) => release.after !== bootMark,
  },
  actions: {
    note: assign(({ context, event }, what: keyof typeof recordChanges) => ({
      record: { ...context.record, ...recordChanges[what](context, event) },
    })),
    tellRecording: emit(({ context }, news: RecordNews) =>
      decided(recordNews(ownerOf(context), recorderOf(context), news)),
    ),
    tellMoveFailed: emit(({ context, event }) =>
      decided(recordNews(ownerOf(context), recorderOf(context), "failed", errorOf(event))),
    ),
    tellNotLightened: emit(({ context, event }) =>
      decided(recordNews(ownerOf(context), recorderOf(context), "notLightened", errorOf(event))),
    ),
    tellRefused: enqueueActions(({ context, event, enqueue }) => {
      const why = errorOf(event);
      if (why === context.record.refused) return;
      enqueue.emit(decided(recordNews(ownerOf(context), recorderOf(context), "refused", why)));
      enqueue.assign({ record: { ...context.record, refused: why } });
    }),
    tellGap: enqueueActions(({ context, enqueue }) => {
      const { trouble, medium, target } = context.record;
      tellGap(context, enqueue, {
        encoder: context.plan.id,
        because: trouble ? [trouble.medium, trouble.why].filter(Boolean).join(" ") : "",
        to: target ?? medium,
      });
    }),
    tellStandIn: enqueueActions(({ context, enqueue }) => {
      const { order, medium, target } = context.record;
      if (!order?.gapSince) return;
      const because = "it had no medium left";
      tellGap(context, enqueue, { encoder: order.of, because, to: target ?? medium });
    }),
    noteReboot: assign(({ context }, { reading: { bootMark } }: Reads) => {
      if (bootMark === undefined) return {};
      const isReboot = context.bootMark !== null && context.bootMark !== bootMark;
      const lately = context.reboots.filter((at) => elapsedMs(at, context.now()) < cycleWindowMs);
      return { bootMark, reboots: isReboot ? [...lately, context.now()] : lately };
    }),
    noteSuspects: assign(({ context }, { reading: { media = [] } }: Reads) => {
      const news = media.flatMap((medium): [string, StorageContext["suspects"][string]][] => {
        const known = context.media[medium.id]?.getSnapshot().context;
        const why = suspicionOf(medium, known?.wasPresent === true);
        return why === undefined ? [] : [[medium.id, { at: context.now(), why }]];
      });
      if (news.length === 0) return {};
      return { suspects: { ...context.suspects, ...Object.fromEntries(news) } };
    }),
    spawnNew: assign(({ context, spawn }, { reading: { media = [] } }: Reads) => {
      const news = media
        .filter(({ id }) => !Object.hasOwn(context.media, id))
        .slice(0, mostMedia - Object.keys(context.media).length);
      if (news.length === 0) return {};
      return {
        media: {
          ...context.media,
          ...Object.fromEntries(
            news.map(({ id }) => [id, spawn("medium", mediumOptions(context, id))]),
          ),
        },
      };
    }),
    passOn: enqueueActions(({ context, enqueue }, { reading: { media } }: Reads) => {
      if (media === undefined) return;
      for (const [id, ref] of Object.entries(context.media)) {
        const reading = media.findLast((medium) => medium.id === id);
        enqueue.sendTo(ref, reading ? { type: "reading", reading } : { type: "unlisted" });
      }
    }),
    /** After the media have been told: what is missing is judged by what they are now. */
    passToRecording: sendTo(
      ({ self }) => self,
      (_, { reading }: Reads): StorageEvent => ({ type: "box.read", reading }),
    ),
    noteReached: assign({ failure: null }),
    /** For those who compare what is published: a medium's state is not in our own. */
    countMove: assign(({ context }) => ({ moves: context.moves + 1 })),
    tellMoved: emit((_, decision: Decision) => decided(decision)),
    noteFailure: assign((_, failure: string) => ({ failure })),
    noteCycle: assign({ cycle: ({ context }) => cycleOf(context) ?? null }),
    forgetCycle: assign({ cycle: null, release: { after: null, failed: null } }),
    noteReleased: assign(({ context: { bootMark } }) => ({
      release: { after: bootMark, failed: null },
    })),
    /** So that it stays on the other path when the box is calm, until a person brings it back. */
    retireSlot: enqueueActions(({ context, enqueue }) => {
      const ref = context.media[context.cycle?.slot ?? ""];
      if (ref) enqueue.sendTo(ref, { type: "retire", by: "us, for the reboots" });
    }),
    tellReleased: enqueueActions(({ context, enqueue }) => {
      if (context.release.after === null) enqueue.emit(decided(releaseNews(context)));
    }),
    tellNotReleased: enqueueActions(({ context, event, enqueue }) => {
      const failed = errorOf(event);
      if (failed === context.release.failed) return;
      enqueue.emit(decided(releaseNews(context, failed)));
      enqueue.assign({ release: { ...context.release, failed } });
    }),
    tellCycle: emit(({ context }) => {
      const { id } = context.plan;
      const { slot, why, otherPath, reboots } = context.cycle!;
      return decided({
        type: "storage.rebootCycle",
        severity: "critical",
        message: cycleSentence(context),
        data: { encoder: id, slot, why, otherPath, reboots },
      });
    }),
    tellCalm: emit(({ context }) =>
      decided({
        type: "storage.rebootCycle",
        severity: "info",
        message: `${context.plan.id} has not rebooted again for 10 min`,
        data: { encoder: context.plan.id, slot: null },
      }),
    ),
  },
  delays: {
    calmAfter: cycleWindowMs,
    retryOrder: 60_000,
    stopsWithin: 30_000,
    /** A medium that has just vanished may be told of after the recording that ended with it. */
    faultShows: 5_000,
    seenWithin: 30_000,
    proposalEnds: ({ context }) => proposalMs(context.record.trouble ?? {}),
    triesAgain: 10_000,
    restoresAgain: 600_000,
    releasesAgain: 10_000,
  },
});

export function mediumOptions(
  { plan, now }: Pick<StorageContext, "plan" | "now">,
  id: string,
  resume?: MediumResume,
): { id: string; input: MediumInput } {
  const { name, readingMaxAgeMs, levels = usualLevels } = plan;
  const owner = name ?? plan.id;
  return {
    id: `medium:${id}`,
    input: { id, owner, readingMaxAgeMs, levels, now, ...(resume && { resume }) },
  };
}

function cycleOf(context: StorageContext): RebootCycle | undefined {
  if (context.reboots.length < rebootsOfACycle) return undefined;
  const media = Object.entries(context.media).map(([id, ref]) => {
    const suspect = context.suspects[id];
    return { id, word: lastWord(ref, context.now()), ...(suspect && { suspect }) };
  });
  return rebootCycle(context.reboots, media, context.now());
}

/** A box that boots tells nothing of its slots: what it said last counts as long as a suspicion. */
function lastWord(ref: MediumRef, now: Stamp): MediumWord {
  const snapshot = ref.getSnapshot();
  const word = mediumWord(snapshot);
  const { readAt, reading, level } = snapshot.context;
  const wasFine = reading?.condition === "ok" && reading.isWriteProtected !== true;
  if (word !== "unknown" || readAt === null || !wasFine) return word;
  return elapsedMs(readAt, now) < cycleWindowMs ? (level ?? word) : word;
}

/** @param failed why the slot could not be released */
function releaseNews({ plan, cycle }: StorageContext, failed?: string): Decision {
  const slot = cycle?.slot;
  return {
    type: "storage.rebootCycle",
    severity: "warning",
    message:
      failed === undefined
        ? `${plan.id}: ${slot} is released, and out of use until a person brings it back`
        : `${plan.id}: ${slot} could not be released (${failed}): trying again`,
    data: { encoder: plan.id, slot, released: failed === undefined },
  };
}

/** What is known of a cycle, and what could be done about it; for events and warnings. */
export function cycleSentence({
  plan,
  cycle,
  release,
}: Pick<StorageContext, "plan" | "cycle" | "release">): string {
  if (!cycle) return "";
  const { reboots, slot, why, otherPath } = cycle;
  const instead =
    otherPath === null
      ? "there is no other path that could record"
      : `go on recording to ${otherPath}`;
  const done = release.after === null ? `release ${slot}` : `${slot} is released`;
  return `${plan.id} rebooted ${reboots} times in 10 min and ${slot} is ${why}: ${done}, ${instead}`;
}
