import type { ServerResponse } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { startHelo } from "../../../fakes/helo/helo.ts";
import { aDriver, answer, aTarget, aUnit } from "./a-unit.ts";

const streaming = { ReplicatorStreamState: "2" };
const proof = { kind: "deviceNotStreaming", reads: 2, selfStartOff: true };
const evidence = { ...proof, atMs: expect.any(Number) as number };
const stateReads = (asked: string[]) =>
  asked.filter((what) => what === "get ReplicatorStreamState").length;

test("a unit is stopped and says twice, one poll apart, that it does not stream", async () => {
  const unit = await aUnit(streaming);
  const { prove } = aDriver(unit.port, { provePauseMs: 300 });
  const startedAt = performance.now();
  expect(await prove()).toEqual([expect.objectContaining(proof)]);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(300);
  expect(unit.parameters.get("ReplicatorCommand")).toBe("4");
  expect(unit.asked.slice(0, 2)).toEqual(["get SystemState", "set ReplicatorCommand"]);
});

test("a proof of an idle unit takes eight requests", async () => {
  const unit = await aUnit();
  await aDriver(unit.port).prove();
  expect(unit.asked).toHaveLength(8);
});

test.each(["AutoRecoverStreaming", "PowerUpState", "SchedulerEnabled"])(
  "a unit with %s on is off, but not by a proof that holds",
  async (name) => {
    const unit = await aUnit({ [name]: "1" });
    expect(await aDriver(unit.port).prove()).toEqual([
      expect.objectContaining({ ...proof, selfStartOff: false }),
    ]);
    expect(unit.parameters.get(name)).toBe("1");
  },
);

test("where the daemon owns self-start, it is switched off within the proof", async () => {
  const unit = await aUnit({ ...streaming, AutoRecoverStreaming: "1", PowerUpState: "3" });
  const { prove } = aDriver(unit.port, { ownSelfStart: true });
  expect(await prove()).toEqual([expect.objectContaining(proof)]);
});

test("a unit that is not reachable proves nothing, and is no error", async () => {
  expect(await aDriver(1).prove()).toEqual([]);
});

test("a unit that hangs or answers nonsense proves nothing", async () => {
  const unit = await aUnit(streaming);
  unit.interpose = () => true;
  expect(await aDriver(unit.port, { requestTimeoutMs: 50 }).prove()).toEqual([]);
  unit.interpose = (_name, res) => void res.end("<html></html>") === undefined;
  expect(await aDriver(unit.port).prove()).toEqual([]);
});

test("a unit that locks us out says so", async () => {
  const unit = await aUnit({}, "right");
  const { prove } = aDriver(unit.port, { password: "wrong" });
  await expect(prove()).rejects.toMatchObject({ code: "unauthorized" });
});

test("a unit that streams on proves nothing when the time is up", async () => {
  const unit = await aUnit(streaming);
  unit.reactsAfterMs = 60_000;
  expect(await aDriver(unit.port).prove(400)).toEqual([]);
});

test.each(["0", "2", "4", "5"])("stream state %s is not off", async (state) => {
  const unit = await aUnit({ ReplicatorStreamState: state });
  unit.reactsAfterMs = 60_000;
  expect(await aDriver(unit.port).prove(300)).toEqual([]);
});

test("a unit at rest with a fault is off", async () => {
  const unit = await aUnit({ ReplicatorStreamState: "3" });
  unit.reactsAfterMs = 60_000;
  expect(await aDriver(unit.port).prove()).toEqual([expect.objectContaining(proof)]);
});

test("a reboot between the two reads starts the proof over", async () => {
  const unit = await aUnit();
  let reads = 0;
  unit.interpose = (name, res) => {
    if (name === "SystemState") reads += 1;
    const booting = name === "SystemState" && (reads === 2 || reads === 3);
    if (booting) res.end(answer(name, "2"));
    return booting;
  };
  expect(await aDriver(unit.port).prove()).toEqual([expect.objectContaining(proof)]);
  expect(reads).toBe(5);
  expect(stateReads(unit.asked)).toBe(4);
});

test("somebody presses start between the two reads: stopped again, proven from the beginning", async () => {
  const unit = await aUnit();
  let pressed = false;
  unit.interpose = (name) => {
    if (name === "PowerUpState" && !pressed) {
      pressed = true;
      unit.parameters.set("ReplicatorStreamState", "2");
    }
    return false;
  };
  expect(await aDriver(unit.port).prove()).toEqual([expect.objectContaining(proof)]);
  expect(pressed).toBe(true);
  expect(unit.parameters.get("ReplicatorStreamState")).toBe("1");
});

test("idle proves nothing while our own start may still take effect", async () => {
  const unit = await aUnit();
  unit.reactsAfterMs = 100;
  const { start, prove, pass } = aDriver(unit.port);
  await start(aTarget);
  setTimeout(() => pass(2_700), 200);
  expect(await prove()).toEqual([expect.objectContaining(proof)]);
  expect(unit.asked.filter((what) => what === "set ReplicatorCommand").length).toBeGreaterThan(2);
});

test("the recording of a linked unit that is ours to set up goes on when it is fenced", async () => {
  const streams = { streamStartMs: 50, streamStopMs: 50, unreachableMs: 100, recoverMs: 60_000 };
  const answers = { answerMs: 0, softRequestsPerS: 1e6, hardRequestsPerS: 1e6 };
  const timings = { ...streams, ...answers, tickMs: 20, recordStartMs: 50 };
  const selfStart = { autoRecover: false, powerUpStream: false, scheduler: false };
  const parameters = { LinkStartStop: "1" };
  const helo = await startHelo({ name: "studio a", timings, selfStart, parameters });
  onTestFinished(() => helo.close());
  const { start, pollAll, prove } = aDriver(helo.port, { ownSelfStart: true });
  await start(aTarget);
  await helo.until("ReplicatorRecordState", "2");
  await pollAll();
  expect(await prove()).toEqual([evidence]);
  expect(helo.get("ReplicatorRecordState")).toBe("2");
});

const linked = { ...streaming, LinkStartStop: "1", ReplicatorRecordState: "2" };

test("unlinking comes before the first stop, and costs a unit without a link no request", async () => {
  const unit = await aUnit(linked);
  await aDriver(unit.port, { ownSelfStart: true }).prove();
  const sets = unit.asked.filter((what) => what.startsWith("set"));
  expect(sets).toEqual(["set LinkStartStop", "set ReplicatorCommand"]);
  const free = await aUnit(streaming);
  const { pollAll, prove } = aDriver(free.port, { ownSelfStart: true });
  await pollAll();
  free.asked.length = 0;
  await prove();
  expect(free.asked).not.toContain("get LinkStartStop");
});

test.each([
  ["does not answer for its link", () => true],
  ["keeps its link", (name: string, res: ServerResponse) => Boolean(res.end(answer(name, "1")))],
])("a unit that %s is proven off, and its recording named", async (_, whenAsked) => {
  const unit = await aUnit(linked);
  const { pollAll, prove } = aDriver(unit.port, { ownSelfStart: true });
  await pollAll();
  unit.interpose = (name, res) => name === "LinkStartStop" && whenAsked(name, res);
  expect(await prove()).toEqual([{ ...evidence, endedToo: ["record-1"] }]);
});

test("a unit that is not ours to set up stays linked, and what goes with its stream is named", async () => {
  const unit = await aUnit(linked);
  const { pollAll, prove } = aDriver(unit.port);
  await pollAll();
  expect(await prove()).toEqual([{ ...evidence, endedToo: ["record-1"] }]);
  expect(unit.parameters.get("LinkStartStop")).toBe("1");
});
