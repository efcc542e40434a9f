import type { EncoderPlan } from "../site/plan.ts";
import { clock } from "./clock.ts";
import { control } from "./control.ts";
import { drift } from "./drift.ts";
import { custody } from "./custody.ts";
import { connectionNews } from "./connection.ts";
import { copiedContext, type EncoderContext, newEncoderContext } from "./encoder.context.ts";
import type { EncoderEvent } from "./encoder.events.ts";
import { encoderSetup } from "./encoder.setup.ts";
import { otherHands } from "./other-hands.ts";
import { power } from "./power.ts";
import type { EncoderReading } from "./reading.ts";
import { repair } from "./repair.ts";
import { thermal } from "./thermal.ts";
import { stepped } from "../stepping/stepped.ts";

type Reads = { reading: EncoderReading };
type Connects = Extract<EncoderEvent, { type: "connection" }>;
const newsOf = (context: EncoderContext, { connection }: Connects) =>
  connectionNews(context.plan.id, context.connection, connection);
const keepConnection = {
  type: "keepConnection",
  params: ({ event }: { event: Connects }) => event.connection,
} as const;
const inputs = ["good", "lost", "black", "frozen", "silent"] as const;

const machines = new Map<string, ReturnType<typeof make>>();

/** The machine of a box with these outputs; boxes of one shape share it. */
export function encoderMachineFor({ outputs, ownSelfStart, outlet }: EncoderPlan) {
  const shape = `${outputs.join()} ${ownSelfStart} ${outlet !== undefined}`;
  const known = machines.get(shape);
  if (known) return known;
  const machine = stepped(
    make(outputs, { ownsSelfStart: ownSelfStart, hasOutlet: outlet !== undefined }),
    copiedContext,
  );
  machines.set(shape, machine);
  return machine;
}

/** One box: may it take work, what does it do, what does it know that it should not? */
function make(
  outputs: readonly string[],
  { ownsSelfStart, hasOutlet }: { ownsSelfStart: boolean; hasOutlet: boolean },
) {
  const reads = ({ event }: { event: EncoderEvent }) => ({
    reading: (event as Extract<EncoderEvent, { type: "reading" }>).reading,
  });

  return encoderSetup.createMachine({
    id: "encoder",
    context: ({ input }) => newEncoderContext(input),
    type: "parallel",
    states: {
      /** Remembers; decides nothing. */
      memory: {
        on: {
          reading: [
            {
              guard: ({ context, event }) =>
                context.serialNumber !== null &&
                event.reading.identity?.serialNumber !== undefined &&
                event.reading.identity.serialNumber !== context.serialNumber,
              actions: [
                { type: "tellReplaced", params: reads },
                { type: "keepReading", params: reads },
              ],
            },
            {
              guard: ({ context, event }) =>
                context.reading?.bootMark !== undefined &&
                event.reading.bootMark !== undefined &&
                event.reading.bootMark !== context.reading.bootMark,
              actions: ["tellRebooted", { type: "keepReading", params: reads }],
            },
            { actions: { type: "keepReading", params: reads } },
          ],
          unreadable: {
            actions: {
              type: "countFailure",
              params: ({ event }) => `${event.failure}: ${event.detail}`,
            },
          },
          connection: [
            {
              guard: ({ context, event }) => newsOf(context, event) !== undefined,
              actions: [
                { type: "tellConnection", params: ({ context, event }) => newsOf(context, event)! },
                keepConnection,
              ],
            },
            { actions: keepConnection },
          ],
          feed: { actions: { type: "keepFeed", params: ({ event }) => event.feed } },
          stalled: { actions: "forgetReading" },
          granted: { actions: [holding(true), "noteUse"] },
          wanted: { actions: { type: "want", params: ({ event }) => event.desired } },
          release: { guard: "mayRelease", actions: ["tellReleased", "forgetUse"] },
          exercise: { actions: ["tellExercise", "noteExercise"] },
          benched: { actions: [holding(false), { type: "noteStarts", params: () => false }] },
          released: { actions: [holding(false), { type: "noteStarts", params: () => false }] },
          starts: { actions: { type: "noteStarts", params: ({ event }) => event.failed } },
        },
      },
      link: {
        initial: "unknown",
        on: { stalled: ".unknown" },
        states: {
          unknown: {
            on: {
              reading: "reachable",
              unreadable: [{ guard: "tooManyFailures", target: "unreachable" }, {}],
            },
          },
          reachable: {
            on: { reading: { target: "reachable", reenter: true }, unreadable: "silent" },
            after: { readingMaxAge: "silent" },
          },
          silent: {
            on: {
              reading: "reachable",
              unreadable: [{ guard: "tooManyFailures", target: "unreachable" }, {}],
            },
          },
          unreachable: {
            entry: { type: "tellLink", params: "unreachable" },
            on: {
              reading: { target: "reachable", actions: { type: "tellLink", params: "reachable" } },
            },
          },
        },
      },
      thermal,
      service: {
        initial: "deciding",
        on: {
          maintenance: {
            target: ".maintenance",
            actions: {
              type: "tellService",
              params: ({ event }) => ({ word: "maintenance", by: event.by }),
            },
          },
        },
        states: {
          deciding: {
            always: [
              { guard: { type: "wasService", params: "maintenance" }, target: "maintenance" },
              { target: "inService" },
            ],
          },
          inService: {
            on: { reading: { guard: { type: "isBooting", params: reads }, target: "rebooting" } },
          },
          rebooting: {
            on: { reading: { guard: { type: "isUp", params: reads }, target: "inService" } },
          },
          maintenance: {
            on: {
              inService: {
                target: "inService",
                actions: {
                  type: "tellService",
                  params: ({ event }) => ({ word: "inService", by: event.by }),
                },
              },
            },
          },
        },
      },
      input: {
        initial: "unknown",
        states: Object.fromEntries(
          (["unknown", ...inputs] as const).map((here) => [
            here,
            {
              on: {
                reading: (["unknown", ...inputs] as const)
                  .filter((word) => word !== here)
                  .map((word) => ({
                    guard: ({ event }: { event: Reads }) =>
                      (event.reading.input ?? "unknown") === word,
                    target: word,
                    actions: { type: "tellInput" as const, params: word },
                  })),
              },
            },
          ]),
        ),
      },
      selfStart: ownsSelfStart
        ? {
            initial: "watching",
            states: {
              watching: {
                on: {
                  reading: { guard: { type: "mayStartByItself", params: reads }, target: "owning" },
                },
              },
              owning: {
                invoke: {
                  src: "ownSelfStart",
                  input: ({ context }) => ({ encoder: context.plan.id }),
                  onDone: {
                    target: "settling",
                    actions: { type: "tellSelfStart", params: true },
                  },
                  onError: { target: "resting", actions: { type: "tellSelfStart", params: false } },
                },
              },
              /** The next readings may still show the old values: they are read in turn. */
              settling: { after: { retrySelfStart: "watching" } },
              resting: { after: { retrySelfStart: "watching" } },
            },
          }
        : {},
      power: hasOutlet ? power : {},
      alarms: {
        on: {
          reading: [
            {
              guard: { type: "hasAlarmNews", params: reads },
              actions: [
                { type: "tellAlarms", params: reads },
                { type: "noteAlarms", params: reads },
              ],
            },
            {
              guard: { type: "alarmsMove", params: reads },
              actions: { type: "noteAlarms", params: reads },
            },
          ],
        },
      },
      repair,
      control,
      clock,
      drift,
      hands: {
        ...otherHands,
        on: {
          reading: [
            { guard: "isChangedElsewhere", actions: ["tellChangedElsewhere", "noteHands"] },
            { actions: "noteHands" },
          ],
          granted: { actions: "noteHands" },
        },
      },
      ...Object.fromEntries(outputs.map((output) => [`custody:${output}`, custody(output)])),
    },
  });
}
export type EncoderMachine = ReturnType<typeof encoderMachineFor>;

function holding(held: boolean) {
  return {
    type: "hold" as const,
    params: ({ event }: { event: EncoderEvent }) => ({
      output: "output" in event ? event.output : "",
      held,
    }),
  };
}
