/** What becomes of the host itself: its journal, its clock, a new start. */
import { assign, emit, enqueueActions } from "xstate";
import { decided } from "../../decision.ts";
import { hostClockAfter, hostClockNews, jumpNews } from "../host-clock.ts";
import { withCpu } from "../cpu-admission.ts";
import { siteSetup } from "../site.setup.ts";

const journalSentences = {
  ok: "the journal is written again",
  slow: "the disk does not answer in time: decisions go on, their record waits in memory",
  full: "the disk is full: decisions go on, their record waits in memory",
  failed: "the disk fails: decisions go on, their record waits in memory",
} as const;

export const host = siteSetup.createStateConfig({
  on: {
    journal: {
      guard: ({ context, event }) => event.health !== context.journal,
      actions: [
        assign({ journal: ({ event }) => event.health }),
        emit(({ event }) =>
          decided({
            type: "site.journal",
            severity: event.health === "ok" ? "info" : "critical",
            message: journalSentences[event.health],
            data: { journal: event.health },
          }),
        ),
      ],
    },
    hostClock: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { hostClock: before, plan, now } = context;
        const hostClock = hostClockAfter(before, event.look, now(), plan.clockAlarmOffsetMs);
        enqueue.assign({ hostClock });
        const news = hostClockNews(before, hostClock);
        if (news) enqueue.emit(decided(news));
      }),
    },
    hostLoad: {
      actions: [
        assign(({ context: { standby, now }, event: { load } }) => ({
          hostLoad: { load, at: now() },
          standby: { ...standby, cpu: withCpu(standby.cpu, load.cpuUsageRatio, now()) },
        })),
        "startNeeded",
        "startWhereRoom",
      ],
    },
    clockJump: { actions: emit(({ event }) => decided(jumpNews(event.byMs))) },
    notSigned: {
      actions: emit(({ event: { count, topic } }) =>
        decided({
          type: "site.notSigned",
          severity: "critical",
          message:
            `${count === 1 ? "a command was" : `${count} commands were`} refused: not signed by the ` +
            `hub. Somebody else may publish to the broker, or the hub's key is another now`,
          data: { count, topic: topic.slice(0, 200) },
        }),
      ),
    },
    opened: {
      actions: emit(({ event }) =>
        decided({
          type: "site.started",
          severity: "info",
          message: `understudy ${event.version} started${
            event.fresh ? "; the journal is new, so nobody's key is known yet" : ""
          }`,
          data: { version: event.version, fresh: event.fresh },
        }),
      ),
    },
  },
}).on;
