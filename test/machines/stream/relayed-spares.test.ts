import { describe, expect, test } from "vitest";
import { moveRefusal } from "../../../machines/stream/readiness.ts";
import { streamState } from "../../../machines/stream/stream.published.ts";
import { asks, onCam, relayedPlans, World } from "../world.ts";

const header = { id: "main", epoch: "e", seq: 1, session: "s", atMs: 0 };
const state = (world: World, id = "main") =>
  streamState(world.core.stream(id), { published: header, backupLeg: undefined });
const told = (world: World, type: string) => world.told(type).map(({ message }) => message);
/** A relayed programme whose own encoder is `a`, another with `b`, and one spare for both. */
function aPool(p: { main?: string[]; spares?: string[] } = {}): World {
  const spares = p.spares ?? ["s"];
  const world = new World(
    relayedPlans({
      main: { inputs: [...(p.main ?? ["a"]), ...spares], spares },
      two: { inputs: ["b", ...spares], spares },
    }),
  );
  world.pass(10);
  expect([state(world).encoder, state(world, "two").encoder]).toEqual(["a", "b"]);
  return world;
}

/** It ends, and does not come back before it is mended. */
function lose(world: World, id: string): void {
  world.box(id).broken = true;
  world.kill(id, true);
}
function mend(world: World, id: string): void {
  world.box(id).broken = false;
}
const release = { to: "encoder:s", event: { type: "release", by: "engineer" } } as const;
const fedBy = (world: World, id: string) => world.publishers(id);

test("a spare of relayed streams does not run, and is told as what could take over", () => {
  const world = aPool();
  world.pass(60);
  expect(world.box("s").running).toBe(null);
  expect(state(world)).toMatchObject({
    understudy: "ready",
    understudyEncoder: "s",
    understudies: [{ encoder: "s", role: "spare", is: "warm" }],
  });
  expect(told(world, "stream.understudy")).toEqual([]);
});

test("one spare covers the stream whose encoder is lost, behind its relay", () => {
  const world = aPool();
  lose(world, "a");
  world.pass(1);
  expect(world.box("s").running).toBe(null);
  world.pass(20);
  expect(fedBy(world, "main-relay-s")).toEqual(["s"]);
  expect(state(world)).toMatchObject({ carrier: "carried", encoder: "s", carriage: "onAir" });
  expect(told(world, "stream.spare")).toEqual([
    "main: the spare s is called in (a brings no pictures to the relay)",
  ]);
  expect(world.publishers()).toEqual(["main-relay"]);
  expect(world.overlaps).toEqual([]);
});

test("an encoder that comes back at once costs no spare", () => {
  const world = aPool();
  world.kill("a", true);
  world.pass(60);
  expect(told(world, "stream.spare")).toEqual([]);
  expect(state(world).encoder).toBe("a");
});

test("a spare is not called in while a hot backup of the stream carries", () => {
  const world = aPool({ main: ["a", "c"] });
  lose(world, "a");
  world.pass(60);
  expect(state(world).encoder).toBe("c");
  expect(told(world, "stream.spare")).toEqual([]);
  lose(world, "c");
  world.pass(20);
  expect(state(world).encoder).toBe("s");
});

describe("while it covers one stream", () => {
  test("another one that needs it is told that none is free, and by whom it is had", () => {
    const world = aPool();
    lose(world, "a");
    world.pass(20);
    world.pass(40);
    expect(told(world, "stream.understudy")).toContain(
      "two has no understudy: nobody can take over from b (s is kept for main until somebody releases it)",
    );
    lose(world, "b");
    world.pass(20);
    expect(fedBy(world, "two-relay-s")).toEqual([]);
    expect(fedBy(world, "main-relay-s")).toEqual(["s"]);
    const none = world.told("stream.spare").at(-1)!;
    expect(none).toMatchObject({
      of: "stream:two",
      severity: "critical",
      message:
        "two needs you: no encoder of its own brings pictures, and no spare is free: s is kept for main until somebody releases it",
    });
    expect(state(world, "two").because).toContain("no spare is free: s is kept for main");
    expect(told(world, "key.refused")).toEqual([]);
  });

  test("it goes to the other one when the first has its own back, and a person releases it", () => {
    const world = aPool();
    lose(world, "a");
    world.pass(20);
    lose(world, "b");
    world.pass(20);
    mend(world, "a");
    world.pass(60);
    expect(state(world)).toMatchObject({ encoder: "s", understudyEncoder: "a" });
    expect(world.core.can(release)).toBe(false);
    expect(asks(world, "return")).toBe(true);
    world.pass(20);
    expect(state(world)).toMatchObject({ encoder: "a", carrier: "carried" });
    expect(told(world, "stream.spare").at(-1)).toBe(
      "main: the spare s is not needed any more, and is kept for main until somebody releases it",
    );
    expect(world.box("s").running).toBe(null);
    expect(fedBy(world, "two-relay-s")).toEqual([]);
    expect(world.send(release)).toBe(true);
    world.pass(20);
    expect(state(world, "two")).toMatchObject({ encoder: "s", carrier: "carried" });
  });

  test("a daemon that restarts goes on as before, also where it remembers nothing", () => {
    const world = aPool();
    lose(world, "a");
    world.pass(20);
    world.restart();
    world.pass(20);
    expect(state(world)).toMatchObject({ encoder: "s", carrier: "carried" });
    world.forgetEverything();
    world.pass(30);
    expect(state(world)).toMatchObject({ encoder: "s", carrier: "carried" });
    expect(fedBy(world, "main-relay-s")).toEqual(["s"]);
    lose(world, "b");
    world.pass(30);
    expect(state(world, "two").encoder).not.toBe("s");
  });
});

test("two streams that need the same spare at once do not both get it", () => {
  const world = aPool();
  lose(world, "a");
  lose(world, "b");
  world.pass(30);
  expect(["main-relay-s", "two-relay-s"].flatMap((leg) => fedBy(world, leg))).toEqual(["s"]);
  const [one, other] = ["main", "two"].map((id) => state(world, id));
  expect([one!.encoder, other!.encoder].filter((encoder) => encoder === "s")).toHaveLength(1);
  expect(world.overlaps).toEqual([]);
});

test("a spare that brings nothing is left for the next", () => {
  const world = aPool({ spares: ["s", "t"] });
  world.box("s").broken = true;
  lose(world, "a");
  world.pass(60);
  expect(state(world)).toMatchObject({ encoder: "t", carrier: "carried" });
  expect(fedBy(world, "main-relay-s")).toEqual([]);
});

test("a spare that is lost while it covers is left for the next, and not for a relay that is away", () => {
  const world = aPool({ spares: ["s", "t"] });
  lose(world, "a");
  world.pass(20);
  world.relaysFail = true;
  world.killRelay();
  world.pass(40);
  world.relaysFail = false;
  world.pass(20);
  expect(state(world)).toMatchObject({ encoder: "s", carrier: "carried" });
  lose(world, "s");
  world.pass(40);
  expect(state(world)).toMatchObject({ encoder: "t", carrier: "carried" });
});

test("a stream that is stopped lets its spare go", () => {
  const world = aPool();
  lose(world, "a");
  world.pass(20);
  asks(world, "stop");
  world.pass(20);
  expect(world.box("s").running).toBe(null);
  expect(world.send(release)).toBe(true);
});

test("why a relayed stream cannot be moved is told of those that feed its relay", () => {
  const world = aPool({ main: ["a", "c"] });
  const why = (to?: string) => moveRefusal(world.core.stream("main").context, to);
  expect(why("a")).toBe("a carries it already");
  world.box("s").reachable = false;
  world.send({ to: "encoder:s", event: { type: "maintenance", by: "engineer" } });
  expect(why("s")).toBe("s is in maintenance");
  expect(why("main-relay")).toBe("main-relay is no encoder of it");
  expect(why()).toBe(undefined);
  lose(world, "c");
  world.pass(5);
  expect(why("c")).toBe("c brings no pictures to the relay");
});

test("a failover that somebody asks for goes to a spare without a pause: it is called in first", () => {
  const world = aPool();
  expect(asks(world, "failover")).toBe(true);
  expect(told(world, "stream.spare")).toEqual([
    "main: the spare s is called in (asked for by engineer)",
  ]);
  expect(state(world).encoder).toBe("a");
  world.pass(10);
  expect(state(world)).toMatchObject({ encoder: "s", understudyEncoder: "a", carrier: "carried" });
  expect(world.told("command.done")).toHaveLength(1);
  // Another one cannot have it, whoever asks.
  expect(asks(world, "failover", { stream: "two", to: "s" })).toBe(false);
  expect(asks(world, "return")).toBe(true);
  world.pass(20);
  expect([state(world).encoder, world.box("s").running]).toEqual(["a", null]);
});

test("a spare that somebody asked for, and that brings nothing, is let go and costs no picture", () => {
  const world = aPool();
  world.box("s").broken = true;
  expect(asks(world, "failover", { to: "s" })).toBe(true);
  world.pass(40);
  expect(told(world, "command.refused")).toEqual([
    "main: s was called in, and brought no pictures",
  ]);
  expect(state(world)).toMatchObject({ encoder: "a", carrier: "carried" });
  expect(fedBy(world, "main-relay-s")).toEqual([]);
});

test("a primary that is put into maintenance goes on until the spare brings pictures", () => {
  const world = aPool();
  world.send({ to: "encoder:a", event: { type: "maintenance", by: "engineer" } });
  world.pass(20);
  expect(state(world)).toMatchObject({ encoder: "s", carrier: "carried" });
  expect(told(world, "stream.relay").filter((line) => line.startsWith("main:"))).toEqual([
    "main: the relay sends a (as the site asked)",
    "main: the relay sends s (the one before fell silent)",
  ]);
});

/** `a` is fed by one camera, `b` by another, and `s` takes what the stream takes that it covers. */
function aRovingPool(): World {
  const part = (id: string) => ({ inputs: [id, "s"], spares: ["s"] });
  const plan = onCam(relayedPlans({ main: part("a"), two: part("b") }), (id) => `cam-${id}`);
  const s = plan.encoders.find(({ id }) => id === "s")!;
  delete s.source;
  delete s.ingest;
  for (const stream of plan.streams) if (stream.spares) stream.roving = ["s"];
  const world = new World(plan);
  world.pass(10);
  return world;
}

test("a roving spare covers streams of any source, one at a time", () => {
  const world = aRovingPool();
  expect(state(world).understudyEncoder).toBe("s");
  lose(world, "b");
  world.pass(20);
  expect(state(world, "two")).toMatchObject({ encoder: "s", carrier: "carried" });
  lose(world, "a");
  world.pass(20);
  expect(fedBy(world, "main-relay-s")).toEqual([]);
});

test("no spare is called in where the source of the stream sends nothing", () => {
  const world = aRovingPool();
  world.silence("cam-a");
  world.pass(60);
  expect(told(world, "stream.spare")).toEqual([]);
  expect(state(world)).toMatchObject({ carrier: "holding" });
  expect(state(world).because).toContain("the source 'cam-a' sends nothing");
  world.sendAgain("cam-a");
  world.pass(10);
  expect(state(world)).toMatchObject({ encoder: "a", carrier: "carried" });
});
