import { describe, expect, test } from "vitest";
import type { RelayWord } from "../../../machines/stream/relay/relay.ts";
import type { Incident } from "../../../machines/stream/stream.contract.ts";
import { comparedPair, streamState } from "../../../machines/stream/stream.published.ts";
import { aContentPlan, aPlan, aRelayedPlan, asks, World } from "../world.ts";

const header = { id: "main", epoch: "e", seq: 1, session: "s", atMs: 0 };
const state = (world: World) =>
  streamState(world.core.stream("main"), { published: header, backupLeg: undefined });
const incidents = (world: World) =>
  world.told("stream.incident").map(({ data }) => data["incident"] as Incident);

function aRelayedWorld(): World {
  const world = new World(aRelayedPlan());
  world.pass(10);
  expect(state(world)).toMatchObject({ carrier: "carried", encoder: "a", carriage: "onAir" });
  return world;
}

test("nobody has the key of the far end but what publishes for the relay", () => {
  const world = aRelayedWorld();
  expect(world.publishers()).toEqual(["main-relay"]);
  expect(world.publishers("main-relay-a")).toEqual(["a"]);
  expect(world.publishers("main-relay-b")).toEqual(["b"]);
  expect(world.overlaps).toEqual([]);
  expect(state(world)).toMatchObject({
    path: "relayed",
    relay: { health: "running", selected: "a", inputs: [{ brings: true }, { brings: true }] },
    understudies: [{ encoder: "b", is: "hot" }],
  });
});

test("a relay that is found after a lost journal, and dies before it is asked for, brings nothing any more", () => {
  const world = aRelayedWorld();
  // What publishes for it has ended, so nothing is adopted at once.
  world.restart({ reboot: true, downMs: 20_000 });
  world.leap(12, 4);
  world.forgetEverything();
  world.kill("a", true);
  world.leap(0.25, 4);
  expect(state(world).relay).toMatchObject({ health: "off", selected: "b" });
  world.killRelay();
  expect(state(world).relay).toMatchObject({ health: "off", selected: null });
});

test("it is on air only when the relay has said who carries", () => {
  const world = new World(aRelayedPlan());
  world.relaysFail = true;
  world.pass(15);
  expect(world.publishers()).toEqual([]);
  expect(state(world).carrier).toBe("starting");
  world.relaysFail = false;
  world.pass(20);
  expect(state(world)).toMatchObject({ carrier: "carried", encoder: "a" });
});

test("an encoder that does not start again calls nobody while the other is on air", () => {
  const world = aRelayedWorld();
  world.box("a").broken = true;
  world.kill("a", true);
  world.pass(30);
  expect(state(world)).toMatchObject({ carrier: "carried", encoder: "b" });
  const feeds = world.told("stream.feed").map(({ message }) => message);
  expect(feeds).toContainEqual(expect.stringMatching(/^main-relay-a: no encoder can start/));
  expect(world.told("stream.needsHuman")).toEqual([]);
});

test("a carrier that dies is replaced by the relay, and started anew without being put on air", () => {
  const world = aRelayedWorld();
  world.kill("a", true);
  world.pass(5);
  expect(state(world)).toMatchObject({ carrier: "carried", encoder: "b", keyGeneration: 1 });
  expect(incidents(world).at(-1)).toMatchObject({
    ...{ cause: "processExited", from: "a", to: "b", outcome: "tookOver", offAirMs: 0 },
  });
  expect(world.publishers("main-relay-a")).toEqual(["a"]);
  expect(world.told("stream.suspect")).toEqual([]);
  world.pass(60);
  expect(state(world).encoder).toBe("b");
});

test("a box that says it streams and brings nothing is started anew, and nobody is called", () => {
  const world = new World(aRelayedPlan(["a", "b"], { kind: "helo" }));
  world.pass(20);
  world.freeze("a");
  world.pass(1);
  expect(state(world)).toMatchObject({ carrier: "carried", encoder: "b" });
  expect(world.box("a").running).not.toBe(null);
  world.pass(20);
  expect(world.publishers("main-relay-a")).toEqual(["a"]);
  expect(state(world).relay).toMatchObject({ inputs: [{ brings: true }, { brings: true }] });
  expect(state(world).encoder).toBe("b");
  const feeds = world.told("stream.feed").map(({ message }) => message);
  expect(feeds).toContainEqual("main-relay-a: a carries it");
  expect(world.told("stream.needsHuman")).toEqual([]);
});

test("boxes that lost what takes them in are started anew at once, whatever they said before", () => {
  const world = new World(aRelayedPlan(["a", "b"], { kind: "helo" }));
  world.pass(20);
  const boxes = [world.box("a"), world.box("b")];
  for (const box of boxes) Object.assign(box, { claims: "failing", running: null });
  world.pass(5);
  for (const box of boxes) box.claims = null;
  world.pass(3);
  expect(state(world).relay).toMatchObject({ inputs: [{ brings: true }, { brings: true }] });
  const feeds = world.told("stream.feed").map(({ message }) => message);
  expect(feeds.filter((message) => message.includes("did not bring a picture"))).toEqual([]);
});

test("a box that hangs and obeys no stop keeps its power while the other is on air: a person is told", () => {
  const plan = aRelayedPlan(["a", "b"], { kind: "helo" });
  const outlet = { perHour: 2, perDay: 6, isSpoofable: false };
  const onOutlets = plan.encoders.map((box) =>
    box.publishesFor === undefined
      ? { ...box, outlet: { ...outlet, id: `outlet-${box.id}` } }
      : box,
  );
  const world = new World({ ...plan, encoders: onOutlets });
  world.pass(20);
  world.freeze("a");
  world.box("a").deaf = true;
  world.pass(120);
  expect(world.decisions.filter(({ type }) => /outlet|power/i.test(type))).toEqual([]);
  expect(state(world)).toMatchObject({ carrier: "carried", encoder: "b", carriage: "onAir" });
  expect(world.told("stream.understudy").at(-1)).toMatchObject({ severity: "critical" });
});

test("what is asked for is done when the relay says so", () => {
  const world = aRelayedWorld();
  expect(asks(world, "failover", { to: "b" })).toBe(true);
  expect(world.told("command.done")).toEqual([]);
  world.pass(2);
  expect(world.told("command.done")).toHaveLength(1);
  expect(state(world).encoder).toBe("b");
  expect(asks(world, "failover", { to: "b" })).toBe(false);
  expect(asks(world, "return")).toBe(true);
  world.pass(2);
  expect(state(world).encoder).toBe("a");
  expect(incidents(world).map(({ cause }) => cause)).toEqual(["command", "return"]);
});

test("without any pictures it holds: what publishes is left alone, and nobody is blamed", () => {
  const world = aRelayedWorld();
  world.freeze("a");
  world.freeze("b");
  world.wait(100);
  world.pass(1);
  expect(state(world)).toMatchObject({ carrier: "holding", encoder: "a" });
  world.pass(8);
  expect(state(world).carrier).toBe("carried");
  expect(world.told("key.granted").filter((d) => d.data["encoder"] === "main-relay")).toHaveLength(
    1,
  );
});

test("on its slate it is on air and holds, and the incident says for how long", () => {
  const world = aRelayedWorld();
  const says = (more: Partial<RelayWord>) => {
    const report = { ...world.relayWords["main"]!, ...more };
    world.send({ to: "stream:main", event: { type: "relay.report", report } });
  };
  says({ selected: null, reason: "noInput", slate: "on", live: [] });
  expect(state(world)).toMatchObject({
    ...{ carrier: "holding", carriage: "onAir", encoder: "a" },
    because: "no encoder brings pictures to its relay; the slate is shown",
    relay: { slate: "on", slateBeganAtMs: world.now().wallMs },
  });
  const began = state(world).relay!.slateBeganAtMs;
  world.wait(100);
  says({ selected: null, reason: "noInput", slate: "on", live: [], droppedPictures: 1 });
  expect(state(world).relay!.slateBeganAtMs).toBe(began);
  says({ reason: "start", slate: "ready", slateMs: 3_210 });
  expect(state(world)).toMatchObject({
    carrier: "carried",
    relay: { slate: "ready", slateBeganAtMs: null },
    incident: { cause: "noInput", outcome: "recovered", offAirMs: 0, slateMs: 3_210 },
  });
  expect(state(world).incident!.timeline.at(-1)!.what).toMatch(/, the slate was shown for 3\.2 s$/);
});

test("a relay that dies is had again at once; one that keeps dying calls a person", () => {
  const world = aRelayedWorld();
  world.killRelay();
  expect(state(world)).toMatchObject({ carrier: "holding", relay: { health: "lost" } });
  world.pass(2);
  expect(state(world)).toMatchObject({ carrier: "carried", relay: { health: "running" } });
  expect(incidents(world).at(-1)).toMatchObject({ cause: "relayDied", outcome: "restarted" });
  world.relaysFail = true;
  world.killRelay();
  world.pass(15);
  expect(world.told("stream.needsHuman")).toHaveLength(1);
  expect(state(world).carrier).toBe("needsHuman");
  world.relaysFail = false;
  world.pass(15);
  expect(state(world).carrier).toBe("carried");
  expect(world.told("stream.needsHuman")).toHaveLength(1);
});

test("a relay that dies while an order to it has just failed is not said to send anybody", () => {
  const world = aRelayedWorld();
  world.relaysFail = true;
  world.restart();
  world.pass(3);
  world.killRelay();
  expect(state(world).relay).toMatchObject({ health: "lost", selected: null });
});

test("a restarted daemon believes the relay about what happened meanwhile", () => {
  const world = aRelayedWorld();
  world.boxes["a"]!.running = null;
  world.restart();
  world.pass(5);
  expect(state(world)).toMatchObject({ carrier: "carried", encoder: "b", keyGeneration: 1 });
  expect(incidents(world).at(-1)).toMatchObject({ from: "a", to: "b", outcome: "tookOver" });
});

test("without its journal it gives orders above those the relay goes by", () => {
  const world = aRelayedWorld();
  asks(world, "failover");
  world.pass(2);
  world.forgetEverything();
  world.pass(15);
  const { generation } = state(world).relay!;
  expect(generation).toBeGreaterThan(2);
  expect(state(world)).toMatchObject({ carrier: "carried", encoder: "b" });
});

test("stopped, nothing of it runs; started, all of it does", () => {
  const world = aRelayedWorld();
  asks(world, "stop");
  world.pass(5);
  expect(state(world)).toMatchObject({ carrier: "stopped", relay: { health: "off" } });
  for (const place of ["far", "main-relay-a", "main-relay-b"]) {
    expect(world.publishers(place)).toEqual([]);
  }
  asks(world, "start");
  world.pass(8);
  expect(state(world)).toMatchObject({ carrier: "carried", relay: { health: "running" } });
});

test("on maintenance an encoder may not carry, and the relay is told so", () => {
  const world = aRelayedWorld();
  world.send({ to: "encoder:a", event: { type: "maintenance", by: "engineer" } });
  world.pass(3);
  expect(state(world)).toMatchObject({ encoder: "b", understudy: "none" });
  expect(state(world).understudies![0]).toMatchObject({ hindrance: "is in maintenance" });
});

test("put on the other path, nobody has the key twice, in either direction", () => {
  const direct = new World(aPlan());
  direct.pass(10);
  const boxes = JSON.parse(direct.remains().boxes) as Record<string, object>;
  const idle = { ...structuredClone(boxes["b"]), running: null };
  const relayed = new World(aRelayedPlan(), {
    ...direct.remains(),
    boxes: JSON.stringify({ ...boxes, "main-relay": idle }),
  });
  relayed.pass(15);
  expect(relayed.overlaps).toEqual([]);
  expect(relayed.publishers()).toEqual(["main-relay"]);
  expect(state(relayed).carrier).toBe("carried");

  // The daemon has ended what published for the relay and what fed it, as it promises.
  const { a, b } = JSON.parse(relayed.remains().boxes) as typeof boxes;
  const left = { a: { ...a, running: null }, b: { ...b, running: null } };
  const back = new World(aPlan(), { ...relayed.remains(), boxes: JSON.stringify(left) });
  back.pass(15);
  expect(back.overlaps).toEqual([]);
  expect(back.publishers()).toEqual(["a"]);
  expect(state(back)).toMatchObject({ carrier: "carried", path: "direct", encoder: "a" });
});

describe("an input that has lost the programme", () => {
  const sends = (world: World) => state(world).encoder;

  test("is left for the one that has it, when it has lasted for its time", () => {
    const world = aRelayedWorld();
    world.box("a").input = "lost";
    world.pass(4);
    expect(sends(world)).toBe("a");
    world.pass(4);
    expect(sends(world)).toBe("b");
    expect(incidents(world).at(-1)).toMatchObject({
      ...{ cause: "input-lost", from: "a", to: "b", outcome: "tookOver", offAirMs: 0 },
      timeline: [{ what: "asked for by the site, since its input is lost" }, {}],
    });
    world.pass(60);
    expect(sends(world)).toBe("b");
  });

  test("is kept while the other has lost it, too, or takes another source", () => {
    const world = aRelayedWorld();
    world.box("a").input = "lost";
    world.box("b").input = "lost";
    world.pass(60);
    expect(sends(world)).toBe("a");

    const plan = aRelayedPlan();
    const encoders = plan.encoders.map((box) =>
      box.id === "b" ? { ...box, source: "slides" } : box,
    );
    const other = new World({ ...plan, encoders });
    other.pass(10);
    other.box("a").input = "lost";
    other.pass(60);
    expect(sends(other)).toBe("a");
  });

  /** Where black, frozen and silent pictures are acted upon. */
  function aWatchedWorld() {
    const plan = aRelayedPlan();
    const [main, ...feeds] = plan.streams;
    const world = new World({
      ...plan,
      streams: [{ ...main!, content: aContentPlan("act") }, ...feeds],
    });
    const look = (view: string, picture: "black" | "still" | "moving") =>
      world.send({
        to: "stream:main",
        event: { type: "content", view, look: { word: "seen", picture, pairsDbfs: [-20] } },
      });
    const compared = (word: "same" | "different") =>
      world.send({
        to: "stream:main",
        event: { type: "compared", carrier: "a", with: "b", comparison: { word, because: "seen" } },
      });
    world.pass(10);
    return { world, look, compared };
  }

  test.each(["black", "still"] as const)(
    "is kept while both show a %s picture: that is the programme",
    (picture) => {
      const { world, look } = aWatchedWorld();
      for (let s = 0; s < 40; s++) {
        look("a", picture);
        look("b", picture);
        world.pass(1);
      }
      expect(world.told("stream.content").map(({ data }) => data["view"])).toEqual(["a", "b"]);
      expect(sends(world)).toBe("a");
      for (let s = 0; s < 3; s++) {
        look("a", picture);
        look("b", "moving");
        world.pass(1);
      }
      expect(sends(world)).toBe("b");
    },
  );

  test("is kept where the other is known to show another programme", () => {
    const { world, look, compared } = aWatchedWorld();
    compared("different");
    for (let s = 0; s < 30; s++) {
      look("a", "black");
      look("b", "moving");
      world.pass(1);
    }
    expect(sends(world)).toBe("a");
  });

  test("that it differs from the other while it lacks its programme says nothing of the other", () => {
    const { world, look, compared } = aWatchedWorld();
    compared("same");
    for (let s = 0; s < 12; s++) {
      look("a", "black");
      world.pass(1);
    }
    compared("different");
    look("b", "moving");
    world.pass(2);
    expect(sends(world)).toBe("b");
  });

  test("what it sends is compared with what stands by, whoever that is", () => {
    const world = aRelayedWorld();
    const pair = () => comparedPair(world.core.stream("main"));
    expect(pair()).toEqual({ carrier: "a", with: "b", isOnAir: true, mayMoveSoon: false });
    world.kill("a", true);
    world.pass(30);
    expect(pair()).toMatchObject({ carrier: "b", with: "a", isOnAir: true });
    world.box("b").says = { figures: { temperatureC: { value: 85, source: "chassis" } } };
    world.pass(5);
    expect(pair()).toMatchObject({ mayMoveSoon: true });
    expect(comparedPair(world.core.stream("main-relay-a"))).toBeUndefined();
  });

  test("is left for what its picture shows, where that is acted upon and the other is seen", () => {
    const { world, look } = aWatchedWorld();
    for (let s = 0; s < 12; s++) {
      look("a", "black");
      world.pass(1);
    }
    expect(sends(world)).toBe("a");
    look("b", "moving");
    world.pass(2);
    expect(sends(world)).toBe("b");
    expect(incidents(world).at(-1)).toMatchObject({ cause: "shows-black", from: "a", to: "b" });
  });

  test("is left twice in ten minutes at most", () => {
    const world = aRelayedWorld();
    let moves = 0;
    for (let before = sends(world), turn = 0; turn < 8; turn++) {
      const [bad, good] = turn % 2 === 0 ? (["a", "b"] as const) : (["b", "a"] as const);
      world.box(bad).input = "lost";
      world.box(good).input = "good";
      world.pass(20);
      if (sends(world) !== before) moves += 1;
      before = sends(world);
    }
    expect(moves).toBe(2);
  });
});
