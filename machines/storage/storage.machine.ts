import { assign, emit, enqueueActions, setup } from "xstate";
import { decided, type Decided } from "../decision.ts";
import type { StoragePlan } from "../site/plan.ts";
import { elapsedMs, rebased, type Stamp } from "../time.ts";
import {
  type MediumInput,
  mediumMachine,
  type MediumRef,
  type MediumResume,
} from "./medium.machine.ts";
import { mediumWord } from "./medium.published.ts";
import type { MediumReading } from "./medium.ts";
import { usualLevels } from "./space.ts";
import { cycleWindowMs, type RebootCycle, rebootCycle, suspicionOf } from "./reboot-cycle.ts";
import type { MediumWord } from "./storage.contract.ts";
import type { StorageEvent, StorageReading } from "./storage.events.ts";
import { stepped } from "../stepping/stepped.ts";

export type StorageResume = {
  media: Record<string, MediumResume>;
  reboots: Stamp[];
  cycle: RebootCycle | null;
};

export type StorageContext = {
  plan: StoragePlan;
  now: () => Stamp;
  media: Record<string, MediumRef>;
  bootMark: string | null;
  /** Of the last 10 min. */
  reboots: Stamp[];
  /** Medium → when it was last seen as it should not be, and how. */
  suspects: Record<string, { at: Stamp; why: string }>;
  /** The cycle that was told last. */
  cycle: RebootCycle | null;
  /** Why the last attempt to read it failed; null = it was read. */
  failure: string | null;
  /** How often a medium became another one. */
  moves: number;
};

/** Beyond so many a device names nonsense. */
const mostMedia = 128;

type Reads = { reading: StorageReading };
const seen = ({ event }: { event: StorageEvent }): Reads => ({
  reading: (event as Extract<StorageEvent, { type: "reading" }>).reading,
});

/** The media of one box, of a NAS or of this host, as one thing: its slots, and its reboots. */
export const storageMachine = setup({
  types: {} as {
    context: StorageContext;
    input: { plan: StoragePlan; now: () => Stamp; resume?: StorageResume };
    events: StorageEvent;
    emitted: Decided;
  },
  actors: { medium: mediumMachine },
  guards: {
    wasCycling: ({ context }) => context.cycle !== null,
    reboots: ({ context }) => cycleOf(context) !== undefined,
  },
  actions: {
    noteReboot: assign(({ context }, { reading: { bootMark } }: Reads) => {
      if (bootMark === undefined) return {};
      const isReboot = context.bootMark !== null && context.bootMark !== bootMark;
      const lately = context.reboots.filter((at) => elapsedMs(at, context.now()) < cycleWindowMs);
      return { bootMark, reboots: isReboot ? [...lately, context.now()] : lately };
    }),
    noteSuspects: assign(({ context }, { reading: { media = [] } }: Reads) => ({
      suspects: {
        ...context.suspects,
        ...Object.fromEntries(
          media.flatMap((medium) => {
            const known = context.media[medium.id]?.getSnapshot().context;
            const why = suspicionOf(medium, known?.wasPresent === true);
            return why === undefined ? [] : [[medium.id, { at: context.now(), why }]];
          }),
        ),
      },
    })),
    spawnNew: assign(({ context, spawn }, { reading: { media = [] } }: Reads) => {
      const news = media
        .filter(({ id }) => !Object.hasOwn(context.media, id))
        .slice(0, mostMedia - Object.keys(context.media).length);
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
      const named = new Map(media.map((medium): [string, MediumReading] => [medium.id, medium]));
      for (const [id, ref] of Object.entries(context.media)) {
        const reading = named.get(id);
        enqueue.sendTo(ref, reading ? { type: "reading", reading } : { type: "unlisted" });
      }
    }),
    noteRead: assign({ failure: null }),
    noteFailure: assign((_, failure: string) => ({ failure })),
    noteCycle: assign({ cycle: ({ context }) => cycleOf(context) ?? null }),
    forgetCycle: assign({ cycle: null }),
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
  delays: { calmAfter: cycleWindowMs },
}).createMachine({
  id: "storage",
  context: ({ input: { plan, now, resume }, spawn }) => ({
    plan,
    now,
    media: Object.fromEntries(
      Object.entries(resume?.media ?? {}).map(([id, kept]) => [
        id,
        spawn("medium", mediumOptions({ plan, now }, id, kept)),
      ]),
    ),
    bootMark: null,
    reboots: (resume?.reboots ?? []).map((at) => rebased(at, now())),
    suspects: {},
    cycle: resume?.cycle ?? null,
    failure: "not read yet",
    moves: 0,
  }),
  type: "parallel",
  states: {
    media: {
      on: {
        reading: {
          actions: [
            { type: "spawnNew", params: seen },
            { type: "noteReboot", params: seen },
            { type: "noteSuspects", params: seen },
            { type: "passOn", params: seen },
            "noteRead",
          ],
        },
        unreadable: {
          actions: {
            type: "noteFailure",
            params: ({ event }) => `${event.failure}: ${event.detail}`,
          },
        },
        retire: {
          guard: ({ context, event }) => Object.hasOwn(context.media, event.medium),
          actions: enqueueActions(({ context, event, enqueue }) => {
            enqueue.sendTo(context.media[event.medium]!, { type: "retire", by: event.by });
          }),
        },
        bringBack: {
          guard: ({ context, event }) => isRetiredByHand(context.media[event.medium]),
          actions: enqueueActions(({ context, event, enqueue }) => {
            enqueue.sendTo(context.media[event.medium]!, { type: "bringBack", by: event.by });
          }),
        },
        "medium.moved": {
          actions: enqueueActions(({ context, event, enqueue }) => {
            // For those who compare what is published: a medium's state is not in our own.
            enqueue.assign({ moves: context.moves + 1 });
            if (event.decision) enqueue.emit(decided(event.decision));
          }),
        },
      },
    },
    reboots: {
      initial: "deciding",
      states: {
        deciding: { always: [{ guard: "wasCycling", target: "cycling" }, "calm"] },
        calm: {
          always: { guard: "reboots", target: "cycling", actions: ["noteCycle", "tellCycle"] },
        },
        cycling: {
          after: {
            calmAfter: [
              { guard: "reboots", target: "cycling", reenter: true },
              { target: "calm", actions: ["forgetCycle", "tellCalm"] },
            ],
          },
        },
      },
    },
  },
});
stepped(storageMachine);

const isRetiredByHand = (ref: MediumRef | undefined) =>
  ref !== undefined && ref.getSnapshot().context.retiredBy !== null;

function mediumOptions(
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

/** What is known of a cycle, and what could be done about it; for events and warnings. */
export function cycleSentence({ plan, cycle }: Pick<StorageContext, "plan" | "cycle">): string {
  if (!cycle) return "";
  const { reboots, slot, why, otherPath } = cycle;
  const instead =
    otherPath === null
      ? "there is no other path that could record"
      : `go on recording to ${otherPath}`;
  return `${plan.id} rebooted ${reboots} times in 10 min and ${slot} is ${why}: release ${slot}, ${instead}`;
}
