/** The region of a relayed stream that calls a spare in, and lets it go; see spare.ts. */
import { not } from "xstate";
import { alarmRegion } from "../alarm-region.ts";
import { streamSetup } from "../stream.setup.ts";
import { type Args, change, type Of, tells } from "../stream.steps.ts";
import * as spare from "./spare.ts";

const state = streamSetup.createStateConfig;

const call = [tells(spare.spareCalled), change(({ context }) => spare.called(context))];
const letGo = [
  tells(spare.askedInVain),
  tells(spare.spareLetGo),
  change(({ context }) => spare.letGo(context)),
  "feed" as const,
];

const servedAgain = { guard: not("missesOwnInputs"), target: "standingBy" } as const;
const sourceless = { guard: "isSourceless", target: "sourceless" } as const;

export const spareRegion = state({
  initial: "standingBy",
  states: {
    standingBy: {
      always: [
        { guard: "hasCalledSpare", target: "called" },
        { guard: "missesOwnInputs", target: "counting" },
      ],
      on: {
        failover: {
          guard: { type: "canCallFor", params: ({ event }) => event.to },
          target: "called",
          actions: [
            {
              type: "tell",
              params: ({ context, event: { to, command } }: Args<Of<"failover">>) =>
                spare.callNews(
                  context,
                  spare.askedSpare(context, to)!,
                  `asked for by ${command.by}`,
                ),
            },
            change<Of<"failover">>(({ context, event: { to, command } }) =>
              spare.calledFor(context, to, command),
            ),
          ],
        },
      },
    },
    counting: {
      always: [servedAgain, sourceless],
      after: { ownGrace: "wanting" },
    },
    /** It begins with the source, and takes its time: that is told as what it is. */
    sourceless: {
      always: [servedAgain, { guard: not("isSourceless"), target: "startingAnew" }],
    },
    startingAnew: {
      always: [servedAgain, sourceless],
      after: { ownStart: "wanting" },
    },
    /** The first that can is called in. */
    wanting: {
      always: [
        { guard: "hasCalledSpare", target: "called" },
        servedAgain,
        sourceless,
        { guard: "aSpareIsFree", target: "called", actions: call },
      ],
    },
    called: {
      entry: "feed",
      initial: "starting",
      always: [
        { guard: not("hasCalledSpare"), target: "standingBy" },
        { guard: "spareIsLost", target: "wanting", actions: letGo },
      ],
      states: {
        starting: {
          always: [
            { guard: "spareBrings", target: "feeding" },
            { guard: "spareIsIdle", target: "feeding" },
          ],
          after: {
            spareGrace: [
              {
                guard: "spareIsAskedFor",
                target: "#stream.spare.standingBy",
                actions: letGo,
              },
              {
                guard: "anotherCouldBring",
                target: "#stream.spare.called",
                reenter: true,
                actions: call,
              },
              { target: "starting", reenter: true },
            ],
          },
        },
        feeding: {
          always: [
            { guard: "spareIsIdle", target: "calm" },
            { guard: "spareBringsNothing", target: "starting" },
          ],
        },
        calm: {
          always: { guard: not("spareIsIdle"), target: "feeding" },
          after: { spareCalm: { target: "#stream.spare.standingBy", actions: letGo } },
        },
      },
    },
  },
});

/** Its own encoders bring nothing, and nobody can be called in. */
export const spareAlarm = alarmRegion("spare", {
  ...{ lacks: "lacksSpare", needsNone: "lacksNoSpare", has: "lacksNoSpare" },
  ...{ tell: "tellSpare", missing: "ownGrace", endHold: "spareEndHold" },
});
