import fc from "fast-check";
import { expect, test } from "vitest";
import { streamState } from "../../../machines/stream/stream.published.ts";
import { effortOf } from "../facility.ts";
import { aRelayedPlan, asks, onCam, replay, World } from "../world.ts";

const verbs = [
  ...([
    "kill",
    "kill",
    "freeze",
    "break",
    "mend",
    "killRelay",
    "failRelays",
    "mendRelays",
  ] as const),
  ...(["failover", "return", "stop", "start", "release", "restart", "loseResults"] as const),
  ...([
    "reboot",
    "forget",
    "blind",
    "see",
    "maintenance",
    "inService",
    "stall",
    "silence",
    "sendAgain",
    "nothing",
  ] as const),
];
const step = fc.record({
  do: fc.constantFrom(...verbs),
  box: fc.constantFrom("a", "b", "main-relay"),
  s: fc.constantFrom(0, 0.25, 1, 3, 12),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function act(world: World, { do: verb, box: id }: Step): unknown {
  const box = world.box(id);
  switch (verb) {
    case "kill":
      return world.kill(id, true);
    case "freeze":
      return world.freeze(id);
    case "break":
    case "mend":
      return (box.broken = verb === "break");
    case "killRelay":
      return world.killRelay();
    case "failRelays":
    case "mendRelays":
      return (world.relaysFail = verb === "failRelays");
    case "restart":
      return world.restart();
    case "loseResults":
      return world.restart({ resultsLost: true });
    case "reboot":
      return world.restart({ reboot: true, downMs: 20_000 });
    case "forget":
      return world.forgetEverything();
    case "blind":
    case "see":
      return (world.observed = verb === "see");
    case "maintenance":
    case "inService":
      return world.send({ to: `encoder:${id}`, event: { type: verb, by: "engineer" } });
    case "stall":
      return world.stall(1_500);
    case "silence":
    case "sendAgain":
      return world[verb]("cam");
    case "nothing":
      return undefined;
    default:
      return asks(world, verb, verb === "failover" && id !== "main-relay" ? { to: id } : {});
  }
}

const header = { id: "main", epoch: "e", seq: 1, session: "s", atMs: 0 };

const state = (world: World) =>
  streamState(world.core.stream("main"), { published: header, backupLeg: undefined });

/** Fails when who carries is taken from our own orders (`preferred`) instead of from a report. */
function expectTheRelaysWord(world: World) {
  const told = world.relayWords["main"];
  const { carrier, relay } = state(world);
  // One that is being ended is not asked any more.
  if (relay!.health !== "off") expect(relay!.selected).toBe(told?.selected ?? null);
  if (carrier === "carried") expect(relay!.selected).not.toBe(null);
}

test("a relayed stream says of its carrier what its relay says, and nobody else has its key", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
      const world = new World(onCam(aRelayedPlan()));
      world.leap(8, 16);
      let [orders, forgot] = [0, false];
      for (const one of steps) {
        act(world, one);
        expectTheRelaysWord(world);
        world.leap(one.s, 4);
        expectTheRelaysWord(world);
        forgot ||= one.do === "forget";
        const given = world.relays.generations;
        // Without the journal they begin anew, until the relay has told how far they were.
        if (!forgot) expect(given).toEqual([...given].sort((a, b) => a - b));
        orders = given.length;
      }
      expect(orders).toBeGreaterThan(0);
      expect(world.overlaps).toEqual([]);
      expect(world.stuck).toEqual([]);
      for (const { data } of world.told("key.granted")) {
        if (data["destination"] === "far") expect(data["encoder"]).toBe("main-relay");
      }
      expect(replay(world.plan, world.journal)).toEqual(world.rawDecisions());
    }),
    effortOf("relayed"),
  );
}, 36_000_000);

test("whatever happened, once all works again it is on air, and nobody had to look", () => {
  const calm = step.filter(({ do: verb }) => verb !== "stop");
  fc.assert(
    fc.property(fc.array(calm, { minLength: 1, maxLength: 6 }), (steps) => {
      const world = new World(onCam(aRelayedPlan()));
      world.leap(8, 16);
      for (const one of steps) {
        act(world, one);
        world.leap(one.s, 4);
      }
      world.relaysFail = false;
      world.observed = true;
      world.sendAgain("cam");
      for (const id of Object.keys(world.boxes)) {
        world.box(id).broken = false;
        if (world.box(id).frozen) world.kill(id);
        world.send({ to: `encoder:${id}`, event: { type: "inService", by: "engineer" } });
      }
      // A start that failed is tried again after up to 15 minutes.
      for (let minutes = 0; minutes < 20; minutes += 1) world.leap(60, 30);
      const { carrier, carriage } = state(world);
      expect([carrier, carriage]).toEqual(["carried", "onAir"]);
    }),
    { ...effortOf("relayed"), numRuns: Math.ceil(effortOf("relayed").numRuns / 10) },
  );
}, 36_000_000);
