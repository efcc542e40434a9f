import fc from "fast-check";
import { expect, test } from "vitest";
import { streamState } from "../../../machines/stream/stream.published.ts";
import { effortOf } from "../facility.ts";
import { aRelayedPlan, asks, onCam, relayedPlans, replay, World } from "../world.ts";

const verbs = [
  ...([
    "kill",
    "kill",
    "freeze",
    "break",
    "mend",
    "killRelay",
    "failRelays",
    "loseRelay",
    "loseRelay",
    "mendRelays",
  ] as const),
  ...(["unplug", "plug", "deaf", "hears"] as const),
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
    "hog",
    "hog",
    "calm",
    "nothing",
  ] as const),
];
const step = fc.record({
  do: fc.constantFrom(...verbs),
  box: fc.constantFrom("a", "b", "main-relay"),
  s: fc.constantFrom(0, 0.25, 1, 3, 12, 35),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Who was seen to reach the far end itself, and so may go on without the relay. */
const facility = fc.record({
  kind: fc.constantFrom("soft" as const, "helo" as const),
  directly: fc.constantFrom([], ["a"], ["b", "a"]),
});
type Facility = typeof facility extends fc.Arbitrary<infer T> ? T : never;

/** On air through its relay. */
function aWorld({ kind, directly }: Facility): World {
  const seen = directly.length > 0 && { directly };
  const world = new World(onCam(aRelayedPlan(["a", "b"], { kind, ...seen })));
  if (kind === "soft") world.leap(8, 16);
  else world.leap(20, 40);
  return world;
}

/** For so long that it counts. */
function hog(world: World, isBusy: boolean): void {
  const load = { cpuUsageRatio: isBusy ? 0.97 : 0.1 };
  const tell = () => world.send({ to: "site", event: { type: "hostLoad", load } });
  tell();
  world.leap(12, 4);
  tell();
}

function act(world: World, { do: verb, box: id }: Step, stream = "main"): unknown {
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
      return world.killRelay(stream);
    case "loseRelay":
      world.relaysFail = true;
      return world.killRelay(stream);
    case "unplug":
    case "plug":
      return (box.reachable = verb === "plug");
    case "deaf":
    case "hears":
      return (box.deaf = verb === "deaf");
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
    case "hog":
    case "calm":
      return hog(world, verb === "hog");
    case "nothing":
      return undefined;
    default:
      return asks(world, verb, {
        stream,
        ...(verb === "failover" && id !== "main-relay" && { to: id }),
      });
  }
}

const header = { id: "main", epoch: "e", seq: 1, session: "s", atMs: 0 };

const state = (world: World) =>
  streamState(world.core.stream("main"), { published: header, backupLeg: undefined });

/** Fails when who carries is taken from our own orders (`preferred`) instead of from a report. */
function expectTheRelaysWord(world: World) {
  const told = world.relayWords["main"];
  const { carrier, relay, path } = state(world);
  if (path === "direct") return expect(relay).toMatchObject({ health: "off", selected: null });
  // Of one that is being ended, or was asked for anew, nothing was heard yet.
  const wasHeard = relay!.health !== "off" && relay!.health !== "starting";
  if (relay!.health !== "off") expect(relay!.selected).toBe((wasHeard && told?.selected) || null);
  if (carrier === "carried") expect(relay!.selected).not.toBe(null);
  return undefined;
}

test("a relayed stream says of its carrier what its relay says, and nobody else has its key", () => {
  let falls = 0;
  fc.assert(
    fc.property(facility, fc.array(step, { minLength: 1, maxLength: 8 }), (facility, steps) => {
      const world = aWorld(facility);
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
      let fell = false;
      for (const { type, data } of world.decisions) {
        fell ||= type === "stream.fellBack";
        if (type !== "key.granted" || data["destination"] !== "far") continue;
        const may = fell ? ["main-relay", ...facility.directly] : ["main-relay"];
        expect(may).toContain(data["encoder"]);
      }
      falls += fell ? 1 : 0;
      expect(replay(world.plan, world.journal)).toEqual(world.rawDecisions());
    }),
    effortOf("relayed"),
  );
  if (effortOf("relayed").numRuns >= 100) expect(falls).toBeGreaterThan(0);
}, 36_000_000);

test("whatever happened, once all works again it is on air, and without its relay where it can", () => {
  const calm = step.filter(({ do: verb }) => verb !== "stop");
  const calmSteps = fc.array(calm, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(facility, calmSteps, fc.boolean(), (facility, steps, isGone) => {
      const world = aWorld(facility);
      for (const one of steps) {
        act(world, one);
        world.leap(one.s, 4);
      }
      world.relaysFail = isGone && facility.directly.length > 0;
      if (world.relaysFail) world.killRelay();
      world.observed = true;
      world.sendAgain("cam");
      for (const id of Object.keys(world.boxes)) {
        Object.assign(world.box(id), { broken: false, deaf: false, reachable: true });
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

/** Two relayed programmes with an encoder each, and one spare. */
function aPool(kind: Facility["kind"]): World {
  const part = (id: string) => ({ inputs: [id, "s"], spares: ["s"], kind });
  const world = new World(onCam(relayedPlans({ main: part("a"), two: part("b") })));
  if (kind === "soft") world.leap(8, 16);
  else world.leap(20, 40);
  return world;
}

const poolStep = fc.record({
  what: step.filter(({ do: verb }) => !["forget", "silence", "loseRelay"].includes(verb)),
  box: fc.constantFrom("a", "b", "s", "main-relay"),
  stream: fc.constantFrom("main", "two"),
  released: fc.boolean(),
});
const releaseSpare = { to: "encoder:s", event: { type: "release", by: "engineer" } } as const;

/** @returns the stream that the spare feeds now, by the machines */
function expectOneRelay(world: World): string | null {
  const { keys } = world.core.site();
  const held = Object.values(keys).flatMap(({ holder }) =>
    holder?.encoder === "s" ? [holder.stream] : [],
  );
  expect(held.length).toBeLessThanOrEqual(1);
  const selecting = ["main", "two"].filter((id) => world.relays.selected(id) === "s");
  expect(selecting.length).toBeLessThanOrEqual(1);
  return held[0]?.replace(/-relay-s$/, "") ?? null;
}

test("a spare feeds one relay at a time, and another one only when somebody has released it", () => {
  let covers = 0;
  const pool = fc.array(poolStep, { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(facility, pool, ({ kind }, steps) => {
      const world = aPool(kind);
      let keptFor: string | null = null;
      for (const { what, box, stream, released } of steps) {
        if (released && world.core.can(releaseSpare)) {
          world.send(releaseSpare);
          keptFor = null;
        }
        act(world, { ...what, box: box as Step["box"] }, stream);
        // In small steps, so that no change is passed over.
        for (let left = what.s; left >= 0; left -= 1) {
          world.leap(Math.min(Math.max(left, 0.25), 1), 2);
          const feeds = expectOneRelay(world);
          expect([null, keptFor ?? feeds]).toContain(feeds);
          covers += feeds !== null && keptFor === null ? 1 : 0;
          keptFor = feeds ?? keptFor;
        }
      }
      expect(world.overlaps).toEqual([]);
      expect(world.stuck).toEqual([]);
      expect(replay(world.plan, world.journal)).toEqual(world.rawDecisions());
    }),
    { ...effortOf("relayed"), numRuns: Math.ceil(effortOf("relayed").numRuns / 8) },
  );
  if (effortOf("relayed").numRuns >= 100) expect(covers).toBeGreaterThan(0);
}, 36_000_000);

test("whatever happened, a stream that lost its encoder is on air with the spare that is free", () => {
  const pool = fc.array(poolStep, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(facility, pool, ({ kind }, steps) => {
      const world = aPool(kind);
      for (const { what, box, stream } of steps) {
        if (what.do === "stop") continue;
        act(world, { ...what, box: box as Step["box"] }, stream);
        world.leap(what.s, 4);
      }
      Object.assign(world, { relaysFail: false, observed: true });
      for (const id of Object.keys(world.boxes)) {
        const isLost = id === "a";
        Object.assign(world.box(id), { broken: isLost, deaf: false, reachable: true });
        if (isLost || world.box(id).frozen) world.kill(id);
        if (isLost) world.box(id).running = null;
        world.send({ to: `encoder:${id}`, event: { type: "inService", by: "engineer" } });
      }
      for (let minutes = 0; minutes < 20; minutes += 1) {
        world.leap(60, 30);
        const { relay } = streamState(world.core.stream("two"), {
          published: header,
          backupLeg: undefined,
        });
        // Where the other has it, and needs it no more.
        if (relay!.selected === "s") asks(world, "return", { stream: "two" });
        if (world.core.can(releaseSpare)) world.send(releaseSpare);
      }
      expect(state(world)).toMatchObject({ carrier: "carried", carriage: "onAir", encoder: "s" });
    }),
    { ...effortOf("relayed"), numRuns: Math.ceil(effortOf("relayed").numRuns / 40) },
  );
}, 36_000_000);
