/** What a box or its repair asks before it is touched, answered for the whole facility. */
import { enqueueActions } from "xstate";
import { changeFreeze } from "../change-freeze.ts";
import { permitTo, whyNotCool } from "../interruption.ts";
import type { StreamPlan } from "../plan.ts";
import { siteSetup } from "../site.setup.ts";

export const boxes = siteSetup.createStateConfig({
  on: {
    isMissed: {
      actions: enqueueActions(({ context, event: { encoder }, enqueue }) => {
        const streams = context.plan.streams.filter(({ encoders }) =>
          encoders.some((ref) => ref.encoder === encoder),
        );
        const isOff = ({ id }: StreamPlan) =>
          context.streams[id]!.getSnapshot().context.memory.schedule.phase === "off";
        const isMissed = streams.length === 0 || !streams.every(isOff);
        enqueue.sendTo(context.encoders[encoder]!, { type: isMissed ? "missed" : "notMissed" });
      }),
    },
    wantsSync: {
      actions: enqueueActions(({ context, event: { encoder }, enqueue }) => {
        const frozen = changeFreeze(context.freeze, "configuration", context.now());
        const carries = Object.values(context.keys).find((key) => key.holder?.encoder === encoder);
        const because = carries ? `${encoder} carries ${carries.holder?.stream}` : frozen;
        const answer = because === undefined ? "maySync" : "mayNotSync";
        enqueue.sendTo(
          context.encoders[encoder]!,
          answer === "maySync" ? { type: answer } : { type: answer, because: because! },
        );
      }),
    },
    wantsToInterrupt: {
      actions: enqueueActions(({ context, event: { encoder, trouble }, enqueue }) => {
        const permit = permitTo(context, encoder, trouble);
        enqueue.sendTo(
          context.encoders[encoder]!,
          permit.word === "held"
            ? { type: "mayNotInterrupt", because: permit.because }
            : { type: permit.word === "may" ? "mayInterrupt" : "mayNotYet" },
        );
      }),
    },
    wantsToCool: {
      actions: enqueueActions(({ context, event: { encoder }, enqueue }) => {
        const because = whyNotCool(context, encoder);
        enqueue.sendTo(
          context.encoders[encoder]!,
          because === undefined ? { type: "mayCool" } : { type: "mayNotCool", because },
        );
      }),
    },
    wasBooted: {
      actions: enqueueActions(({ context, event: { type, encoder }, enqueue }) => {
        for (const ref of Object.values(context.streams)) enqueue.sendTo(ref, { type, encoder });
      }),
    },
    starts: {
      actions: enqueueActions(({ context, event: { type, encoder, failed }, enqueue }) => {
        enqueue.sendTo(context.encoders[encoder]!, { type, failed });
      }),
    },
    refusal: {
      actions: enqueueActions(({ context, event: { type, destination, by }, enqueue }) => {
        enqueue.sendTo(context.destinations[destination]!, { type, by });
      }),
    },
    wantsRelief: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { encoder, because } = event;
        for (const { holder } of Object.values(context.keys)) {
          if (holder?.encoder !== encoder) continue;
          // Who feeds a relay is relieved by the relay's taking another.
          const { feedOf } = context.plan.streams.find(({ id }) => id === holder.stream) ?? {};
          const ref = context.streams[feedOf ?? holder.stream];
          if (ref) enqueue.sendTo(ref, { type: "relieve", encoder, because });
        }
      }),
    },
    cutPower: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        enqueue.sendTo(context.encoders[event.encoder]!, {
          type: "cutPower",
          stream: event.stream,
          recording: event.recording,
        });
      }),
    },
  },
}).on;
