import { describe, expect, test } from "vitest";
import type { Incident } from "../../../machines/stream/stream.contract.ts";
import { streamState } from "../../../machines/stream/stream.published.ts";
import { byXState } from "../../../machines/stepping/stepped.ts";
import { aPlan, aRelayedPlan, asks, replay, World } from "../world.ts";

const header = { id: "main", epoch: "e", seq: 1, session: "s", atMs: 0 };
const state = (world: World) =>
  streamState(world.core.stream("main"), { published: header, backupLeg: undefined });
const incidents = (world: World) =>
  world.told("stream.incident").map(({ data }) => data["incident"] as Incident);

const bothDirectly = { directly: ["a", "b"] };
function aRelayedWorld(p: Parameters<typeof aRelayedPlan>[1] = bothDirectly): World {
  const world = new World(aRelayedPlan(["a", "b"], p));
  world.pass(p?.kind === "helo" ? 20 : 10);
  expect(state(world)).toMatchObject({ carrier: "carried", path: "relayed", encoder: "a" });
  return world;
}

/** For good, as far as anybody knows. */
function loseRelay(world: World): void {
  world.relaysFail = true;
  world.killRelay();
}

function expectSafe(world: World): void {
  expect(world.overlaps).toEqual([]);
  expect(world.stuck).toEqual([]);
  expect(replay(world.plan, world.journal)).toEqual(world.rawDecisions());
  expect(byXState(() => replay(world.plan, world.journal))).toEqual(world.rawDecisions());
}

function aFallenBackWorld(p: Parameters<typeof aRelayedPlan>[1] = bothDirectly): World {
  const world = aRelayedWorld(p);
  loseRelay(world);
  world.pass(30);
  expect(world.publishers()).toEqual(["a"]);
  expect(state(world)).toMatchObject({ carrier: "carried", path: "direct", encoder: "a" });
  return world;
}

test.each(["soft", "helo"] as const)(
  "a relay that cannot be kept up is left: one that was seen at the far end publishes itself (%s)",
  (kind) => {
    const world = aFallenBackWorld({ ...bothDirectly, kind });
    expect(state(world)).toMatchObject({
      ...{ carriage: "onAir", understudyEncoder: "b" },
      relay: {
        health: "off",
        selected: null,
        fellBack: { because: expect.stringContaining("it cannot be had") as string },
      },
    });
    expect(world.publishers("main-relay-a")).toEqual([]);
    const [news, ...more] = world.told("stream.fellBack");
    expect(more).toEqual([]);
    expect(news).toMatchObject({ severity: "critical", data: { path: "direct" } });
    expect(news!.message).toContain("it goes on on path direct with a or b");
    expect(world.told("stream.needsHuman")).toEqual([]);
    const incident = incidents(world).at(-1)!;
    expect(incident).toMatchObject({
      ...{ cause: "relayDown", from: "a", to: "a", outcome: "tookOver" },
      certificate: { encoder: "main-relay", level: 2 },
    });
    expect(incident.offAirMs).toBeGreaterThan(1_000);
    expect(incident.offAirMs).toBeLessThan(20_000);
    expectSafe(world);
  },
);

test("with nobody seen at the far end it stays with its relay, as ever", () => {
  const world = aRelayedWorld({});
  loseRelay(world);
  world.pass(60);
  expect(state(world)).toMatchObject({ carrier: "needsHuman", path: "relayed" });
  expect(world.told("stream.fellBack")).toEqual([]);
  expect(world.told("stream.needsHuman")).toHaveLength(1);
  world.relaysFail = false;
  world.pass(15);
  expect(state(world)).toMatchObject({ carrier: "carried", path: "relayed" });
  expectSafe(world);
});

test("one that is not known to answer is none to fall back to, and is when it answers", () => {
  const world = aRelayedWorld({ directly: ["b"], kind: "helo" });
  world.box("b").reachable = false;
  world.pass(40);
  loseRelay(world);
  world.pass(30);
  expect(state(world)).toMatchObject({ path: "relayed", carrier: "needsHuman" });
  world.box("b").reachable = true;
  world.pass(40);
  expect(world.publishers()).toEqual(["b"]);
  expect(state(world)).toMatchObject({ path: "direct", carrier: "carried", understudy: "none" });
  expectSafe(world);
});

test("what published for the relay and is not proven off keeps everybody else off", () => {
  const world = aRelayedWorld();
  world.fenceEvidence = [];
  loseRelay(world);
  world.box("main-relay").deaf = true;
  world.pass(70);
  expect(world.publishers()).toEqual(["main-relay"]);
  expect(state(world)).toMatchObject({ carrier: "needsHuman", path: "direct" });
  world.fenceEvidence = null;
  world.box("main-relay").deaf = false;
  world.pass(20);
  expect(world.publishers()).toEqual(["a"]);
  expectSafe(world);
});

test("a relay that dies now and then is started anew, and nothing falls back", () => {
  const world = aRelayedWorld();
  for (let n = 0; n < 5; n++) {
    world.killRelay();
    world.pass(40);
  }
  expect(world.told("stream.fellBack")).toEqual([]);
  expect(state(world)).toMatchObject({ carrier: "carried", path: "relayed" });
});

test("a relay that takes no orders and sends the programme is left alone", () => {
  const world = aRelayedWorld();
  world.relaysFail = true;
  asks(world, "failover", { to: "b" });
  world.pass(60);
  expect(state(world)).toMatchObject({ carrier: "carried", path: "relayed", encoder: "a" });
  expect(world.publishers()).toEqual(["main-relay"]);
  expect(world.told("stream.needsHuman")).toHaveLength(1);
  expectSafe(world);
});

describe("without its relay", () => {
  test("all of path direct holds: one that dies is fenced and the other takes over", () => {
    const world = aFallenBackWorld({ ...bothDirectly, kind: "helo" });
    world.box("a").reachable = false;
    world.box("a").running = null;
    world.pass(60);
    expect(world.publishers()).toEqual(["b"]);
    expect(state(world)).toMatchObject({ path: "direct", encoder: "b" });
    expectSafe(world);
  });

  test("it stays there over a restart, and while its relay could be had again", () => {
    const world = aFallenBackWorld();
    const { keyGeneration } = state(world);
    world.relaysFail = false;
    world.restart();
    world.pass(120);
    expect(world.publishers()).toEqual(["a"]);
    expect(state(world)).toMatchObject({ path: "direct", carrier: "carried", keyGeneration });
    expectSafe(world);
  });

  test("a daemon that dies amid the fall goes on with it", () => {
    const world = aRelayedWorld();
    loseRelay(world);
    while (state(world).path === "relayed") world.pass(0.25);
    world.restart({ resultsLost: true });
    world.pass(30);
    expect(world.publishers()).toEqual(["a"]);
    expect(state(world)).toMatchObject({ path: "direct", carrier: "carried" });
    expectSafe(world);
  });

  test("a person returns it: who carries is proven off before its relay publishes", () => {
    const world = aFallenBackWorld({ ...bothDirectly, kind: "helo" });
    world.relaysFail = false;
    expect(asks(world, "return")).toBe(true);
    world.pass(60);
    expect(world.publishers()).toEqual(["main-relay"]);
    expect(state(world)).toMatchObject({
      ...{ carrier: "carried", path: "relayed" },
      relay: { health: "running", fellBack: null },
    });
    expect(incidents(world).at(-1)).toMatchObject({
      ...{ cause: "return", from: "a", to: "main-relay", outcome: "tookOver" },
      certificate: { encoder: "a", level: 1 },
    });
    expect(world.told("command.done")).toHaveLength(1);
    expectSafe(world);
  });

  test("a return to a relay that still cannot be kept up is refused, and it carries on without", () => {
    const world = aFallenBackWorld();
    expect(asks(world, "return")).toBe(true);
    world.pass(60);
    expect(world.publishers()).toEqual(["a"]);
    expect(state(world)).toMatchObject({ carrier: "carried", path: "direct" });
    expect(world.told("command.refused").map(({ data }) => data["code"])).toEqual(["relay_down"]);
    expectSafe(world);
  });

  test("stopped and started it begins with its relay", () => {
    const world = aFallenBackWorld();
    world.relaysFail = false;
    asks(world, "stop");
    world.pass(8);
    expect(world.publishers()).toEqual([]);
    expect(state(world)).toMatchObject({ carrier: "stopped", path: "relayed" });
    asks(world, "start");
    world.pass(20);
    expect(world.publishers()).toEqual(["main-relay"]);
    expect(state(world)).toMatchObject({ carrier: "carried", path: "relayed" });
    expectSafe(world);
  });

  test("when none of them can carry it, its relay is tried again", () => {
    const world = aFallenBackWorld();
    for (const id of ["a", "b"]) {
      world.send({ to: `encoder:${id}`, event: { type: "maintenance", by: "engineer" } });
      world.kill(id);
    }
    world.relaysFail = false;
    world.pass(30);
    expect(world.publishers()).toEqual([]);
    world.pass(60);
    // A box on maintenance feeds its relay as long as nobody else does.
    expect(state(world)).toMatchObject({ path: "relayed" });
    world.send({ to: "encoder:b", event: { type: "inService", by: "engineer" } });
    world.pass(30);
    expect(state(world)).toMatchObject({ carrier: "carried", path: "relayed" });
    expectSafe(world);
  });

  test("one that nobody can see or read is left on air", () => {
    const world = aFallenBackWorld({ ...bothDirectly, kind: "helo" });
    world.relaysFail = false;
    world.observed = false;
    for (const id of ["a", "b"]) world.box(id).reachable = false;
    world.pass(300);
    expect(world.publishers()).toEqual(["a"]);
    expect(state(world)).toMatchObject({ carrier: "carried", path: "direct", encoder: "a" });
    expectSafe(world);
  });

  test("without its journal it begins with its relay, and nobody has the key twice", () => {
    const world = aFallenBackWorld();
    world.relaysFail = false;
    world.forgetEverything();
    world.pass(40);
    expect(world.publishers()).toEqual(["main-relay"]);
    expect(state(world)).toMatchObject({ carrier: "carried", path: "relayed" });
    expectSafe(world);
  });
});

test("its relay cannot be had from the first start: it comes on air without", () => {
  const world = new World(aRelayedPlan(["a", "b"], bothDirectly));
  world.relaysFail = true;
  world.pass(60);
  expect(world.publishers()).toEqual(["a"]);
  expect(state(world)).toMatchObject({ carrier: "carried", path: "direct", carriage: "onAir" });
  expectSafe(world);
});

test("put on path relayed from direct, it does not count as fallen back", () => {
  const direct = new World(aPlan());
  direct.pass(10);
  const boxes = JSON.parse(direct.remains().boxes) as Record<string, object>;
  const idle = { ...structuredClone(boxes["b"]), running: null };
  const relayed = new World(aRelayedPlan(["a", "b"], bothDirectly), {
    ...direct.remains(),
    boxes: JSON.stringify({ ...boxes, "main-relay": idle }),
  });
  relayed.pass(15);
  expect(relayed.publishers()).toEqual(["main-relay"]);
  expect(state(relayed)).toMatchObject({ carrier: "carried", path: "relayed" });
  expectSafe(relayed);
});
