import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { NotAsked } from "../../../../daemon/drivers/driver.ts";
import type { DeviceAlarm } from "../../../../machines/encoder/reading.ts";
import { aTarget } from "../a-driver.ts";
import { aBox, aDriver } from "./a-box.ts";
import { slow } from "../../../setup/slow.ts";

const soon = { timeout: 10_000, interval: 30 };

test("a box at rest is read: model, load, heat, clock, media, and that it would publish nowhere", async () => {
  const box = await aBox();
  const reading = await aDriver(box.port).pollAll();
  expect(reading).toMatchObject({
    outputs: { "stream-1": { state: "idle", target: "none" }, "record-1": { state: "idle" } },
    identity: { vendor: "Epiphan", model: "Pearl Mini", firmware: "4.24.1" },
    figures: {
      cpuUsageRatio: { value: 0.25, source: "device" },
      temperatureC: { value: 57, source: "device" },
    },
    media: [{ id: "main", kind: "disk", condition: "ok", freeBytes: 11_821_019_136 }],
    alarms: [],
  });
  const { aheadMs, exactToMs, source } = reading.clock!;
  expect(source).toBe("HTTP Date");
  expect(Math.abs(aheadMs)).toBeLessThanOrEqual(exactToMs + 50);
  for (const untold of ["selfStart", "input"]) expect(reading).not.toHaveProperty(untold);
});

test("one request is on the wire at a time, and a poll takes few", async () => {
  const box = await aBox();
  const { poll, pollAll } = aDriver(box.port);
  await pollAll();
  const before = box.web.asked.length;
  await Promise.all([poll(), poll(), poll()]);
  expect(box.web.asked.length - before).toBeLessThanOrEqual(12);
  expect(box.web.mostAtOnce).toBe(1);
});

test("a wrong password is tried once a minute, not at each poll", async () => {
  const box = await aBox();
  const { poll, pass } = aDriver(box.port, { password: "wrong" });
  for (let polls = 0; polls < 5; polls += 1)
    await expect(poll()).rejects.toMatchObject({ code: "unauthorized" });
  expect(box.web.asked).toHaveLength(1);
  pass(61_000);
  await expect(poll()).rejects.toMatchObject({ code: "unauthorized" });
  expect(box.web.asked).toHaveLength(2);
});

test("a start writes address and key, connects, streams, and is known as ours", async () => {
  const box = await aBox();
  const { start, stream, poll } = aDriver(box.port);
  await start();
  expect(box.publisher("1/0").rtmp).toMatchObject({
    ...{ url: aTarget.address, stream: aTarget.streamKey },
  });
  expect(await stream()).toMatchObject({ state: "starting" });
  await expect.poll(stream, soon).toMatchObject({
    ...{ state: "streaming", target: { destination: "cdn" }, keyGeneration: 7 },
  });
  await expect.poll(stream, soon).toMatchObject({ progress: "moving" });
  expect((await poll()).figures.bitrateBps).toEqual({ value: 300_000, source: "device" });
  expect(box.publisher("2/0").rtmp.url).toBe("");
});

test("a start that is asked twice does not touch a stream that runs", async () => {
  const box = await aBox();
  const { start, stream } = aDriver(box.port);
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  const before = box.web.asked.length;
  await start();
  expect(box.web.asked.slice(before).filter((what) => !what.startsWith("GET"))).toEqual([]);
});

test("a start with an older key generation is refused, also after the daemon restarted", async () => {
  const box = await aBox();
  const { start, stateDir } = aDriver(box.port);
  await start();
  const again = aDriver(box.port, {}, { stateDir });
  const older = { ...aTarget, keyGeneration: 6 };
  await expect(again.start(older)).rejects.toMatchObject({ code: "staleKey" });
});

test("a start to another destination stops the first", async () => {
  const box = await aBox();
  const other = { ...aTarget, destination: "backup", address: "rtmp://127.0.0.1:2/live" };
  const { start, stream } = aDriver(box.port, {}, { knownTargets: [aTarget, other] });
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  await start(other);
  await expect.poll(stream, soon).toMatchObject({
    ...{ state: "streaming", target: { destination: "backup" } },
  });
  const stops = box.web.asked.filter((what) => what.endsWith("control/stop"));
  expect(stops).toHaveLength(1);
});

test("a publisher of another kind, and one that is not there, are refused", async () => {
  const box = await aBox();
  const start = (publisher: string) => aDriver(box.port, { publisher }).start();
  await expect(start("1")).rejects.toMatchObject({ code: "notPossible" });
  await expect(start("9")).rejects.toMatchObject({ code: "notPossible" });
  const { poll } = aDriver(box.port, { channel: 9 });
  await expect(poll()).rejects.toMatchObject({ code: "malformed" });
});

test("a benched box loses address and key, also in another channel", async () => {
  const box = await aBox();
  const { start, stop, stream } = aDriver(box.port);
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  box.add("2/3", `${aTarget.address}/`, aTarget.streamKey);
  box.add("2/4", "rtmp://other.example/live", "not ours");
  await stop(true);
  expect(box.publisher("1/0").rtmp).toMatchObject({ url: "", stream: "" });
  expect(box.publisher("2/3").rtmp).toMatchObject({ url: "", stream: "" });
  expect(box.publisher("2/4").rtmp.stream).toBe("not ours");
  await expect.poll(stream, soon).toMatchObject({ state: "idle", target: "none" });
});

test("older firmware is read, and says why it cannot be given an address", async () => {
  const box = await aBox({ api: "legacy" });
  const { start, poll } = aDriver(box.port);
  expect((await poll()).outputs["stream-1"]?.state).toBe("idle");
  expect((await poll()).figures).toEqual({});
  await expect(start()).rejects.toMatchObject({ code: "notPossible" });
});

slow(
  "older firmware with publishers set up by hand is started, stopped, and never written",
  async () => {
    const box = await aBox({ api: "legacy" });
    box.add("1/5", aTarget.address, "by hand");
    const { start, stop, stream, prove } = aDriver(box.port, {
      ...{ publishers: { cdn: "5" }, ownSelfStart: true },
    });
    await start();
    await expect.poll(stream, soon).toMatchObject({
      ...{ state: "streaming", target: { destination: "cdn" }, keyGeneration: 7 },
    });
    const elsewhere = { ...aTarget, destination: "unheard-of" };
    await expect(start(elsewhere)).rejects.toMatchObject({ code: "notPossible" });
    expect(await prove()).toMatchObject([{ reads: 2, selfStartOff: false }]);
    await expect(stop(true)).rejects.toMatchObject({ code: "notPossible" });
    expect(await stream()).toMatchObject({ state: "idle" });
    expect(box.publisher("1/5").rtmp.stream).toBe("by hand");
    expect(box.web.asked.filter((what) => what.startsWith("PATCH"))).toEqual([]);
  },
);

test("a proof: stopped, off twice a poll apart, and no word of self-start", async () => {
  const box = await aBox();
  const { start, stream, prove } = aDriver(box.port, { provePauseMs: 300 });
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  const startedAt = performance.now();
  expect(await prove()).toMatchObject([
    { kind: "deviceNotStreaming", reads: 2, selfStartOff: false },
  ]);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(300);
  expect(box.publisher("1/0").rtmp.stream).toBe(aTarget.streamKey);
});

slow(
  "under an exclusive key the proof takes the key out, and what starts by itself lacks it",
  async () => {
    const box = await aBox({ startsEnabledAtPowerUp: true });
    const { start, stream, prove } = aDriver(box.port, { ownSelfStart: true });
    await start();
    await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
    expect(await prove()).toMatchObject([{ reads: 2, selfStartOff: true }]);
    expect(box.publisher("1/0").rtmp).toMatchObject({ url: "", stream: "" });
  },
);

slow("a box that starts again between the two reads is not proven off", async () => {
  const box = await aBox();
  const { start, stream, prove } = aDriver(box.port, { provePauseMs: 400 });
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  const hand = setInterval(() => box.press("1/0", true), 100);
  expect(await prove(aTarget.address, 2_000)).toEqual([]);
  clearInterval(hand);
});

slow("a reboot between the two reads starts the proof over", async () => {
  const box = await aBox();
  const { start, stream, prove } = aDriver(box.port, { provePauseMs: 400 });
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  const stops = () => box.web.asked.filter((what) => what.endsWith("control/stop")).length;
  const proof = prove();
  await expect.poll(() => box.publisher("1/0").live.word, soon).toBe("idle");
  box.faults.quickReboot();
  expect(await proof).toHaveLength(1);
  expect(stops()).toBe(2);
});

test("silence, nonsense and a closed port prove nothing", async () => {
  const box = await aBox();
  const { prove } = aDriver(box.port, { requestTimeoutMs: 60 });
  const undo = box.faults.hang();
  expect(await prove()).toEqual([]);
  undo();
  box.faults.nonsense("html");
  expect(await prove()).toEqual([]);
  expect(await aDriver(1).prove()).toEqual([]);
});

slow(
  "a connection that is lost often is failing, not stopped, and says why without the key",
  async () => {
    const box = await aBox();
    const { start, stream, poll } = aDriver(box.port);
    await start();
    await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
    box.faults.loseOften(80);
    const seen = new Set<string | undefined>();
    const alarms: string[] = [];
    const raised: DeviceAlarm[] = [];
    for (let polls = 0; polls < 40; polls += 1) {
      const reading = await poll();
      seen.add(reading.outputs["stream-1"]?.state);
      alarms.push(...(reading.alarms ?? []));
      raised.push(...(reading.raised?.alarms ?? []));
      await new Promise((done) => setTimeout(done, 15));
    }
    expect([...seen].sort()).toEqual(["failing", "streaming"]);
    const text = `cannot push to ${aTarget.address}/(key) (lost)`;
    expect(alarms).toContain(text);
    expect(raised).toContainEqual({ code: "streamingFailed", severity: "error", text });
  },
);

test("a stream that stands still is frozen after five seconds", async () => {
  const box = await aBox();
  const { start, stream, pass } = aDriver(box.port);
  await start();
  await expect.poll(stream, soon).toMatchObject({ progress: "moving" });
  box.faults.freezeMedia();
  await stream();
  pass(6_000);
  expect(await stream()).toMatchObject({ state: "streaming", progress: "frozen" });
});

test("heat above the box's own threshold is told in words", async () => {
  const box = await aBox();
  box.faults.overheat();
  const { alarms, figures, raised } = await aDriver(box.port).poll();
  expect(figures.temperatureC?.value).toBe(83);
  const text = "CPU temperature is above its threshold of 70 °C";
  expect(alarms).toEqual([text]);
  expect(raised).toEqual({
    alarms: [{ code: "nearOverTemp", severity: "warning", text }],
    isWhole: true,
  });
});

test("a recorder that fails is raised as an alarm, and its end is known", async () => {
  const box = await aBox();
  box.recorderFails = true;
  const { pollAll, pass } = aDriver(box.port);
  const { raised, outputs } = await pollAll();
  expect(outputs["record-1"]).toEqual({ state: "failing" });
  expect(raised?.alarms).toMatchObject([{ code: "recordingFailed", severity: "error" }]);
  box.recorderFails = false;
  pass(15_000);
  expect((await pollAll()).raised).toEqual({ alarms: [], isWhole: true });
});

test("which layout it shows is told by its name, and asked only where these are named", async () => {
  const box = await aBox();
  const { poll, pass } = aDriver(box.port, { inputs: { Hall: "hall", Slides: "slides" } });
  const layout = async () => {
    pass(2_000);
    return (await poll()).layout;
  };
  await expect.poll(layout, soon).toBe("Hall");
  box.layout = "Slides";
  await expect.poll(layout, soon).toBe("Slides");
  const asked = () => box.web.asked.filter((path) => path.includes("/layouts")).length;
  const before = asked();
  expect(await aDriver(box.port).pollAll()).not.toHaveProperty("layout");
  expect(asked()).toBe(before);
});

test("a reboot is told by the uptime that goes back; a short silence is none", async () => {
  const box = await aBox();
  const { poll, pass } = aDriver(box.port, { requestTimeoutMs: 1_000 });
  const { bootMark } = await poll();
  const undo = box.faults.hang();
  await expect(poll()).rejects.toMatchObject({ code: "timeout" });
  undo();
  expect((await poll()).bootMark).toBe(bootMark);
  box.faults.reboot();
  pass(60_000);
  await expect
    .poll(
      () =>
        poll().then(
          (r) => r.bootMark,
          () => bootMark,
        ),
      soon,
    )
    .not.toBe(bootMark);
});

test.each([
  ["html", "malformed"],
  ["truncated", "malformed"],
  ["empty", "malformed"],
  ["noResult", "malformed"],
] as const)("a box that answers %s is %s, and read again afterwards", async (kind, code) => {
  const box = await aBox();
  const { poll } = aDriver(box.port);
  await poll();
  const undo = box.faults.nonsense(kind);
  await expect(poll()).rejects.toMatchObject({ code });
  undo();
  expect((await poll()).outputs["stream-1"]?.state).toBe("idle");
});

test("an answer that drips in ends at the time limit", async () => {
  const box = await aBox();
  box.faults.drip(20);
  const { poll } = aDriver(box.port, { requestTimeoutMs: 150 });
  await expect(poll()).rejects.toMatchObject({ code: "timeout" });
});

test("a wrong content type is no fault", async () => {
  const box = await aBox();
  box.faults.nonsense("wrongType");
  expect((await aDriver(box.port).poll()).outputs["stream-1"]?.state).toBe("idle");
});

test("what it would start by itself cannot be owned, and that is said", async () => {
  const box = await aBox();
  await expect(aDriver(box.port).own()).rejects.toMatchObject({ code: "notPossible" });
});

test("neither key nor password is told: in readings, errors, or on disk", async () => {
  const box = await aBox();
  const { start, stop, poll, stateDir, stream } = aDriver(box.port);
  const said: string[] = [];
  const keep = async (work: Promise<unknown>) => {
    try {
      said.push(JSON.stringify(await work) ?? "");
    } catch (error) {
      const { message, cause, stack } = error as Error;
      said.push(message, String(cause), stack ?? "");
    }
  };
  await keep(start());
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  await keep(poll());
  box.faults.refuseKey();
  await keep(poll());
  await keep(start({ ...aTarget, address: `rtmp://${"x".repeat(600)}` }));
  const undo = box.faults.nonsense("truncated");
  await keep(poll());
  undo();
  await keep(stop(true));
  await keep(aDriver(box.port, { password: "wrong-secret" }).poll());
  said.push(readFileSync(`${stateDir}/epiphan-pearl.json`, "utf8"));
  const all = said.join("\n");
  expect(all).toContain("cdn");
  const login = Buffer.from("admin:wrong-secret").toString("base64");
  for (const secret of [aTarget.streamKey, "wrong-secret", login])
    expect(all).not.toContain(secret);
});

test("a box that boots three times while it is asked is asked four times less, and says why", async () => {
  const box = await aBox();
  const { poll, pass } = aDriver(box.port, { burstLimit: 100 });
  /** As often as it may be. */
  const polled = (): Promise<boolean> =>
    poll().then(
      () => true,
      (error: unknown) => {
        expect(error).toBeInstanceOf(NotAsked);
        return false;
      },
    );
  const alarms = async () => (await poll()).alarms;
  expect(await alarms()).toEqual([]);
  // Its uptime goes on by itself: for a driver to which a minute has passed, it has booted.
  for (let boots = 0; boots < 3; boots += 1) {
    pass(60_000);
    await poll();
  }
  pass(1_000);
  expect(await alarms()).toEqual([expect.stringContaining("booted 3 times within 20 min")]);
  while (await polled()) expect(box.web.asked.length).toBeLessThan(200);
  const before = box.web.asked.length;
  // At the usual pace seven requests: 85 of its 100 a minute are for polls.
  for (let polls = 0; polls < 10; polls += 1) {
    pass(500);
    await polled();
  }
  expect(box.web.asked.length - before).toBeLessThanOrEqual(2);
});

const inTime = () => AbortSignal.timeout(30_000);

test.each(["v2.0", "legacy"] as const)(
  "%s: the recorder of the channel is started and stopped, twice asked is once done",
  async (api) => {
    const box = await aBox({ api });
    const { driver, pollAll } = aDriver(
      box.port,
      api === "legacy" ? { publishers: { cdn: "0" } } : {},
    );
    const record = async () => (await pollAll()).outputs["record-1"]?.state;
    await driver.startRecording!(inTime());
    await driver.startRecording!(inTime());
    expect(await record()).toBe("streaming");
    await driver.stopRecording!(inTime());
    await driver.stopRecording!(inTime());
    expect(await record()).toBe("idle");
    const orders = box.web.asked.filter((one) => one.includes("/recorders/1/control/"));
    expect(orders).toHaveLength(2);
  },
);

test("a recording that does not begin is a failure; a channel without a recorder has none", async () => {
  const box = await aBox();
  const { driver, pass } = aDriver(box.port);
  box.noStorage = true;
  const started = driver.startRecording!(inTime());
  setTimeout(() => pass(6_000), 300);
  await expect(started).rejects.toMatchObject({ code: "failed" });
  const other = aDriver(box.port, { channel: "2" }).driver;
  await expect(other.startRecording!(inTime())).rejects.toMatchObject({ code: "notPossible" });
});

test("a box that is told to boot does so; older firmware is not told", async () => {
  const box = await aBox();
  const { driver, poll } = aDriver(box.port);
  const before = (await poll()).bootMark;
  await driver.reboot!(inTime());
  await expect
    .poll(async () => {
      const reading = await poll().catch(() => undefined);
      return reading !== undefined && reading.bootMark !== before;
    })
    .toBe(true);
  const old = await aBox({ api: "legacy" });
  await expect(aDriver(old.port).driver.reboot!(inTime())).rejects.toMatchObject({
    code: "notPossible",
  });
});
