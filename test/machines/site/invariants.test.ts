import fc from "fast-check";
import { expect, test } from "vitest";
import { propertyRuns } from "../../setup/effort.ts";
import { aDestinationPlan, aPlan, aStreamPlan, replay, World } from "../world.ts";

/** What can happen to a facility, in the order it happens. Boxes are named by position. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      s: fc.constantFrom(0.25, 1, 3, 12, 35),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "kill" as const,
        "freeze" as const,
        "unplug" as const,
        "plug" as const,
        "press" as const,
        "deaf" as const,
        "hears" as const,
        "break" as const,
        "mend" as const,
        "loseInput" as const,
        "getInput" as const,
      ),
      box: fc.nat({ max: 2 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "cutUplink" as const,
        "joinUplink" as const,
        "blind" as const,
        "see" as const,
        "stall" as const,
        "restart" as const,
        "reboot" as const,
        "forget" as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("jump" as const),
      ms: fc.constantFrom(3_600_000, -3_600_000, 315_360_000_000, -315_360_000_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "failover" as const,
        "return" as const,
        "stop" as const,
        "start" as const,
        "abort" as const,
        "release" as const,
        "maintenance" as const,
        "inService" as const,
      ),
      box: fc.nat({ max: 2 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One exclusive stream on three boxes, and a second that may borrow the last of them. */
const facility = fc.record({
  kinds: fc.tuple(
    fc.constantFrom("soft" as const, "helo" as const),
    fc.constantFrom("soft" as const, "helo" as const),
    fc.constantFrom("soft" as const, "helo" as const),
  ),
  takeover: fc.constantFrom(
    "exclusive" as const,
    "exclusive" as const,
    "lastWins" as const,
    "firstWins" as const,
  ),
  second: fc.boolean(),
});
type Facility = typeof facility extends fc.Arbitrary<infer T> ? T : never;

function build({ kinds: [a, b, c], takeover, second }: Facility): World {
  return new World(
    aPlan({
      kinds: { a, b, c },
      destinations: [
        aDestinationPlan({ takeover }),
        ...(second ? [aDestinationPlan({ id: "far2" })] : []),
      ],
      streams: [
        aStreamPlan({ encoders: second ? ["a", "b"] : ["a", "b", "c"] }),
        ...(second ? [aStreamPlan({ id: "two", destination: "far2", encoders: ["c", "b"] })] : []),
      ],
    }),
  );
}

let asked = 0;
function act(world: World, s: Step) {
  const id = ["a", "b", "c"]["box" in s ? s.box : 0]!;
  const box = world.box(id);
  const command = { id: `c${++asked}`, by: "engineer" };
  const main = "stream:main" as const;
  switch (s.do) {
    case "pass":
      return world.leap(s.s);
    case "kill":
      return world.kill(id);
    case "freeze":
      return world.freeze(id);
    case "unplug":
      return void (box.reachable = false);
    case "plug":
      return void (box.reachable = true);
    case "press":
      return world.pressStart(id);
    case "deaf":
      return void (box.deaf = true);
    case "hears":
      return void (box.deaf = false);
    case "break":
      return void (box.broken = true);
    case "mend":
      return void (box.broken = false);
    case "loseInput":
      return void (box.input = "lost");
    case "getInput":
      return void (box.input = "good");
    case "cutUplink":
      return void (world.uplink = false);
    case "joinUplink":
      return void (world.uplink = true);
    case "blind":
      return void (world.observed = false);
    case "see":
      return void (world.observed = true);
    case "stall":
      return world.stall(400);
    case "restart":
      return world.restart();
    case "reboot":
      return world.restart({ reboot: true, downMs: 20_000 });
    case "forget":
      return world.forgetEverything();
    case "jump":
      return world.jumpWallClock(s.ms);
    case "maintenance":
    case "inService":
      return void world.send({ to: `encoder:${id}`, event: { type: s.do, by: "engineer" } });
    case "failover":
      return void world.send({ to: main, event: { type: "failover", command, to: id } });
    default:
      return void world.send({ to: main, event: { type: s.do, command } });
  }
}

/** Everything is mended and a person lets go of every latch: what must become good, becomes good. */
function mend(world: World) {
  for (const [id, box] of Object.entries(world.boxes)) {
    Object.assign(box, { reachable: true, deaf: false, broken: false, input: "good" });
    if (box.frozen) world.kill(id);
    box.frozen = false;
    world.send({ to: `encoder:${id}`, event: { type: "inService", by: "engineer" } });
  }
  world.uplink = true;
  world.observed = true;
}

const sequences = fc.tuple(facility, fc.array(step, { minLength: 1, maxLength: 12 }));
const options = {
  numRuns: propertyRuns(),
  ...(process.env["UNDERSTUDY_SEED"] && { seed: Number(process.env["UNDERSTUDY_SEED"]) }),
};

const limitMs = 3_600_000;

test(
  "no encoder is started on an exclusive key while another one publishes on it",
  () => {
    fc.assert(
      fc.property(sequences, ([f, steps]) => {
        const world = build(f);
        world.leap(6);
        for (const s of steps) act(world, s);
        if (f.takeover !== "lastWins") expect(world.overlaps).toEqual([]);
        expectEveryTakeoverToBeReasoned(world);
        expectBudgetsToBeKept(world);
      }),
      options,
    );
  },
  limitMs,
);

test(
  "when everything works again, the programme is back on air without anybody's help",
  () => {
    fc.assert(
      fc.property(sequences, ([f, steps]) => {
        const world = build(f);
        world.leap(6);
        for (const s of steps) act(world, s);
        mend(world);
        world.pass(30);
        world.send({
          to: "stream:main",
          event: { type: "start", command: { id: "end", by: "engineer" } },
        });
        // The longest back-off is 15 min; a wall clock that jumped must not make it longer.
        world.pass(16 * 60);
        expect(world.word()).toBe("carried");
        expect(world.carriage()).toBe("onAir");
        expect(world.publishers().length).toBe(1);
      }),
      { ...options, numRuns: Math.ceil(propertyRuns() / 20) },
    );
  },
  limitMs,
);

test(
  "a replay of the input journal decides the same, byte for byte",
  () => {
    fc.assert(
      fc.property(sequences, ([f, steps]) => {
        const world = build(f);
        world.leap(6);
        for (const s of steps) act(world, s);
        const again = replay(world.plan, world.journal);
        const first = replay(world.plan, world.journal);
        expect(again).toEqual(first);
        expect(again.length).toBe(world.decisions.length);
        expect(again).toEqual(world.rawDecisions);
      }),
      { ...options, numRuns: Math.ceil(propertyRuns() / 4) },
    );
  },
  limitMs,
);

/** Each grant names the proof for the last holder, or the reason why none was needed. */
function expectEveryTakeoverToBeReasoned(world: World) {
  const holders = new Map<string, string>();
  for (const { type, data } of world.decisions) {
    const destination = String(data["destination"]);
    if (type === "key.released") holders.delete(destination);
    if (type === "site.rolledBack" || type === "site.started") holders.clear();
    if (type === "key.adopted") holders.set(destination, String(data["encoder"]));
    if (type !== "key.granted") continue;
    const because = data["because"] as { kind: string; certificates?: { encoder: string }[] };
    const last = holders.get(destination);
    if (because.kind === "fenced" && last !== undefined && !world.forgot) {
      expect(because.certificates?.map((c) => c.encoder)).toContain(last);
    }
    if (because.kind === "nobodyHeldIt" && !world.forgot) expect(last).toBeUndefined();
    holders.set(destination, String(data["encoder"]));
  }
}

/** No more than two switches away from an on-air carrier in ten minutes were made unasked. */
function expectBudgetsToBeKept(world: World) {
  for (const { id } of world.plan.streams) {
    const { switches, now } = world.core.stream(id).context;
    const recent = switches.filter(
      (at) => at.bootId === now().bootId && now().monoMs - at.monoMs < 600_000,
    );
    expect(recent.length).toBeLessThanOrEqual(2);
  }
}
