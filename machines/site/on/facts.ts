/** What boxes and far ends are seen to do is passed on to whom it concerns. */
import { assign, enqueueActions } from "xstate";
import { withoutExits } from "../../encoder/facts.ts";
import { coveredBy, withRecording } from "../recordings.ts";
import { siteSetup } from "../site.setup.ts";

export const facts = siteSetup.createStateConfig({
  on: {
    "encoder.facts": {
      actions: [
        { type: "tellWanted", params: ({ event }) => event.facts },
        assign({
          facts: ({ context, event }) => ({
            ...context.facts,
            [event.facts.encoder]: withoutExits(event.facts),
          }),
        }),
        { type: "passOn", params: ({ event }) => event.facts },
        "orderRecordings",
        "startNeeded",
      ],
    },
    "recording.facts": {
      actions: [
        assign({ recordings: ({ context, event }) => withRecording(context, event.facts) }),
        "orderRecordings",
      ],
    },
    recordingGap: {
      actions: enqueueActions(({ context, event: { type: _, ...told }, enqueue }) => {
        const gap = { ...told, coveredBy: coveredBy(context, told.encoder, told.by) };
        for (const { holder } of Object.values(context.keys)) {
          if (holder?.encoder !== gap.encoder && holder?.encoder !== gap.by) continue;
          enqueue.sendTo(context.streams[holder.stream]!, { type: "recordingGap", gap });
        }
      }),
    },
    "farEnd.facts": {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { destination, media, movedAt } = event.facts;
        if (context.exercise?.destination === destination && media === "moving" && movedAt) {
          enqueue.sendTo(context.exercises, { type: "seen", at: movedAt });
        }
        for (const { id, destination } of context.plan.streams) {
          if (destination !== event.facts.destination) continue;
          enqueue.sendTo(context.streams[id]!, event);
        }
      }),
    },
  },
}).on;
