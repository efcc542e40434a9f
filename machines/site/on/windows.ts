/** On-air windows: the change freeze around them, and the line-up check before. */
import { enqueueActions } from "xstate";
import { decided } from "../../decision.ts";
import { changeFreeze, isFrozen, withEvent, withOverride } from "../change-freeze.ts";
import { lineUpOf } from "../line-up.ts";
import { siteSetup } from "../site.setup.ts";

export const windows = siteSetup.createStateConfig({
  on: {
    eventPhase: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const before = context.freeze;
        const freeze = withEvent(before, event.stream, event.event);
        enqueue.assign({ freeze });
        if (isFrozen(before) === isFrozen(freeze)) return;
        enqueue.emit(
          decided({
            type: "site.changeFreeze",
            severity: "info",
            message: event.event
              ? `changes are frozen until ${event.event.name} is over`
              : "changes are free again",
            data: { events: freeze.events },
          }),
        );
      }),
    },
    overrideFreeze: {
      guard: ({ context }) => isFrozen(context.freeze),
      actions: enqueueActions(({ context, event: { by, why }, enqueue }) => {
        enqueue.assign({ freeze: withOverride(context.freeze, { by, why }, context.now()) });
        enqueue.emit(
          decided({
            type: "site.freezeOverridden",
            severity: "warning",
            message: `${by} lets changes through for 30 min in a change freeze: ${why}`,
            data: { by, why, events: context.freeze.events },
          }),
        );
      }),
    },
    /** Nothing else is let through by it. */
    freezeWasOverridden: {
      actions: enqueueActions(({ event: { by, what, why, atMs }, enqueue }) => {
        enqueue.emit(
          decided({
            type: "site.freezeOverridden",
            severity: "warning",
            message: `${by} did not wait for the end of a change freeze with ${what}: ${why}`,
            data: { by, what, why, overriddenAtMs: atMs },
          }),
        );
      }),
    },
    drillDue: {
      actions: enqueueActions(({ context, event: { stream }, enqueue }) => {
        const { freeze, now, streams } = context;
        if (changeFreeze(freeze, "drill", now()) !== undefined) return;
        const id = `drill-${now().wallMs.toString(36)}`;
        enqueue.sendTo(streams[stream]!, { type: "drill", command: { id, by: "the schedule" } });
      }),
    },
    wantsLineUp: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const lineUp = lineUpOf(context, event.stream);
        if (lineUp) enqueue.sendTo(context.streams[event.stream]!, { type: "lineUp", lineUp });
      }),
    },
  },
}).on;
