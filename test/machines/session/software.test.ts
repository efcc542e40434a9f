/** Sessions on processes of ours, which are set by their start and keep nothing of it. */
import { expect, test } from "vitest";
import { encoderFacts } from "../../../machines/encoder/encoder.published.ts";
import type { HostLoad } from "../../../machines/site/host-load.ts";
import { aStreamPlan, type World } from "../world.ts";
import { answerTo, aPool, asks, settings, stops, wordOf } from "./a-session.ts";

const asked = { widthPx: 1_920, heightPx: 1_080, framesPerSecond: 30, videoBitrateBps: 5_000_000 };
const pool = () => aPool(["a", "b"], 1, {}, "soft");
const factsOf = (world: World, id: string) => encoderFacts(world.core.encoder(id));

test("a process is started with the settings of its session, and its understudy would be", () => {
  const world = pool();
  expect(asks(world)).toMatchObject({ stream: "pool-1", encoder: "a", backup: "b" });
  world.pass(3);
  expect(world.publishers("far-pool-1")).toEqual(["a"]);
  expect(world.box("a").running?.settings).toMatchObject(asked);
  // A keyframe every 2 s, as it is configured.
  expect(factsOf(world, "b")).toMatchObject({
    ...{ settings: { ...asked, gopFrames: 60 }, isAsWanted: true },
  });
  world.pass(20);
  expect(world.carriage("pool-1")).toBe("onAir");
  expect(factsOf(world, "a")).toMatchObject({ settings: asked, isAsWanted: true });
  expect(world.told("session.notSetUp")).toEqual([]);

  world.box("a").running = null;
  world.box("a").exit = { code: 1, signal: null };
  world.pass(20);
  expect(world.publishers("far-pool-1")).toEqual(["b"]);
  expect(world.box("b").running?.settings).toMatchObject(asked);
});

test("after its session a process makes what it is configured for, also over a restart", () => {
  const world = pool();
  asks(world);
  world.pass(20);
  world.restart();
  world.pass(10);
  expect(factsOf(world, "a").settings).toMatchObject(asked);
  expect(factsOf(world, "b").settings).toMatchObject(asked);
  stops(world, "pool-1");
  world.pass(20);
  expect(wordOf(world, "pool-1")).toBe("free");
  for (const box of ["a", "b"]) {
    expect(factsOf(world, box).settings).toEqual({
      ...{ videoBitrateBps: 2_000_000, framesPerSecond: 25, gopFrames: 50 },
    });
  }
  const command = { id: "by-hand", by: "ann" };
  world.send({ to: "stream:pool-1", event: { type: "start", command } });
  world.pass(20);
  expect(world.publishers("far-pool-1")).toEqual(["a"]);
  expect(world.box("a").running?.settings).toBeUndefined();
});

test("on air a process is only made anew where that is asked for", () => {
  const world = pool();
  asks(world);
  world.pass(20);
  const change = (id: string, restart: boolean) => {
    const change = { settings: { videoBps: 3_000_000 }, ...(restart && { restart }) };
    const command = { id, by: "ann" };
    world.send({ to: "site", event: { type: "changeSession", stream: "pool-1", command, change } });
    return answerTo(world, id);
  };
  expect(change("one", false)).toMatchObject({ code: "on_air" });
  expect(change("two", true).code).toBeUndefined();
  world.pass(20);
  expect(world.publishers("far-pool-1")).toEqual(["a"]);
  expect(world.box("a").running?.settings).toMatchObject({ ...asked, videoBitrateBps: 3_000_000 });
  expect(factsOf(world, "b").settings).toMatchObject({ videoBitrateBps: 3_000_000 });
});

test("more than a program takes is refused, and so is a box that only passes on and makes another", () => {
  const fast = { ...settings, framesPerSecond: 150 };
  const site = pool();
  for (const encoder of site.plan.encoders) encoder.vendor = "ffmpeg";
  expect(asks(site, { settings: fast }).message).toMatch(/120 frames a second/);
  const fixed = pool();
  for (const encoder of fixed.plan.encoders) encoder.isSetAtStart = false;
  expect(asks(fixed).message).toMatch(/cannot be set by us, and makes video bit rate 2000 kb/);
});

test("a pair of a programme of its own is set as before: nothing of it is started otherwise", () => {
  const own = aStreamPlan({ id: "own", destination: "far-pool-1", encoders: ["a", "b"] });
  const settings = { videoBitrateBps: 3_000_000 };
  const world = aPool(["a", "b"], 1, { streams: [{ ...own, settings }] }, "soft");
  world.pass(100);
  expect(world.publishers("far-pool-1")).toEqual(["a"]);
  expect(world.box("a").running?.settings).toBeUndefined();
  expect(factsOf(world, "b")).toMatchObject({ isAsWanted: false });
  expect(world.told("encoder.sync")).toEqual([]);
});

test("a program has no more room than its host, for as long as that is told", () => {
  const scoreAt = (load: HostLoad, thenS = 0) => {
    const world = pool();
    world.send({ to: "site", event: { type: "hostLoad", load } });
    world.pass(thenS);
    return (asks(world) as { score?: number }).score!;
  };
  const unknown = scoreAt({});
  expect(scoreAt({ cpuUsageRatio: 0.95 })).toBeLessThan(unknown);
  expect(scoreAt({ cpuUsageRatio: 0.05, memoryUsageRatio: 0.1 })).toBeGreaterThan(unknown);
  expect(scoreAt({ cpuUsageRatio: 0.1, memoryUsageRatio: 0.95 })).toBeLessThan(unknown);
  expect(scoreAt({ cpuUsageRatio: 0.95 }, 120)).toBe(unknown);
});
