import { expect, test } from "vitest";
import type { EventPlan, OnAirWindow } from "../../../machines/stream/schedule.ts";
import { defaultEventPlan } from "../../../machines/stream/schedule.ts";
import { streamState } from "../../../machines/stream/stream.published.ts";
import { aPlan, aStreamPlan, asks, onAir, replay, World } from "../world.ts";
import { slow } from "../../setup/slow.ts";

const minute = 60_000;
/** Two HELOs on one exclusive key, with these wishes for its events. */
function aFacility(events: Partial<EventPlan> = {}, kind: "helo" | "soft" = "helo") {
  const plan = { ...defaultEventPlan, ...events };
  const main = { ...aStreamPlan({ encoders: ["a", "b"] }), events: plan };
  return aPlan({ kinds: { a: kind, b: kind }, streams: [main] });
}

/** As the daemon tells it: a window that begins in `inMs` and lasts `ms`. */
function plans(world: World, ...windows: { inMs: number; ms: number }[]) {
  tells(
    world,
    windows.map(({ inMs, ms }, i) => {
      const startMs = world.now().wallMs + inMs;
      return { id: `w${i}`, name: "Sunday service", startMs, endMs: startMs + ms };
    }),
  );
}
function tells(world: World, windows: readonly OnAirWindow[] | null) {
  world.send({ to: "stream:main", event: { type: "schedule", windows } });
}
/** Time passes, and the daemon tells the windows again as it does when the phase changes. */
function pass(world: World, seconds: number) {
  const stepS = seconds > 100 ? 20 : 5;
  for (let left = seconds; left > 0; left -= stepS) {
    world.leap(Math.min(stepS, left), 3);
    tells(world, world.core.stream("main").context.memory.schedule.windows);
  }
}
function published(world: World) {
  const at = { id: "main", epoch: "e", seq: 1, session: "s", atMs: world.now().wallMs };
  return streamState(world.core.stream("main"), { published: at, backupLeg: undefined });
}
const critical = (world: World) =>
  world
    .rawDecisions()
    .map((text) => JSON.parse(text) as [string, { severity: string; type: string }])
    .filter(([, { severity }]) => severity === "critical")
    .map(([, { type }]) => type);

test("a stream without windows is expected on air at any time, as ever", () => {
  const world = onAir(aFacility({}, "soft"));
  expect(published(world)).toMatchObject({ carriage: "onAir", schedule: { phase: "always" } });
  world.kill("a");
  pass(world, 20);
  expect(world.carrier()).toBe("b");
});

test("outside its window a stream whose encoder dies stays quiet: no failover, no alarm", () => {
  const world = onAir(aFacility({}, "soft"));
  plans(world, { inMs: 2 * 60 * minute, ms: 60 * minute });
  expect(published(world).carriage).toBe("onAir");
  const before = critical(world);
  world.kill("a");
  pass(world, 300);
  expect(world.publishers()).toEqual([]);
  expect(world.told("stream.takingOver")).toHaveLength(1); // its first start
  expect(critical(world)).toEqual(before);
  expect(published(world)).toMatchObject({ carriage: "notExpected", carrier: "stopped" });
  expect(published(world).because).toMatch(/^not expected on air before \d{4}-/);
});

test("a fresh daemon outside the window puts nothing on air", () => {
  const world = new World(aFacility());
  plans(world, { inMs: 60 * minute, ms: 60 * minute });
  pass(world, 60);
  expect(world.publishers()).toEqual([]);
  expect(world.word()).toBe("stopped");
});

test("a fresh daemon within the window puts the primary on air", () => {
  const world = new World(aFacility());
  plans(world, { inMs: -minute, ms: 60 * minute });
  pass(world, 60);
  expect(world.publishers()).toEqual(["a"]);
});

test("a window begins, nobody starts anything: 30 s later a person is called, and not before", () => {
  const world = new World(aFacility());
  plans(world, { inMs: 20_000, ms: 60 * minute });
  pass(world, 45);
  expect(world.told("stream.windowBegan")).toHaveLength(1);
  expect(world.told("stream.startMissed")).toEqual([]);
  pass(world, 10);
  expect(world.told("stream.startMissed")).toHaveLength(1);
  expect(published(world)).toMatchObject({
    carrier: "needsHuman",
    schedule: { startMissed: true },
  });
  pass(world, 600);
  expect(world.told("stream.startMissed")).toHaveLength(1);
  expect(world.publishers()).toEqual([]);
});

test("a missed start is told once, also over a restart; when the picture comes it is over", () => {
  const world = new World(aFacility());
  plans(world, { inMs: 1_000, ms: 60 * minute });
  pass(world, 60);
  world.restart();
  tells(world, world.core.stream("main").context.memory.schedule.windows);
  pass(world, 60);
  expect(world.told("stream.startMissed")).toHaveLength(1);
  expect(asks(world, "failover")).toBe(true);
  pass(world, 60);
  expect(world.publishers()).toEqual(["a"]);
  expect(world.told("stream.startedLate")).toHaveLength(1);
  expect(published(world)).toMatchObject({ carrier: "carried", schedule: { startMissed: false } });
});

test("with startAtBegin the window puts it on air, and takes over within it", () => {
  const world = new World(aFacility({ startAtBegin: true }, "soft"));
  plans(world, { inMs: 10_000, ms: 60 * minute });
  pass(world, 40);
  expect(world.publishers()).toEqual(["a"]);
  world.kill("a");
  pass(world, 30);
  expect(world.publishers()).toEqual(["b"]);
  expect(world.told("stream.startMissed")).toEqual([]);
});

test("at the end of its window an encoder that is on air goes on", () => {
  const world = new World(aFacility({ startAtBegin: true }));
  plans(world, { inMs: 1_000, ms: 2 * minute });
  pass(world, 600);
  expect(world.told("stream.windowEnded")).toHaveLength(1);
  world.leap(2);
  expect(world.publishers()).toEqual(["a"]);
  expect(published(world).carriage).toBe("onAir");
});

test("with stopAtEnd it is stopped, proven off, and what starts by itself then is stopped again", () => {
  const world = new World(aFacility({ startAtBegin: true, stopAtEnd: true }));
  plans(world, { inMs: 1_000, ms: 2 * minute });
  pass(world, 240);
  expect(world.publishers()).toEqual([]);
  expect(world.told("stream.stopped")).toHaveLength(1);
  expect(published(world)).toMatchObject({ carriage: "notExpected", carrier: "stopped" });
  world.pressStart("a");
  pass(world, 60);
  expect(world.publishers()).toEqual([]);
});

test("an encoder that is started by hand outside the window carries it, and is left alone", () => {
  const world = onAir(aFacility());
  plans(world, { inMs: 60 * minute, ms: 60 * minute });
  world.box("a").running = null;
  pass(world, 60);
  expect(world.core.stream("main").value).toMatchObject({ carrier: "offDuty" });
  world.pressStart("a");
  pass(world, 30);
  expect(world.word()).toBe("carried");
  expect(world.publishers()).toEqual(["a"]);
});

test("a person may put it on air and move it outside the window", () => {
  const world = new World(aFacility());
  plans(world, { inMs: 600 * minute, ms: 60 * minute });
  pass(world, 20);
  expect(asks(world, "start")).toBe(true);
  pass(world, 40);
  expect(world.publishers()).toEqual(["a"]);
  expect(asks(world, "failover", { to: "b" })).toBe(true);
  pass(world, 40);
  expect(world.publishers()).toEqual(["b"]);
});

test("a takeover that waits for its proof when the window ends is given up, without a person", () => {
  const world = onAir(aFacility({ startAtBegin: true }));
  plans(world, { inMs: -minute, ms: 3 * minute });
  world.fenceEvidence = [];
  world.box("a").claims = "failing";
  world.box("a").frozen = true;
  pass(world, 15);
  expect(world.word()).toMatch(/fencing|waitingForFence/);
  pass(world, 200);
  expect(world.word()).toBe("stopped");
  expect(world.publishers()).not.toContain("b");
  expect(published(world).incident?.outcome).toBe("stopped");
});

slow("a clock that jumps past the end does not take the protection off a running programme", () => {
  const world = onAir(aFacility({}, "soft"));
  plans(world, { inMs: -minute, ms: 60 * minute });
  world.jumpWallClock(10 * 60 * minute);
  pass(world, 60);
  expect(published(world).schedule?.phase).toBe("on");
  world.kill("a");
  pass(world, 30);
  expect(world.publishers()).toEqual(["b"]);
  // Its hour is over by the clock that does not jump.
  pass(world, 61 * 60);
  expect(published(world).schedule?.phase).toBe("off");
});

test("a clock that was wrong and is set right moves the windows", () => {
  const world = new World(aFacility());
  plans(world, { inMs: 600 * minute, ms: 60 * minute });
  pass(world, 20);
  world.jumpWallClock(601 * minute);
  pass(world, 40);
  expect(published(world).schedule).toMatchObject({ phase: "on", startMissed: true });
});

test("a window that a person takes back ends at once", () => {
  const world = onAir(aFacility({}, "soft"));
  plans(world, { inMs: -minute, ms: 60 * minute });
  tells(world, []);
  expect(published(world).schedule?.phase).toBe("off");
  tells(world, null);
  expect(published(world).schedule?.phase).toBe("always");
});

test("a window begins while the daemon is down: it starts at once when it is up again", () => {
  const world = new World(aFacility({ startAtBegin: true }));
  plans(world, { inMs: minute, ms: 60 * minute });
  pass(world, 20);
  const { windows } = world.core.stream("main").context.memory.schedule;
  world.restart({ downMs: 10 * minute });
  tells(world, windows);
  pass(world, 40);
  expect(world.publishers()).toEqual(["a"]);
});

test("15 min before the begin everything is looked at and told as one event", () => {
  const world = new World(aFacility());
  plans(world, { inMs: 20 * minute, ms: 60 * minute });
  pass(world, 20);
  expect(published(world)).toMatchObject({ schedule: { phase: "frozen" }, lineUp: null });
  pass(world, 5 * 60);
  const told = world.told("stream.lineUp");
  expect(told).toHaveLength(1);
  const items = published(world).lineUp?.items ?? [];
  expect(Object.fromEntries(items.map(({ item, result }) => [item, result]))).toEqual({
    input: "ok",
    audio: "unknown",
    sameProgramme: "unknown",
    understudy: "ok",
    recording: "unknown",
    clock: "unknown",
    key: "unknown",
    fencePath: "ok",
    ownWill: "ok",
  });
  expect(items.every(({ message }) => message.length > 5)).toBe(true);
  expect(critical(world)).toEqual([]);
});

test.each([
  [{ fileSystem: "FAT32" }, /FAT32: a file ends at 4 GB/],
  [{ isWriteProtected: true }, /is readOnly/],
])("a card on which an hour cannot be recorded is found in the line-up: %o", (card, sentence) => {
  const plan = { ...aFacility(), storages: [{ id: "a", readingMaxAgeMs: 144_000 }] };
  const world = new World(plan);
  world.box("a").says.media = [
    {
      ...{ id: "sd", kind: "card", isNetwork: false, condition: "ok", source: "device" },
      ...{ freeRatio: 0.9, ...card },
    },
  ];
  plans(world, { inMs: 14 * minute, ms: 60 * minute });
  pass(world, 90);
  const item = published(world).lineUp?.items.find((one) => one.item === "recording");
  expect(item).toMatchObject({ result: "notOk" });
  expect(item?.message).toMatch(sentence);
});

test.each([
  [20e9, "ok", "sd at 10.0 Mbit/s has room for 4.4 h, 1.0 h are needed"],
  [4e9, "notOk", "sd at 10.0 Mbit/s has room for 0.9 h, 1.0 h are needed"],
])("%d free bytes, at rest, for an hour at the set bit rate: %s", (freeBytes, result, message) => {
  const world = new World({ ...aFacility(), storages: [{ id: "a", readingMaxAgeMs: 144_000 }] });
  world.box("a").records = { state: "idle", medium: "sd", media: {} };
  world.box("a").says = {
    recording: { output: "record-1", medium: "sd", bitrateBps: 10e6 },
    media: [
      {
        ...{ id: "sd", kind: "card", isNetwork: false, condition: "ok", source: "device" },
        ...{ freeBytes, totalBytes: 64e9 },
      },
    ],
  };
  plans(world, { inMs: 14 * minute, ms: 60 * minute });
  pass(world, 90);
  const item = published(world).lineUp?.items.find((one) => one.item === "recording");
  expect(item).toMatchObject({ result, message });
});

const inHours = (world: World, hours: number) =>
  new Date(world.now().wallMs + hours * 60 * minute).toISOString();
test.each([
  ["in the event", (w: World) => inHours(w, 1), "notOk"],
  ["before it, and may last", (w: World) => inHours(w, 0.1), "notOk"],
  ["after it", (w: World) => inHours(w, 2), "ok"],
  ["five hours later in no known zone", (w: World) => inHours(w, 5).slice(0, 19), "notOk"],
  ["two days later in no known zone", (w: World) => inHours(w, 48).slice(0, 19), "ok"],
  ["when nobody can read", () => "Sunday 20:00", "unknown"],
])("an understudy whose own calendar begins %s: %#", (_, next, result) => {
  const world = new World(aFacility({}, "soft"));
  const atRest = { autoRecover: false, powerUp: "idle", scheduler: false } as const;
  world.box("a").says = { selfStart: atRest };
  world.box("b").says = {
    selfStart: { ...atRest, scheduler: true },
    calendar: { does: "stream", next: next(world) },
  };
  plans(world, { inMs: 14 * minute, ms: 60 * minute });
  pass(world, 90);
  const item = published(world).lineUp?.items.find((one) => one.item === "ownWill");
  expect(item?.result).toBe(result);
  if (result === "ok") return;
  expect(item?.message).toContain(`b will stream on its own, by its own calendar, next: `);
});

test("a line-up that is not in order is an alarm, told again only when it changes", () => {
  const world = new World(aFacility());
  world.box("a").input = "lost";
  world.box("b").reachable = false;
  world.box("a").says = {
    clock: { aheadMs: -7_400, exactToMs: 500, ageMs: 0, source: "HTTP Date" },
  };
  world.leap(12, 12);
  plans(world, { inMs: 14 * minute, ms: 60 * minute });
  pass(world, 90);
  const [first, ...more] = world.told("stream.lineUp");
  expect(first?.message).toContain("the input of a is lost");
  const last = more.at(-1) ?? first!;
  expect(last.message).toContain("no understudy is ready: b does not answer");
  expect(last.message).toContain("the clock of a is 7.4 s behind");
  expect(more.length).toBeLessThanOrEqual(2);
  expect(critical(world)).toContain("stream.lineUp");
});

test("what was journalled decides the same again", () => {
  const plan = aFacility({ startAtBegin: true, stopAtEnd: true });
  const world = new World(plan);
  plans(world, { inMs: 16 * minute, ms: 5 * minute });
  pass(world, 25 * 60);
  expect(world.told("stream.windowEnded")).toHaveLength(1);
  expect(replay(plan, world.journal)).toEqual(world.rawDecisions());
});
