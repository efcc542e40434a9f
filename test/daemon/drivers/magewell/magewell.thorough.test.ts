import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { NotAsked } from "../../../../daemon/drivers/driver.ts";
import { aTarget } from "../a-driver.ts";
import { aBox, aDriver } from "./a-box.ts";
import { slow } from "../../../setup/slow.ts";

const soon = { timeout: 10_000, interval: 30 };
const logins = (methods: string[]) => methods.filter((method) => method === "login").length;

test("a box at rest is read: model, heat, input, and that it would publish nowhere", async () => {
  const box = await aBox();
  const reading = await aDriver(box.port).pollAll();
  expect(reading).toMatchObject({
    outputs: { "stream-1": { state: "idle", target: "none" }, "record-1": { state: "idle" } },
    input: "good",
    booting: false,
    identity: { vendor: "Magewell", model: "Ultra Encode AIO", serialNumber: "B313231201201" },
    figures: { temperatureC: { value: 61.1, source: "device" } },
    alarms: [],
    raised: { alarms: [], isWhole: true },
    // Its USB port is empty, and no share is set up.
    media: [{ id: "sd", kind: "card", condition: "ok", freeRatio: 0.75, fileSystem: "exfat" }],
  });
  expect(reading.selfStart).toBeUndefined();
  expect(reading.figures.bitrateBps).toBeUndefined();
  // Without a listener nobody counts.
  expect(reading.figures.clientCount).toBeUndefined();
});

test.each([0, 3])("%i clients of its SRT listener are told, whatever it streams", async (count) => {
  const box = await aBox({ srtClients: count });
  const reading = await aDriver(box.port).pollAll();
  expect(reading.figures.clientCount).toEqual({ value: count, source: "device" });
  expect(reading.outputs["stream-1"]?.state).toBe("idle");
});

test("one request is on the wire at a time, and a poll takes at most two", async () => {
  const box = await aBox();
  const { poll } = aDriver(box.port);
  await poll();
  const before = box.methods.length;
  await Promise.all([poll(), poll(), poll()]);
  expect(box.methods.length - before).toBeLessThanOrEqual(6);
  expect(box.web.mostAtOnce).toBe(1);
});

test("a session that expired between polls is renewed inside the same poll", async () => {
  const box = await aBox();
  const { poll } = aDriver(box.port);
  await poll();
  box.faults.expireSessions();
  expect((await poll()).outputs["stream-1"]?.state).toBe("idle");
  expect(logins(box.methods)).toBe(2);
});

test("a wrong password is tried once a minute, not at each poll", async () => {
  const box = await aBox();
  const { poll, pass } = aDriver(box.port, { password: "wrong" });
  for (let polls = 0; polls < 5; polls += 1)
    await expect(poll()).rejects.toMatchObject({ code: "unauthorized" });
  expect(logins(box.methods)).toBe(1);
  pass(61_000);
  await expect(poll()).rejects.toMatchObject({ code: "unauthorized" });
  expect(logins(box.methods)).toBe(2);
});

test("a box without a password needs none", async () => {
  const box = await aBox({ password: undefined as unknown as string });
  expect((await aDriver(box.port).poll()).outputs["stream-1"]?.state).toBe("idle");
  expect(logins(box.methods)).toBe(0);
});

test("a start writes address and key, connects, streams, and is known as ours", async () => {
  const box = await aBox();
  const { start, stream, poll } = aDriver(box.port);
  await start();
  expect(box.entries.get(0)?.entry).toMatchObject({
    ...{ url: aTarget.address, key: aTarget.streamKey, "is-use": 1 },
  });
  expect(await stream()).toMatchObject({ state: "starting" });
  await expect.poll(stream, soon).toMatchObject({
    ...{ state: "streaming", target: { destination: "cdn" }, keyGeneration: 7 },
  });
  await expect.poll(stream, soon).toMatchObject({ progress: "moving" });
  expect((await poll()).figures.bitrateBps).toEqual({ value: 300_000, source: "device" });
});

test("a start that is asked twice does not touch a stream that runs", async () => {
  const box = await aBox();
  const { start, stream } = aDriver(box.port);
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  const before = box.methods.length;
  await start();
  expect(box.methods.slice(before)).toEqual(["get-status", "get-settings"]);
});

test("a start with an older key generation is refused, also after the daemon restarted", async () => {
  const box = await aBox();
  const { start, stateDir } = aDriver(box.port);
  await start();
  const again = aDriver(box.port, {}, { stateDir });
  const older = { ...aTarget, keyGeneration: 6 };
  await expect(again.start(older)).rejects.toMatchObject({ code: "staleKey" });
});

test("a start to another destination stops the first, and switches other pushes off", async () => {
  const box = await aBox();
  box.entries.add({ type: 0, name: "youtube", url: "rtmp://other.example/x", key: "k" });
  box.entries.enable(2, true);
  const other = { ...aTarget, destination: "backup", address: "rtmp://127.0.0.1:2/live" };
  const { start, stream } = aDriver(box.port, {}, { knownTargets: [aTarget, other] });
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  expect(box.entries.get(2)?.entry["is-use"]).toBe(0);
  expect(box.entries.get(1)?.entry["is-use"]).toBe(1);
  await start(other);
  await expect.poll(stream, soon).toMatchObject({
    ...{ state: "streaming", target: { destination: "backup" } },
  });
});

test("another push that the site names stays as it is", async () => {
  const box = await aBox();
  box.entries.add({ type: 0, name: "youtube", url: "rtmp://other.example/x", key: "k" });
  box.entries.enable(2, true);
  await aDriver(box.port, { leaveServers: [2] }).start();
  expect(box.entries.get(2)?.entry["is-use"]).toBe(1);
});

test("an entry of another kind is not overwritten", async () => {
  const box = await aBox();
  const { start } = aDriver(box.port, { server: 1 });
  await expect(start()).rejects.toMatchObject({ code: "notPossible" });
  await expect(aDriver(box.port, { server: 5 }).start()).rejects.toMatchObject({
    code: "notPossible",
  });
});

test("forgetting leaves an entry of another kind as it is", async () => {
  const box = await aBox();
  const before = JSON.stringify({ ...box.entries.get(1)?.entry, "is-use": 0 });
  await aDriver(box.port, { server: 1 }).stop(true);
  expect(JSON.stringify(box.entries.get(1)?.entry)).toBe(before);
  expect(box.methods).not.toContain("set-server");
});

test("a benched box loses address and key, in whichever entry they are", async () => {
  const box = await aBox();
  const { start, stop, stream } = aDriver(box.port);
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  box.entries.add({ ...box.entries.get(0)?.entry, name: "by hand", url: `${aTarget.address}/` });
  await stop(true);
  const held = JSON.stringify(box.entries.list());
  expect(held).not.toContain(aTarget.streamKey);
  expect(held).not.toContain(aTarget.address);
  expect(await stream()).toMatchObject({ state: "idle" });
  await expect.poll(stream, soon).toMatchObject({ target: "none" });
});

test("a box that does not switch off what is live is stopped as a whole", async () => {
  const box = await aBox({ switchingOffLive: "refused" });
  const { start, stop, stream } = aDriver(box.port);
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  await stop(true);
  expect(box.methods).toContain("stop-live");
  expect((await stream())?.state).toBe("idle");
});

test("entries that were set up by hand are switched, never written", async () => {
  const box = await aBox();
  box.entries.set(0, { name: "main", url: aTarget.address, key: "by hand" });
  const { start, stop, stream, prove } = aDriver(box.port, {
    ...{ servers: { cdn: 0 }, ownSelfStart: true },
  });
  await start();
  await expect.poll(stream, soon).toMatchObject({
    ...{ state: "streaming", target: { destination: "cdn" }, keyGeneration: 7 },
  });
  const elsewhere = { ...aTarget, destination: "unheard-of" };
  await expect(start(elsewhere)).rejects.toMatchObject({ code: "notPossible" });
  expect(await prove()).toMatchObject([{ reads: 2, selfStartOff: false }]);
  await stop(true);
  expect(box.entries.get(0)?.entry).toMatchObject({ key: "by hand", "is-use": 0 });
  expect(box.methods).not.toContain("set-server");
});

test("a proof: switched off, off twice a poll apart, and no word of self-start", async () => {
  const box = await aBox();
  const { start, stream, prove } = aDriver(box.port, { provePauseMs: 300 });
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  const startedAt = performance.now();
  expect(await prove()).toMatchObject([
    { kind: "deviceNotStreaming", reads: 2, selfStartOff: false },
  ]);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(300);
  expect(box.entries.get(0)?.entry.key).toBe(aTarget.streamKey);
});

test("under an exclusive key the proof takes the key out, and only then it holds", async () => {
  const box = await aBox();
  const { start, stream, prove } = aDriver(box.port, { ownSelfStart: true });
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  expect(await prove()).toMatchObject([{ reads: 2, selfStartOff: true }]);
  expect(JSON.stringify(box.entries.list())).not.toContain(aTarget.streamKey);
});

slow("after that proof a box that goes live by itself does not reach the key", async () => {
  const box = await aBox({ startsAtPowerUp: true });
  const { start, stream, prove } = aDriver(box.port, { ownSelfStart: true });
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  expect(await prove()).toHaveLength(1);
  box.faults.reboot();
  await expect.poll(() => box.entries.isLiving, soon).toBe(true);
  expect(box.entries.lives().every((live) => !live.isWanted)).toBe(true);
});

slow("a box that starts again between the two reads is not proven off", async () => {
  const box = await aBox();
  const { start, stream, prove } = aDriver(box.port, { provePauseMs: 400 });
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  const hand = setInterval(() => {
    box.entries.enable(0, true);
    box.pressLive(true);
  }, 100);
  expect(await prove(aTarget.address, 2_000)).toEqual([]);
  clearInterval(hand);
});

slow("a box that is live and does not list its sessions is unknown, not stopped", async () => {
  const box = await aBox({ liveList: "lists none" });
  const { start, stream, prove } = aDriver(box.port);
  await start();
  expect(await stream()).toMatchObject({ state: "unknown" });
  // Nothing but the end of all that is live proves it off.
  expect(await prove()).toMatchObject([{ reads: 2 }]);
  expect(box.entries.isLiving).toBe(false);
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

test("a far end that refuses the key is told", async () => {
  const box = await aBox();
  const { start, poll, stream } = aDriver(box.port);
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  box.faults.refuseKey();
  await expect
    .poll(async () => (await poll()).alarms, soon)
    .toContain("Live: the far end refused the login");
  await expect.poll(stream, soon).toMatchObject({ state: "failing", refusal: "refused" });
  expect((await poll()).raised?.alarms).toEqual([
    {
      ...{ code: "streamingFailed", severity: "error" },
      text: "Live: the far end refused the login",
    },
  ]);
});

test.each([
  [3, "mediaTooSlow", true],
  [4, "mediaLow", false],
  [-5, "mediaDamaged", false],
  [-16, "mediaFull", false],
])("result %i of a recording is raised as %s, and too slow is its medium", async (...row) => {
  const [result, code, isTooSlow] = row;
  const box = await aBox();
  const { poll } = aDriver(box.port);
  expect((await poll()).media).toMatchObject([{ id: "sd", isTooSlow: false }]);
  box.recordResult = result;
  const { raised, media } = await poll();
  expect(raised).toMatchObject({ alarms: [{ code }], isWhole: true });
  expect(media).toMatchObject([{ id: "sd", isTooSlow }]);
});

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

test("which input it takes is told by the name that the box has for it", async () => {
  const box = await aBox();
  const { poll } = aDriver(box.port);
  const inputSelect = async () => (await poll()).inputSelect;
  await expect.poll(inputSelect).toBe("SDI");
  box.inputSource = 1;
  expect(await inputSelect()).toBe("HDMI");
  box.inputSource = 3;
  expect(await inputSelect()).toBe("input 3");
});

test("a lost input is told while the stream stays up", async () => {
  const box = await aBox();
  const { start, stream, poll } = aDriver(box.port);
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  box.faults.dropInput();
  expect(await poll()).toMatchObject({
    ...{ input: "lost", outputs: { "stream-1": { state: "streaming" } } },
  });
});

slow("a reboot is seen: unknown while it lasts, another boot mark afterwards", async () => {
  const box = await aBox();
  const { poll } = aDriver(box.port);
  const { bootMark } = await poll();
  box.faults.reboot();
  const tried = () => poll().catch(() => undefined);
  await expect.poll(tried, soon).toMatchObject({
    ...{ booting: true, outputs: { "stream-1": { state: "unknown" } } },
  });
  await expect.poll(tried, soon).toMatchObject({ booting: false });
  expect((await poll()).bootMark).not.toBe(bootMark);
});

slow(
  "a box that boots three times while it is asked is asked four times less, and we say why",
  async () => {
    const box = await aBox();
    const { poll, pass } = aDriver(box.port, { burstLimit: 100 });
    const tried = () => poll().catch(() => undefined);
    const why = "it has booted 3 times within 20 min of being asked";
    for (let boots = 0; boots < 3; boots += 1) {
      expect((await poll()).alarms?.join() ?? "").not.toContain(why);
      box.faults.reboot();
      await expect.poll(tried, soon).toMatchObject({ booting: true });
      await expect.poll(tried, soon).toMatchObject({ booting: false });
      pass(60_000);
    }
    expect((await poll()).alarms?.join()).toContain(why);
    const busyMinute = async () => {
      box.web.asked.length = 0;
      for (let polls = 0; polls < 240; polls += 1) {
        await tried();
        pass(250);
      }
      return box.web.asked.length;
    };
    await busyMinute();
    expect(await busyMinute()).toBeLessThanOrEqual(25);
  },
);

test("three silences are no boots", async () => {
  const box = await aBox();
  const { poll, pass } = aDriver(box.port, { requestTimeoutMs: 200 });
  for (let times = 0; times < 4; times += 1) {
    await poll();
    const undo = box.faults.hang();
    await expect(poll()).rejects.toThrow();
    undo();
    pass(60_000);
  }
  expect((await poll()).alarms?.join() ?? "").not.toContain("booted");
});

test("a box that updates its firmware is not told to stream", async () => {
  const box = await aBox();
  const { start, poll } = aDriver(box.port);
  const undo = box.faults.upgrade();
  await expect(start()).rejects.toMatchObject({ code: "notPossible" });
  expect(await poll()).toMatchObject({ booting: true, alarms: ["Firmware update in progress"] });
  undo();
  await start();
});

test("an Ultra Stream, which tells one result for all its servers, is started and stopped", async () => {
  const box = await aBox({ model: "stream", startsAtPowerUp: true });
  const { start, stop, stream, pollAll } = aDriver(box.port);
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming", progress: "moving" });
  expect((await pollAll()).alarms).toContain(
    "Starts to stream by itself at power-up (is-startup-live)",
  );
  await stop();
  expect((await stream())?.state).toBe("idle");
});

test("what it would start by itself cannot be owned, and that is said", async () => {
  const box = await aBox();
  await expect(aDriver(box.port).own()).rejects.toMatchObject({ code: "notPossible" });
});

test.each([
  ["html", "malformed"],
  ["truncated", "malformed"],
  ["empty", "malformed"],
  ["noResult", "malformed"],
] as const)("a box that answers %s is %s, and read again afterwards", async (kind, code) => {
  const box = await aBox();
  const { poll } = aDriver(box.port);
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

test("neither key nor password is told: in readings, errors, or on disk", async () => {
  const box = await aBox();
  const { start, stop, poll, stateDir, stream } = aDriver(box.port, { password: "right" });
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
  const undo = box.faults.nonsense("truncated");
  await keep(poll());
  await keep(stop(true));
  undo();
  await keep(aDriver(box.port, { password: "wrong-secret" }).poll());
  said.push(readFileSync(`${stateDir}/magewell.json`, "utf8"));
  const all = said.join("\n");
  expect(all).toContain("cdn");
  for (const secret of [aTarget.streamKey, encodeURIComponent(aTarget.streamKey), "wrong-secret"])
    expect(all).not.toContain(secret);
});

test("polls ask a box at most 100 times a minute and are left out then; a stop and a proof never are", async () => {
  const box = await aBox();
  const { poll, pass, stop, prove } = aDriver(box.port, { burstLimit: 100 });
  let leftOut = 0;
  const busyMinute = async () => {
    for (let polls = 0; polls < 240; polls += 1) {
      await poll().catch((error: unknown) => {
        expect(error).toBeInstanceOf(NotAsked);
        leftOut += 1;
      });
      pass(250);
    }
  };
  await busyMinute();
  expect(leftOut).toBeGreaterThan(80);
  box.web.asked.length = 0;
  await busyMinute();
  expect(box.web.asked.length).toBeGreaterThan(80);
  expect(box.web.asked.length).toBeLessThanOrEqual(100);
  // What a proof needs is not taken from it, also where there is nothing left.
  for (let times = 0; times < 5; times += 1) await stop();
  expect(await prove()).toMatchObject([{ kind: "deviceNotStreaming" }]);
  const known = (await poll().catch(() => undefined)) ?? (pass(2_000), await poll());
  expect(known.outputs["stream-1"]).toMatchObject({ state: "idle", target: "none" });
});

const inTime = () => AbortSignal.timeout(30_000);

test("a recording is started and stopped, twice asked is once done, and the stream goes on", async () => {
  const box = await aBox();
  const { driver, start, poll, stream } = aDriver(box.port);
  await start();
  await expect.poll(async () => (await stream())?.state).toBe("streaming");
  const record = async () => (await poll()).outputs["record-1"]?.state;
  await driver.startRecording!(inTime());
  await driver.startRecording!(inTime());
  expect(await record()).toBe("streaming");
  await driver.stopRecording!(inTime());
  await driver.stopRecording!(inTime());
  expect(await record()).toBe("idle");
  expect((await stream())?.state).toBe("streaming");
  const told = (method: string) => box.methods.filter((one) => one === method).length;
  expect([told("start-rec"), told("stop-rec"), told("stop-live")]).toEqual([1, 1, 0]);
});

test("a recording that does not begin, or is asked of a box that updates itself, is told as such", async () => {
  const box = await aBox();
  const { driver, pass } = aDriver(box.port);
  box.noMedium = true;
  const started = driver.startRecording!(inTime());
  setTimeout(() => pass(6_000), 300);
  await expect(started).rejects.toMatchObject({ code: "failed" });
  const updated = box.faults.upgrade();
  await expect(driver.startRecording!(inTime())).rejects.toMatchObject({ code: "notPossible" });
  updated();
});

test("a box that is told to boot does so, and is another one afterwards", async () => {
  const box = await aBox();
  const { driver, poll } = aDriver(box.port);
  const before = (await poll()).bootMark;
  await driver.reboot!(inTime());
  await expect.poll(() => poll().catch(() => undefined)).toBeUndefined();
  await expect
    .poll(async () => {
      const reading = await poll().catch(() => undefined);
      return reading?.booting === false && reading.bootMark !== before;
    })
    .toBe(true);
});
