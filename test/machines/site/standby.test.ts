import { expect, test } from "vitest";
import {
  type CpuHistory,
  heldAfter,
  lastingCpu,
  newStandby,
  refusalByCpu,
  withCpu,
} from "../../../machines/site/cpu-admission.ts";
import type { SiteResume } from "../../../machines/site/site.context.ts";
import { streamState } from "../../../machines/stream/stream.published.ts";
import { aRelayedPlan, asks, World } from "../world.ts";

const header = { id: "main", epoch: "e", seq: 1, session: "s", atMs: 0 };
const state = (world: World) =>
  streamState(world.core.stream("main"), { published: header, backupLeg: undefined });

/** Seconds pass on a host that is so busy, and says so each 5 s. */
function passBusy(world: World, seconds: number, cpuUsageRatio: number): void {
  for (let left = seconds; left > 0; left -= 5) {
    world.send({ to: "site", event: { type: "hostLoad", load: { cpuUsageRatio } } });
    world.pass(Math.min(5, left));
  }
}

/** Two programs for one stream, each of which takes 30 % of the host; the stream is stopped. */
function aWorld(): World {
  const plan = aRelayedPlan();
  const encoders = plan.encoders.map((one) => ({ ...one, isProcess: true }));
  const world = new World({ ...plan, encoders });
  for (const id of ["a", "b"]) {
    world.box(id).says = { figures: { cpuUsageRatio: { value: 0.3, source: "/proc" } } };
  }
  world.pass(10);
  expect(world.publishers("main-relay-b")).toEqual(["b"]);
  asks(world, "stop");
  world.pass(20);
  expect(world.publishers("main-relay-b")).toEqual([]);
  return world;
}

/** A stream that was started on a host with no room for the second of its encoders. */
function aFullWorld(): World {
  const world = aWorld();
  passBusy(world, 15, 0.7);
  asks(world, "start");
  passBusy(world, 15, 0.95);
  expect(state(world)).toMatchObject({ carrier: "carried", carriage: "onAir", encoder: "a" });
  expect(world.publishers("main-relay-b")).toEqual([]);
  return world;
}

const told = (world: World) => world.told("stream.understudy").map(({ message }) => message);

test("an understudy that the host has no processor for stays cold, and is told with the figures", () => {
  const world = aFullWorld();
  expect(told(world)).toEqual([
    "main: b stays cold, the processors of this host are 100 % busy, and it would take 30 % more " +
      "(at most 90 %): it is started when there is room, or when it is needed",
  ]);
  expect(state(world).understudies).toEqual([
    expect.objectContaining({ encoder: "b", wants: "hot", is: "cold" }),
  ]);
  passBusy(world, 120, 0.95);
  // It is a cold understudy, and not none.
  expect(told(world)).toHaveLength(1);
});

test("it is started when there has been room for half a minute, and not before", () => {
  const world = aFullWorld();
  passBusy(world, 30, 0.55);
  passBusy(world, 20, 0.4);
  expect(world.publishers("main-relay-b")).toEqual([]);
  passBusy(world, 40, 0.4);
  expect(world.publishers("main-relay-b")).toEqual(["b"]);
  expect(told(world).at(-1)).toBe("main: b is started after all, there is room on this host");
  expect(state(world).understudies).toEqual([expect.objectContaining({ is: "hot" })]);
  passBusy(world, 60, 1);
  expect(world.publishers("main-relay-b")).toEqual(["b"]);
});

test("when who carries dies the cold one is started at once, however busy the host is", () => {
  const world = aFullWorld();
  world.box("a").broken = true;
  world.kill("a", true);
  passBusy(world, 10, 0.99);
  expect(state(world)).toMatchObject({ carrier: "carried", encoder: "b" });
  expect(told(world).at(-1)).toBe("main: b is started after all, it is needed");
});

test("when the first one cannot be started the other is, though there is no room", () => {
  const world = aWorld();
  world.box("a").broken = true;
  passBusy(world, 15, 0.95);
  asks(world, "start");
  passBusy(world, 60, 0.95);
  expect(state(world)).toMatchObject({ carrier: "carried", encoder: "b" });
});

test("a restarted daemon starts nothing that stays cold before it knows of room, and stops nothing", () => {
  const world = aFullWorld();
  world.restart();
  world.pass(20);
  expect(world.publishers("main-relay-a")).toEqual(["a"]);
  expect(world.publishers("main-relay-b")).toEqual([]);
  expect(state(world).understudies).toEqual([expect.objectContaining({ is: "cold" })]);
  passBusy(world, 60, 0.2);
  expect(world.publishers("main-relay-b")).toEqual(["b"]);
});

test("what stayed cold is not started for a stream that is over, or is not configured any more", () => {
  const world = aFullWorld();
  const held = world.memories();
  asks(world, "stop");
  world.pass(20);
  const memories = new Map([...world.memories(), ["site", held.get("site")]]);
  world.restart({ from: memories });
  passBusy(world, 90, 0.1);
  expect(world.publishers("main-relay-b")).toEqual([]);
  const streams = world.plan.streams.filter(({ id }) => id !== "main-relay-b");
  expect(newStandby((held.get("site") as SiteResume).heldCold, streams, world.now()).held).toEqual(
    {},
  );
});

test("where nothing is known of the host nobody is held back", () => {
  const world = aWorld();
  asks(world, "start");
  world.pass(15);
  expect(world.publishers("main-relay-b")).toEqual(["b"]);
});

const at = (seconds: number) => ({ bootId: "b", monoMs: 1_000 * seconds, wallMs: 1_000 * seconds });
const historyOf = (...ratios: [seconds: number, ratio: number][]) =>
  ratios.reduce<CpuHistory>((all, [s, ratio]) => withCpu(all, ratio, at(s)), []);

test("only what was so for ten seconds counts, and nothing that is old", () => {
  expect(lastingCpu(historyOf([0, 1]), at(9))).toBeUndefined();
  expect(lastingCpu(historyOf([0, 1]), at(10))).toBe(1);
  expect(lastingCpu(historyOf([0, 0.2], [8, 1]), at(14))).toBe(0.2);
  expect(lastingCpu(historyOf([0, 0.2], [8, 1], [20, 0.9]), at(20))).toBe(0.9);
  expect(lastingCpu(historyOf([0, 1]), at(91))).toBeUndefined();
});

test("what was just started counts until the host's figures show it", () => {
  const fresh = [{ costs: 0.3, at: at(0) }];
  expect(refusalByCpu({ used: 0.4, fresh: [], costs: 0.3 })).toBeUndefined();
  expect(refusalByCpu({ used: 0.4, fresh, costs: 0.3 })).toMatch(/70 % busy/);
  expect(refusalByCpu({ used: undefined, fresh, costs: 0.3 })).toBeUndefined();
  expect(refusalByCpu({ used: 0.95, fresh: [], costs: undefined })).toMatch(/95 % busy \(at most/);
});

test("one that waits needs more room than one that comes new, and loses its turn without it", () => {
  const held = { stream: "main", encoder: "b", because: "busy", since: at(0), roomSince: at(0) };
  const wish = (used: number | undefined) => ({ used, fresh: [], costs: 0.3 });
  expect(heldAfter(held, wish(0.5), at(30))).toBe("starts");
  expect(heldAfter(held, wish(0.55), at(30))).toMatchObject({ roomSince: null });
  expect(heldAfter(held, wish(undefined), at(30))).toMatchObject({ roomSince: null });
});
