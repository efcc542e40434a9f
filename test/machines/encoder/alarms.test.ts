import { expect, test } from "vitest";
import { encoderState } from "../../../machines/encoder/encoder.published.ts";
import type { DeviceAlarm } from "../../../machines/encoder/reading.ts";
import { aPlan, onAir, World } from "../world.ts";

const published = { id: "a", epoch: "e", seq: 1, session: "s", atMs: 0 };
const alarm = (code: string, severity: DeviceAlarm["severity"]): DeviceAlarm => ({
  ...{ code, severity },
  text: `${code}: it is so`,
});
const damaged = alarm("mediaDamaged", "error");
const low = alarm("mediaLow", "warning");

/** A pair of HELOs, of which `a` carries. */
function aPair() {
  const w = onAir(aPlan({ kinds: { a: "helo", b: "helo" } }));
  const says = (box: string, ...alarms: DeviceAlarm[]) => {
    w.box(box).says = { raised: { alarms, isWhole: true } };
  };
  return { w, says, told: () => told(w) };
}
const told = (w: World) =>
  w.told("encoder.alarm").map(({ severity, message }) => `${severity}: ${message}`);
const state = (w: World) =>
  encoderState(w.core.encoder("a"), {
    ...{ published, heldBy: {}, generations: {}, sinceMs: () => 0 },
  });

test("an error of the carrier calls a person once it has lasted 5 s, and is published", () => {
  const { w, says } = aPair();
  says("a", damaged);
  w.pass(5);
  expect(told(w)).toEqual([]);
  w.pass(2);
  expect(told(w)).toEqual(["critical: a says: mediaDamaged: it is so"]);
  w.pass(600);
  expect(told(w)).toHaveLength(1);
  expect(state(w).alarms).toEqual([{ ...damaged, sinceMs: expect.any(Number) as number }]);
});

test("a warning, and an error of a box that carries nothing, call nobody", () => {
  const { w, says } = aPair();
  says("a", low);
  says("b", damaged);
  w.pass(10);
  expect(told(w)).toEqual([
    "warning: a says: mediaLow: it is so",
    "warning: b says: mediaDamaged: it is so",
  ]);
});

test("what is raised for 3 s is a flicker, however often", () => {
  const { w, says } = aPair();
  for (let times = 0; times < 20; times++) {
    says("a", damaged);
    w.pass(3);
    says("a");
    w.pass(3);
  }
  expect(told(w)).toEqual([]);
  expect(state(w).alarms).toEqual([]);
});

test("its end is told when it has stayed away for 90 s", () => {
  const { w, says } = aPair();
  says("a", damaged, low);
  w.pass(10);
  says("a", low);
  w.pass(88);
  expect(told(w)).toHaveLength(1);
  w.pass(5);
  expect(told(w).slice(1)).toEqual(["info: a says no more: mediaDamaged: it is so"]);
  expect(state(w).alarms?.map(({ code }) => code)).toEqual(["mediaLow"]);
});

test("one that comes for a minute and goes for two, for 12 hours, calls five times at most", () => {
  const { w, says } = aPair();
  for (let times = 0; times < 240; times++) {
    says("a", damaged);
    w.leap(60, 8);
    says("a");
    w.leap(120, 8);
  }
  const calls = w.told("encoder.alarm").filter(({ severity }) => severity === "critical");
  expect(calls.length).toBeGreaterThanOrEqual(1);
  expect(calls.length).toBeLessThanOrEqual(5);
});

test("what was not asked for again, or a box that tells of no alarms, ends nothing", () => {
  const { w, says } = aPair();
  says("a", damaged);
  w.pass(10);
  w.box("a").says = { raised: { alarms: [], isWhole: false } };
  w.pass(600);
  w.box("a").says = {};
  w.pass(600);
  expect(told(w)).toHaveLength(1);
  expect(state(w).alarms).toHaveLength(1);
});

test("a restarted daemon does not tell again what it has told", () => {
  const { w, says } = aPair();
  says("a", damaged);
  w.pass(10);
  const before = told(w).length;
  w.restart();
  w.pass(60);
  expect(told(w)).toHaveLength(before);
  expect(state(w).alarms).toHaveLength(1);
});

test("what a carrier complained of stands in its incident", () => {
  const { w, says } = aPair();
  says("a", damaged);
  w.pass(3);
  w.box("a").frozen = true;
  w.pass(1);
  says("a", damaged, alarm("streamingFailed", "error"));
  w.pass(30);
  const { lastIncident, incident } = w.core.stream("main").context.memory;
  const lines = (incident ?? lastIncident)!.timeline.map(({ what }) => what);
  expect(lines).toContain("a says: mediaDamaged: it is so");
  expect(lines).toContain("a says: streamingFailed: it is so");
  expect(lines.filter((line) => line.includes("mediaDamaged"))).toHaveLength(1);
});

test("a box that runs and is not fit to take over says why, and is not called booting", () => {
  const { w } = aPair();
  const unfit = "Media state is Data-LAN: the unit neither records nor streams";
  w.box("b").says = { booting: true, unfit };
  w.pass(120);
  const [alarm] = w.told("stream.understudy");
  expect(alarm?.message).toContain(`b ${unfit}`);
  expect(alarm?.message).not.toContain("rebooting");
});
