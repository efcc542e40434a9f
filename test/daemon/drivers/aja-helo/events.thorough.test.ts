import { expect, onTestFinished, test } from "vitest";
import { startHelo, type HeloOptions } from "../../../fakes/helo/helo.ts";
import { aDriver, aUnit } from "./a-unit.ts";
import { anEventUnit, watched } from "./an-event-unit.ts";

/** The simulator with its events; it answers at once and boots within a second. */
async function aHelo(options: Partial<HeloOptions> = {}) {
  const boots = { rebootMs: 300, initialiseMs: 300, powerUpActionMs: 100, tickMs: 50 };
  const fast = { ...boots, answerMs: 0, softRequestsPerS: 1e6, hardRequestsPerS: 1e6 };
  const selfStart = { autoRecover: false, powerUpStream: false, scheduler: false };
  const timings = { ...fast, ...options.timings };
  const helo = await startHelo({ name: "studio a", selfStart, ...options, timings });
  onTestFinished(() => helo.close());
  return helo;
}

/** Generous: what is demanded is a second. */
const soon = { timeout: 15_000, interval: 10 };

test.each([false, true])(
  "an input that is lost is told within a second, with a snapshot on connect: %s",
  async (snapshotOnConnect) => {
    const helo = await aHelo({ snapshotOnConnect });
    const { told } = await watched(helo.port);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const lostAtMs = performance.now();
    helo.faults.dropInput();
    await expect.poll(() => told.at(-1)?.reading.input, soon).toBe("lost");
    const { atMs, reading } = told.find((one) => one.reading.input === "lost")!;
    expect(atMs - lostAtMs).toBeLessThan(5_000);
    await expect
      .poll(() => told.at(-1)?.reading.alarms?.join(), soon)
      .toMatch(/No Video Input \(warning\)/);
    expect(reading.outputs["stream-1"]?.state).toBe("idle");
  },
);

test("a stream that somebody starts, a pulled card and an alarm are told without a poll", async () => {
  const helo = await aHelo({ snapshotOnConnect: true });
  const { told } = await watched(helo.port);
  helo.faults.pullCard();
  await expect
    .poll(() => told.at(-1)?.reading.media?.[0], soon)
    .toMatchObject({ id: "sd", condition: "missing" });
  helo.pressStart();
  await expect.poll(() => told.at(-1)?.reading.outputs["stream-1"]?.state, soon).not.toBe("idle");
});

test("after a reboot the events come again, with a new boot mark", async () => {
  const helo = await aHelo();
  const { told, poll, pass } = await watched(helo.port);
  const before = (await poll()).bootMark;
  helo.faults.reboot();
  await expect
    .poll(() => poll().catch(() => undefined), { timeout: 10_000, interval: 100 })
    .toMatchObject({ booting: true });
  await expect
    .poll(() => poll().catch(() => undefined), { timeout: 10_000, interval: 100 })
    .toMatchObject({ booting: false });
  expect((await poll()).bootMark).not.toBe(before);
  pass(5_000);
  await poll();
  await new Promise((resolve) => setTimeout(resolve, 300));
  told.length = 0;
  helo.faults.dropInput();
  await expect.poll(() => told.at(-1)?.reading.input, soon).toBe("lost");
});

const event = (name: string, int_value: number) =>
  JSON.stringify([{ param_id: `eParamID_${name}`, int_value, str_value: "words" }]);

test("an old connection id leads to a new one and a full read", async () => {
  const { unit, waits, count } = await anEventUnit();
  const { poll, pass } = await watched(unit.port);
  await expect.poll(() => waits.length).toBe(1);
  waits[0]?.res.writeHead(404).end("<html></html>");
  await new Promise((resolve) => setTimeout(resolve, 100));
  unit.asked.length = 0;
  pass(5_000);
  await poll();
  await expect.poll(() => waits.at(-1)?.id).toBe("2");
  expect(count("connect")).toBe(1);
  // Within the budget, so over a minute.
  for (let polls = 0; polls < 12; polls += 1) {
    pass(5_000);
    await poll();
  }
  const read = ["AutoRecoverStreaming", "MediaState", "ProductID"].map((name) => `get ${name}`);
  expect(unit.asked).toEqual(expect.arrayContaining(read));
});

test("the state in an event is its number, not its words, and it is told", async () => {
  const { unit, waits } = await anEventUnit();
  const { told } = await watched(unit.port);
  await expect.poll(() => waits.length).toBe(1);
  waits[0]?.res.end(event("ReplicatorStreamState", 5));
  await expect.poll(() => told.at(-1)?.reading.outputs["stream-1"]?.state, soon).toBe("stopping");
});

test("a unit without events is polled as before, and asked for them three times in ten minutes", async () => {
  const unit = await aUnit();
  const { poll, pass } = await watched(unit.port);
  for (let polls = 0; polls < 60; polls += 1) {
    pass(5_000);
    await poll();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(unit.asked.filter((one) => one.startsWith("connect"))).toHaveLength(3);
});

test("a unit that answers nobody else while it holds a wait is left without events", async () => {
  const { unit, waits, count } = await anEventUnit();
  const scripted = unit.interpose;
  const isHeld = () => waits.some(({ res }) => !res.destroyed);
  unit.interpose = (name, res, req) => scripted(name, res, req) || isHeld();
  const { driver, poll, pass } = aDriver(unit.port, { requestTimeoutMs: 100 });
  driver.watch?.(() => undefined);
  for (let polls = 0; polls < 30; polls += 1) {
    await poll().catch(() => undefined);
    pass(5_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(count("connect")).toBe(3);
  expect((await poll()).outputs["stream-1"]?.state).toBe("idle");
});

test.each([
  ["a web page", "<html></html>"],
  ["a list of nonsense", '[{"param":1}]'],
  ["a polluted prototype", '[{"__proto__":{"param_id":"eParamID_SystemState"}}]'],
])("%s in place of events does not disturb the polls", async (_, body) => {
  const { unit, waits } = await anEventUnit();
  const { poll, pass, told } = await watched(unit.port);
  await expect.poll(() => waits.length).toBe(1);
  waits[0]?.res.end(body);
  await new Promise((resolve) => setTimeout(resolve, 50));
  pass(5_000);
  expect((await poll()).outputs["stream-1"]?.state).toBe("idle");
  expect(told).toEqual([]);
});

test("a unit that answers its waits at once and empty is not asked without end", async () => {
  const { unit, count } = await anEventUnit();
  const scripted = unit.interpose;
  unit.interpose = (name, res, req) => {
    if (!req.url?.includes("wait_for")) return scripted(name, res, req);
    res.end("[]");
    return true;
  };
  await watched(unit.port);
  await new Promise((resolve) => setTimeout(resolve, 5_500));
  expect(count("wait_for_config_events")).toBeLessThanOrEqual(6);
});
