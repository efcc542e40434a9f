import { expect, test } from "vitest";
import { drillRefusal } from "../../../machines/stream/drill/drill.ts";
import { streamState } from "../../../machines/stream/stream.published.ts";
import { aDestinationPlan, aPlan, asks, onAir, type World } from "../world.ts";

const pair = (p: Parameters<typeof aPlan>[0] = {}) => onAir(aPlan(p));
const atTest = () => [aDestinationPlan({ isTest: true })];
const yes = { consent: "main" };
const refusal = (w: World, consent?: string) =>
  drillRefusal(w.core.stream("main").context, consent);
const report = (w: World) => w.core.stream("main").context.memory.drill.last;
const told = (w: World, type: string) => w.decisions.filter((d) => d.type === type);
const ofCommand = (w: World) =>
  w.decisions
    .filter(({ data }) => data["command"] === "drill")
    .map(({ type, data }) => [type, data["code"]]);

test("a drill goes to the understudy, stays for 10 s, goes back, and says how long each move took", () => {
  const w = pair();
  expect(asks(w, "drill", yes)).toBe(true);
  w.pass(6);
  expect(w.carrier()).toBe("b");
  w.pass(20);
  expect([w.carrier(), w.word(), w.overlaps]).toEqual(["a", "carried", []]);
  expect(report(w)).toMatchObject({ result: "passed", because: null, by: "engineer" });
  const legs = report(w)!.legs.map(({ from, to, offAirMs }) => [from, to, offAirMs! > 0]);
  expect(legs).toEqual([
    ["a", "b", true],
    ["b", "a", true],
  ]);
  expect(told(w, "stream.drill").map(({ data }) => data["drill"])).toEqual(["begun", "passed"]);
  expect(told(w, "stream.drill").at(-1)!.message).toMatch(
    /^main: the drill passed; a to b \d\.\d s off air, b to a \d\.\d s off air$/,
  );
  expect(ofCommand(w)).toEqual([["command.done", undefined]]);
});

test("a drill that viewers would see needs the name of the stream, typed", () => {
  const w = pair();
  expect(asks(w, "drill")).toBe(false);
  expect(asks(w, "drill", { consent: "yes" })).toBe(false);
  expect(refusal(w)).toBe('its viewers would see it: type its name to agree (consent: "main")');
  expect(refusal(w, "main")).toBeUndefined();
});

test("at a destination that is marked as a test nothing has to be typed", () => {
  const w = pair({ destinations: atTest() });
  expect(asks(w, "drill")).toBe(true);
});

test("no drill while it is off air, without an understudy, while somebody else publishes, or unseen", () => {
  const off = pair();
  asks(off, "stop");
  off.pass(10);
  expect(refusal(off, "main")).toBe("it is not on air");

  const alone = pair();
  alone.send({ to: "encoder:b", event: { type: "maintenance", by: "engineer" } });
  expect(refusal(alone, "main")).toBe("it has no understudy that is ready");

  const unseen = pair({ destinations: [aDestinationPlan({ observed: false })] });
  expect(refusal(unseen, "main")).toBe("nobody looks at its far end: nothing could be measured");
});

test("two drills at once are one", () => {
  const w = pair();
  asks(w, "drill", yes);
  expect(asks(w, "drill", yes)).toBe(false);
  expect(refusal(w, "main")).toBe("engineer drills it now");
});

test("an understudy that cannot start makes the drill fail, and the programme stays on air", () => {
  const w = pair();
  w.box("b").broken = true;
  asks(w, "drill", yes);
  w.pass(150);
  expect([w.carrier(), w.carriage()]).toEqual(["a", "onAir"]);
  expect(report(w)!.result).toBe("failed");
  expect(told(w, "stream.drill").at(-1)!.severity).toBe("warning");
  expect(ofCommand(w)).toEqual([["command.refused", "drill_failed"]]);
});

test("when the box that carried dies meanwhile, the programme stays with the understudy", () => {
  const w = pair();
  asks(w, "drill", yes);
  w.pass(6);
  w.send({ to: "encoder:a", event: { type: "maintenance", by: "engineer" } });
  w.pass(30);
  expect([w.carrier(), w.carriage()]).toEqual(["b", "onAir"]);
  expect(report(w)).toMatchObject({
    result: "failed",
    because: "it stays with b: a is in maintenance",
  });
});

test("a real failover during a drill comes first, and breaks the drill off", () => {
  const w = pair();
  asks(w, "drill", yes);
  w.pass(6);
  expect(w.carrier()).toBe("b");
  w.kill("b");
  w.pass(30);
  expect(w.carriage()).toBe("onAir");
  expect(report(w)).toMatchObject({ result: "broken" });
});

test("a stop during a drill is obeyed", () => {
  const w = pair();
  asks(w, "drill", yes);
  w.pass(1);
  asks(w, "stop");
  w.pass(30);
  expect(w.word()).toBe("stopped");
  expect(report(w)!.result).not.toBe("passed");
});

test("a daemon that is restarted during a drill says so, and leaves the programme where it is", () => {
  const w = pair();
  asks(w, "drill", yes);
  w.pass(6);
  w.restart();
  w.pass(30);
  expect(w.carriage()).toBe("onAir");
  expect(report(w)).toMatchObject({
    result: "broken",
    because: "the daemon was restarted meanwhile",
  });
  expect(ofCommand(w)).toEqual([["command.refused", "drill_broken"]]);
});

test("no drill in a change freeze, unless a person has overridden it", () => {
  const w = pair();
  const startMs = w.now().wallMs + 20 * 60_000;
  const windows = [{ id: "gala", name: "gala", startMs, endMs: startMs + 3_600_000 }];
  w.send({ to: "stream:main", event: { type: "schedule", windows } });
  w.pass(1);
  expect(asks(w, "drill", yes)).toBe(false);
  w.send({ to: "site", event: { type: "overrideFreeze", by: "anna", why: "it is agreed" } });
  expect(asks(w, "drill", yes)).toBe(true);
});

test("where drills are wanted regularly they begin by themselves", () => {
  const { streams, ...rest } = aPlan({ destinations: atTest() });
  const w = onAir({ ...rest, streams: [{ ...streams[0]!, drillEveryMs: 3_600_000 }] });
  w.pass(3.3 * 3_600);
  const begun = told(w, "stream.drill").filter(({ data }) => data["drill"] === "begun");
  expect(begun).toHaveLength(4);
  expect(begun[0]!.data["by"]).toBe("the schedule");
  expect(report(w)!.result).toBe("passed");
});

test("what is published tells of the drill under way and of the last one", () => {
  const w = pair();
  const drill = () =>
    streamState(w.core.stream("main"), { published: {} as never, backupLeg: undefined }).drill;
  expect(drill()).toEqual({ underWay: null, last: null });
  asks(w, "drill", yes);
  expect(drill()!.underWay).toMatchObject({ by: "engineer", leg: "away", from: "a", to: "b" });
  w.pass(26);
  expect(drill()).toMatchObject({ underWay: null, last: { result: "passed" } });
});
