import fc from "fast-check";
import { and, assign, createActor, emit, enqueueActions, fromCallback, not, or } from "xstate";
import { raise, sendParent, sendTo, setup, SimulatedClock, stateIn } from "xstate";
import { describe, expect, test } from "vitest";
import { byXState, stepped } from "../../../machines/stepping/stepped.ts";
import { slow } from "../../setup/slow.ts";

type Event = { type: "a" | "b" | "c" | "d" | "e" | "echo" | "heard" | "inner" };
type Noted = { type: "noted"; what: string };
type Context = { n: number; log: string[]; double: number };

const types = {} as { context: Context; events: Event; emitted: Noted };

const note = (what: string) =>
  assign<Context, Event, undefined, Event, never>({
    log: ({ context, event }) => [...context.log, `${what} of ${event.type} at ${context.n}`],
  });

/** Every shape that a chart of ours has, and some that none has yet. */
function puzzle() {
  const echoes = fromCallback<Event>(({ sendBack, receive }) => {
    receive((event) => sendBack({ type: "heard", of: event.type }));
    return () => undefined;
  });
  return setup({
    types,
    actors: { echoes },
    delays: { soon: ({ context }) => 10 + context.n },
    guards: {
      isEven: ({ context }) => context.n % 2 === 0,
      isAtLeast: ({ context }, least: number) => context.n >= least,
      mayRest: and([
        stateIn({ lamp: "off" }),
        or([stateIn({ tower: "high" }), not(stateIn("#deep"))]),
      ]),
    },
    actions: {
      more: assign({ n: ({ context }) => context.n + 1 }),
      say: emit((_, what: string) => ({ type: "noted" as const, what })),
      both: enqueueActions(({ context, enqueue }) => {
        enqueue.assign({ double: context.n * 2 });
        if (context.n % 4 === 0) enqueue.emit({ type: "noted", what: `even at ${context.n}` });
        if (context.n % 3 === 0) enqueue.raise({ type: "inner" });
      }),
    },
  }).createMachine({
    id: "puzzle",
    context: { n: 0, log: [], double: 0 },
    type: "parallel",
    on: { e: { actions: note("root") } },
    states: {
      counter: {
        on: { a: { actions: "more" }, b: { guard: "isEven", actions: ["more", "both"] } },
      },
      lamp: {
        initial: "off",
        entry: note("lamp"),
        on: { d: ".off" },
        states: {
          off: {
            exit: note("leave off"),
            on: {
              a: [
                { guard: { type: "isAtLeast", params: 4 }, target: "broken" },
                { target: "on", actions: { type: "say", params: "on" } },
              ],
            },
          },
          on: {
            entry: [note("on"), raise({ type: "echo" })],
            on: { a: "off", c: { target: "on", reenter: true }, d: {} },
            after: { soon: { target: "off", actions: note("burnt down") } },
          },
          broken: { always: { guard: ({ context }) => context.n % 7 === 0, target: "off" } },
        },
      },
      rest: {
        initial: "awake",
        states: {
          awake: { always: { guard: "mayRest", target: "asleep", actions: note("sleeps") } },
          asleep: {
            id: "deep",
            type: "parallel",
            exit: note("wakes"),
            on: { c: { target: "awake" }, echo: "awake" },
            states: {
              breath: {
                initial: "in",
                states: {
                  in: { on: { b: "out", c: { actions: note("in") } } },
                  out: {
                    entry: "more",
                    on: { b: "in", echo: "#puzzle.rest.drowsy" },
                    after: { 25: "in" },
                  },
                },
              },
              dream: {
                initial: "none",
                states: {
                  none: { always: { guard: { type: "isAtLeast", params: 3 }, target: "vivid" } },
                  vivid: { on: { e: { target: "#deep", reenter: true }, b: { actions: "both" } } },
                },
              },
            },
          },
          drowsy: {
            on: { a: "awake", inner: { target: "asleep", actions: note("inner") } },
          },
        },
      },
      caller: {
        initial: "silent",
        states: {
          silent: { on: { e: "calling" } },
          calling: {
            invoke: { src: "echoes", id: "echoes" },
            entry: sendTo("echoes", { type: "a" }),
            exit: sendTo("echoes", { type: "b" }),
            on: { heard: { actions: [note("heard"), "both"] }, c: "silent" },
          },
        },
      },
      tower: {
        initial: "low",
        states: {
          low: {
            always: { guard: ({ context }) => context.n > 6, target: "high" },
            on: { inner: { target: "high", actions: note("up") } },
          },
          high: {
            entry: sendParent({ type: "heard" }),
            on: { d: { target: "low", actions: assign({ n: 0 }) } },
          },
        },
      },
    },
  });
}

type Step = { type: Event["type"] } | { ms: number };
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(..."abcde".split("")).map((type) => ({ type })) },
    { weight: 1, arbitrary: fc.nat({ max: 40 }).map((ms) => ({ ms })) },
  ),
  { maxLength: 40 },
) as fc.Arbitrary<Step[]>;

/** What is seen of an actor that goes through these: its snapshots, and what it told. */
function seen(machine: ReturnType<typeof puzzle>, taken: readonly Step[]): unknown[] {
  const list: unknown[] = [];
  const owner = setup({ actors: { machine } }).createMachine({
    invoke: { src: "machine", id: "child" },
    on: { heard: { actions: () => void list.push("the parent heard") } },
  });
  const clock = new SimulatedClock();
  const parent = createActor(owner, { clock }).start();
  const actor = parent.getSnapshot().children["child"]!;
  actor.on("noted", ({ what }: Noted) => void list.push(what));
  const look = () => {
    const { status, value, context, children } = actor.getSnapshot();
    list.push({ status, value, context, children: Object.keys(children) });
  };
  look();
  let before: unknown = actor.getSnapshot();
  for (const step of taken) {
    if ("ms" in step) clock.increment(step.ms);
    else actor.send(step);
    const now: unknown = actor.getSnapshot();
    list.push(now === before ? "the same snapshot" : "another snapshot");
    before = now;
    look();
  }
  parent.stop();
  return list;
}

describe("a machine that is stepped", () => {
  slow("does what XState does with it, whatever happens", () => {
    const machine = stepped(puzzle());
    fc.assert(
      fc.property(steps, (taken) => {
        expect(seen(machine, taken)).toEqual(byXState(() => seen(machine, taken)));
      }),
      { numRuns: 100 },
    );
  });

  test("comes through all of the chart that it is compared by", () => {
    const machine = stepped(puzzle());
    const all = JSON.stringify(
      fc.sample(steps, { numRuns: 200, seed: 1 }).map((taken) => seen(machine, taken)),
    );
    const words = [
      ...["vivid", "out", "drowsy", "broken", "calling", "high", "burnt down", "wakes"],
      ...["heard of", "even at", "inner", "the parent heard", "the same snapshot"],
    ];
    expect(words.filter((word) => !all.includes(word))).toEqual([]);
  });

  test("states of one configuration are shared by all that are in it", () => {
    const machine = stepped(puzzle());
    const [one, other] = [createActor(machine).start(), createActor(machine).start()];
    for (const actor of [one, other]) actor.send({ type: "a" });
    expect(one.getSnapshot().value).toBe(other.getSnapshot().value);
  });

  test("a chart with what nobody steps is refused", () => {
    const ends = setup({}).createMachine({ initial: "end", states: { end: { type: "final" } } });
    expect(() => stepped(ends)).toThrow("final");
    const any = setup({}).createMachine({ on: { "*": {} } });
    expect(() => stepped(any)).toThrow("any event");
  });
});
