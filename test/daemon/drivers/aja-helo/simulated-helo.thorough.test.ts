import { expect, onTestFinished, test } from "vitest";
import { startHelo, type HeloOptions } from "../../../fakes/helo/helo.ts";
import { aDriver, aTarget } from "./a-unit.ts";

/** The simulator with all 971 parameters; these tests start no encoder process. */
async function aHelo(options: Partial<HeloOptions> = {}) {
  const timings = { streamStartMs: 50, streamStopMs: 50, unreachableMs: 100, recoverMs: 100 };
  const boots = { rebootMs: 300, initialiseMs: 300, powerUpActionMs: 100, tickMs: 50 };
  const fast = { ...timings, ...boots, answerMs: 0, softRequestsPerS: 1e6, hardRequestsPerS: 1e6 };
  const helo = await startHelo({ name: "studio a", ...options, timings: fast });
  onTestFinished(() => helo.close());
  return helo;
}
const soon = { timeout: 20_000, interval: 50 };
const off = { selfStart: { autoRecover: false, powerUpStream: false, scheduler: false } };

test("a HELO as it comes is read whole, and what it would do by itself is told", async () => {
  const helo = await aHelo();
  const reading = await aDriver(helo.port).pollAll();
  expect(reading).toMatchObject({
    outputs: { "stream-1": { state: "idle", target: "none" }, "record-1": { state: "idle" } },
    input: "good",
    identity: { vendor: "AJA", model: "HELO", serialNumber: helo.serialNumber },
    selfStart: { autoRecover: true, powerUp: "stream", scheduler: true },
    alarms: [
      "its own calendar is on, this unit will record and stream on its own",
      "this unit will stream on its own when its power comes back",
      "its clock is set by hand and drifts: set Time Source to Automatic, with an NTP server",
    ],
  });
});

test("a HELO that somebody switches to its other input says which one it takes", async () => {
  const helo = await aHelo();
  const { pollAll } = aDriver(helo.port);
  helo.set("VideoInSelect", 0);
  expect((await pollAll()).inputSelect).toBe("SDI");
  helo.set("VideoInSelect", 1);
  await pollAll();
  expect((await pollAll()).inputSelect).toBe("HDMI");
});

test("a HELO with a login is read, and again after its sessions are gone in a reboot", async () => {
  const helo = await aHelo({ password: "right", ...off });
  const { poll } = aDriver(helo.port, { password: "right" });
  const before = await poll();
  helo.faults.reboot();
  await expect
    .poll(() => poll().catch(() => undefined), { timeout: 10_000 })
    .toMatchObject({
      ...{ booting: true, outputs: { "stream-1": { state: "unknown" } } },
    });
  await expect
    .poll(() => poll().catch(() => undefined), { timeout: 10_000 })
    .toMatchObject({ booting: false });
  expect((await poll()).bootMark).not.toBe(before.bootMark);
});

test.each([
  ["html", "malformed"],
  ["truncated", "malformed"],
  ["wrongName", "malformed"],
  ["empty", "malformed"],
] as const)("a HELO that answers %s is %s", async (kind, code) => {
  const helo = await aHelo();
  const undo = helo.faults.nonsense(kind);
  const { poll } = aDriver(helo.port);
  await expect(poll()).rejects.toMatchObject({ code });
  undo();
  expect((await poll()).outputs["stream-1"]?.state).toBe("idle");
});

test("a HELO that hangs, resets or closes its port is told apart, and read again afterwards", async () => {
  const helo = await aHelo();
  const { poll } = aDriver(helo.port, { requestTimeoutMs: 300 });
  const undoHang = helo.faults.hang();
  await expect(poll()).rejects.toMatchObject({ code: "timeout" });
  undoHang();
  await poll();
  const undoReset = helo.faults.resetConnections();
  await expect(poll()).rejects.toMatchObject({ code: "refused" });
  undoReset();
  await poll();
  const undoPort = helo.faults.unreachable();
  await expect.poll(() => poll().catch((e: unknown) => e)).toMatchObject({ code: "refused" });
  undoPort();
  await expect
    .poll(() => poll().catch(() => undefined), { timeout: 5_000 })
    .toMatchObject({ booting: false });
});

test("a HELO whose input is lost is told so", async () => {
  const helo = await aHelo();
  helo.faults.dropInput();
  const { pollAll } = aDriver(helo.port);
  const reading = await pollAll();
  expect(reading.input).toBe("lost");
  expect(reading.alarms).toContainEqual(expect.stringMatching(/^No Video Input \(warning\): /));
});

test("a HELO whose card is pulled is read on", async () => {
  const helo = await aHelo();
  helo.faults.pullCard();
  const { outputs } = await aDriver(helo.port).pollAll();
  expect(outputs["stream-1"]?.state).toBe("idle");
  expect(outputs["record-1"]?.state).toBe("idle");
});

test("a HELO that cannot reach its far end is failing and says why; stopped, it stays off", async () => {
  const helo = await aHelo();
  const { start, poll, pass, stop, prove } = aDriver(helo.port, { ownSelfStart: true });
  await start(aTarget);
  await helo.until("ReplicatorStreamState", "4");
  // Why it fails is read first, as soon as the unit may be asked again.
  expect((await poll()).outputs["stream-1"]).toMatchObject({ state: "unknown" });
  pass(2_000);
  expect((await poll()).outputs["stream-1"]).toMatchObject({
    ...{ state: "failing", refusal: "maybeRefused" },
  });
  pass(5_000);
  expect((await poll()).alarms?.join()).toContain("Streaming Failed");
  setTimeout(() => pass(3_000), 100);
  await stop(true);
  expect([helo.get("RTMPServerURL"), helo.get("RTMPStreamName")]).toEqual(["", ""]);
  expect(await prove()).toEqual([expect.objectContaining({ selfStartOff: true, reads: 2 })]);
});

test("a HELO that does not find its far end's name was refused by nobody; one that is started again is stopped first", async () => {
  const helo = await aHelo();
  const target = { ...aTarget, address: "rtmp://nowhere.invalid/live" };
  const { start, poll, pass } = aDriver(helo.port, { ownSelfStart: true });
  await start(target);
  await helo.until("ReplicatorStreamState", "4");
  pass(2_000);
  const { state, refusal } = (await poll()).outputs["stream-1"]!;
  expect({ state, refusal }).toEqual({ state: "failing", refusal: undefined });
  const again = start(target);
  await helo.until("ReplicatorStreamState", "1");
  setTimeout(() => pass(3_000), 100);
  await again;
  await helo.until("ReplicatorStreamState", "4");
});

test("self-start is switched off on a HELO and stays so over a reboot", async () => {
  const helo = await aHelo();
  await aDriver(helo.port).own();
  expect([
    helo.get("AutoRecoverStreaming"),
    helo.get("PowerUpState"),
    helo.get("SchedulerEnabled"),
  ]).toEqual(["0", "0", "0"]);
});

test.each(["notFound", "emptyObject"] as const)(
  "a HELO that answers %s to what it does not know is read in all the rest",
  async (unknownReply) => {
    const helo = await aHelo({ unknownReply });
    const { driver } = aDriver(helo.port);
    await expect(driver.poll(AbortSignal.timeout(5_000))).resolves.toMatchObject({ input: "good" });
  },
);

test("a HELO Plus is read in what it has, and its second stream is told by its duration", async () => {
  const helo = await aHelo({ ...off, model: "plus" });
  const { poll, pollAll, pass } = aDriver(helo.port);
  expect(await pollAll()).toMatchObject({
    identity: { model: "HELO Plus" },
    outputs: { "stream-1": { state: "idle" }, "stream-2": { state: "unknown" } },
  });
  helo.secondStream(true);
  await expect
    .poll(
      async () => {
        pass(5_000);
        return (await poll()).outputs["stream-2"];
      },
      { timeout: 20_000, interval: 500 },
    )
    .toEqual({ state: "streaming", progress: "moving" });
});

test("a classic HELO has no second stream", async () => {
  const helo = await aHelo(off);
  const { outputs } = await aDriver(helo.port).pollAll();
  expect(Object.keys(outputs).sort()).toEqual(["record-1", "stream-1"]);
});

test.each([0, 7_300, -90_000])(
  "a clock that is %i ms off is told, exact to a second",
  async (ms) => {
    const helo = await aHelo({ ...off, clock: { offsetMs: ms } });
    const { clock } = await aDriver(helo.port).pollAll();
    expect(Math.abs((clock?.aheadMs ?? Infinity) - ms)).toBeLessThanOrEqual(
      (clock?.exactToMs ?? 0) + 50,
    );
    expect(clock?.exactToMs).toBeLessThanOrEqual(1_000);
  },
);

test("what its calendar has next is told", async () => {
  const helo = await aHelo();
  helo.schedule({ startsInMs: 3_600_000, lastsMs: 60_000 });
  const { alarms } = await aDriver(helo.port).pollAll();
  expect(alarms).toContainEqual(expect.stringMatching(/on its own, next: \d{4}-/));
});

test("a HELO that is met while it boots loses its key before it does what it was set to do at power-up", async () => {
  const boots = { bootMs: 300, initialiseMs: 5_000, powerUpActionMs: 1_000, streamStartMs: 50 };
  const timings = { ...boots, answerMs: 0, softRequestsPerS: 1e6, hardRequestsPerS: 1e6 };
  const helo = await startHelo({ name: "studio a", ...off, timings });
  onTestFinished(() => helo.close());
  const { poll, start, stop } = aDriver(helo.port, { stopWithinMs: 200 });
  await start(aTarget);
  await helo.power.off();
  helo.set("PowerUpState", 2);
  helo.power.on();
  await expect.poll(() => poll().catch(() => undefined), soon).toMatchObject({ booting: true });
  // It obeys no stop yet, and says so.
  await expect(stop(true)).rejects.toMatchObject({ code: "failed" });
  expect(helo.get("RTMPStreamName_1")).toBe("");
  await expect.poll(() => helo.get("StreamingFailedAlarm"), soon).toMatch(/^CAE/); // raised
  expect(helo.get("ReplicatorStreamState")).toBe("3"); // at rest: it had nowhere to go
  expect(helo.get("Encoder2StreamURI")).toBe("");
});
