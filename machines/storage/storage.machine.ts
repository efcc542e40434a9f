import { enqueueActions } from "xstate";
import { rebased } from "../time.ts";
import type { MediumRef } from "./medium.machine.ts";
import { newRecordMemory } from "./record-path.ts";
import { recording } from "./record-region.ts";
import { mediumOptions, seen, storageSetup } from "./storage.setup.ts";
import { stepped } from "../stepping/stepped.ts";

const noteMedia = [
  { type: "spawnNew", params: seen },
  { type: "noteReboot", params: seen },
  { type: "noteSuspects", params: seen },
  { type: "passOn", params: seen },
] as const;

/** The media of one box, of a NAS or of this host, as one thing: its slots, and its reboots. */
export const storageMachine = storageSetup.createMachine({
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
    release: { after: null, failed: null },
    failure: "not read yet",
    moves: 0,
    record: newRecordMemory(resume?.recording, now()),
  }),
  type: "parallel",
  states: {
    media: {
      on: {
        reading: [
          { guard: { type: "saysNothing", params: seen } },
          {
            guard: "records",
            actions: [...noteMedia, { type: "passToRecording", params: seen }, "noteReached"],
          },
          { actions: [...noteMedia, "noteReached"] },
        ],
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
        "medium.moved": [
          {
            guard: ({ event }) => event.decision !== undefined,
            actions: ["countMove", { type: "tellMoved", params: ({ event }) => event.decision! }],
          },
          { actions: "countMove" },
        ],
      },
    },
    recording,
    reboots: {
      initial: "deciding",
      states: {
        deciding: { always: [{ guard: "wasCycling", target: "cycling" }, "calm"] },
        calm: {
          always: { guard: "reboots", target: "cycling", actions: ["noteCycle", "tellCycle"] },
        },
        cycling: {
          initial: "deciding",
          states: {
            deciding: {
              always: [
                { guard: "isReleased", target: "released" },
                { guard: "mayRelease", target: "due" },
                { target: "asking" },
              ],
            },
            /** What is to be done is a person's: that was said with the cycle. */
            asking: {},
            /** While it boots it would take the slot into use right afterwards. */
            due: {
              on: { reading: { guard: { type: "isUp", params: seen }, target: "releasing" } },
            },
            releasing: {
              invoke: {
                src: "releaseMedium",
                input: ({ context: { plan, cycle } }) => ({
                  encoder: plan.id,
                  medium: cycle?.slot ?? "",
                }),
                onDone: {
                  target: "released",
                  actions: ["tellReleased", "noteReleased", "retireSlot"],
                },
                onError: { target: "waiting", actions: "tellNotReleased" },
              },
            },
            waiting: { after: { releasesAgain: "due" } },
            /** A boot takes it into use again. */
            released: { always: { guard: "isUsedAgain", target: "due" } },
          },
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
