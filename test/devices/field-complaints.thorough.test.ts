/**
 * What users of encoders and their control programs complain of in the field: the twenty reports
 * of encoder-devices.md §5, one test each, by its number there.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { openHttp } from "../../daemon/drivers/shared/http/http.ts";
import { encoderState } from "../../machines/encoder/encoder.published.ts";
import { detectionOf } from "../../daemon/detection-time.ts";
import { supervise } from "../../daemon/supervisor.ts";
import { openOverload } from "../../daemon/drivers/shared/engine/overload.ts";
import { DriverError } from "../../daemon/drivers/driver.ts";
import type { Http } from "../../daemon/drivers/shared/http/http.ts";
import { aDriver, aStateDir, aUnit } from "../daemon/drivers/aja-helo/a-unit.ts";
import { anEventUnit, watched } from "../daemon/drivers/aja-helo/an-event-unit.ts";
import { httpDrivers } from "../daemon/drivers/http-drivers.ts";
import * as magewell from "../daemon/drivers/magewell/a-box.ts";
import { startHelo } from "../fakes/helo/helo.ts";
import { aStorage } from "../machines/storage/a-storage.ts";
import { aPlan, onAir, World } from "../machines/world.ts";

const soon = { timeout: 10_000, interval: 30 };
const logins = (asked: string[]) => asked.filter((what) => what === "login").length;
const hour = 3_600;

/** The simulator, which answers at once and starts nothing by itself. */
async function aHelo() {
  const timings = { answerMs: 0, softRequestsPerS: 1e6, hardRequestsPerS: 1e6 };
  const selfStart = { autoRecover: false, powerUpStream: false, scheduler: false };
  const helo = await startHelo({ name: "studio a", timings, selfStart });
  onTestFinished(() => helo.close());
  return helo;
}

test("1: our polling keeps its web server down: it is asked less and less, and one answer restores the pace", async () => {
  const unit = await aUnit();
  const { poll, pass } = aDriver(unit.port, { requestTimeoutMs: 250 });
  unit.interpose = () => true;
  for (let polls = 0; polls < 60; polls += 1) {
    await expect(poll()).rejects.toMatchObject({ code: "timeout" });
    pass(1_000);
  }
  expect(unit.asked.length).toBeLessThanOrEqual(8);
  unit.interpose = () => false;
  pass(30_000);
  expect((await poll()).outputs["stream-1"]?.state).toBe("idle");
  unit.asked.length = 0;
  for (let polls = 0; polls < 3; polls += 1) {
    pass(5_000);
    await poll();
  }
  expect(unit.asked.filter((what) => what === "get ReplicatorStreamState")).toHaveLength(3);
});

test("2: it reboots only since we ask it: after three boots it is asked four times less, and we say why", async () => {
  const unit = await aUnit();
  const { poll, pass } = aDriver(unit.port);
  const requestsInTwoMinutes = async () => {
    unit.asked.length = 0;
    for (let polls = 0; polls < 15; polls += 1) {
      await poll();
      pass(8_000);
    }
    return unit.asked.length;
  };
  const usual = await requestsInTwoMinutes();
  for (const state of ["1", "4", "1", "4", "1", "4"]) {
    unit.parameters.set("SystemState", state);
    await poll();
    pass(60_000);
  }
  expect((await poll()).alarms?.join()).toContain(
    "it has booted 3 times within 20 min of being asked: asked four times less now",
  );
  await requestsInTwoMinutes();
  const slow = await requestsInTwoMinutes();
  expect(usual).toBe(120);
  // A quarter of 100 a minute, and what was saved before.
  expect(slow).toBeLessThanOrEqual(70);
});

test("3: its push channel is half open and everything stays green: a poll that sees more ends it", async () => {
  const { unit, waits, count } = await anEventUnit();
  const { poll, pass } = await watched(unit.port);
  await expect.poll(() => waits.length).toBe(1);
  unit.parameters.set("ReplicatorStreamState", "2");
  pass(5_000);
  expect((await poll()).outputs["stream-1"]?.state).toBe("streaming");
  // The connection stands and no event comes, so polls are at their own pace again.
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  unit.asked.length = 0;
  pass(2_500);
  await poll();
  expect(unit.asked).toEqual(
    expect.arrayContaining(["get SystemState", "get ReplicatorStreamState"]),
  );
  pass(10_000);
  await poll();
  await expect.poll(() => count("connect")).toBe(1);
  await expect.poll(() => waits.map(({ id }) => id)).toEqual(["1", "2"]);
});

test("4: 'wrong password' although it is right: an expired session is renewed inside the same poll", async () => {
  const unit = await aUnit({}, "right");
  const { poll } = aDriver(unit.port, { password: "right" });
  await poll();
  unit.sessions.clear();
  expect((await poll()).outputs["stream-1"]?.state).toBe("idle");
  expect(logins(unit.asked)).toBe(2);
});

test("5: switched off overnight it never came back: it is asked all night, and is there with its first answer", () => {
  const w = onAir(aPlan({ kinds: { a: "helo", b: "helo" } }));
  w.box("b").reachable = false;
  w.leap(10 * hour, 600);
  w.box("b").reachable = true;
  w.read("b");
  expect(w.core.site().facts["b"]?.link).toBe("reachable");
  expect(w.told("encoder.link").map(({ data }) => data["link"])).toEqual([
    "unreachable",
    "reachable",
  ]);
  expect(w.told("stream.incident")).toEqual([]);
});

test("6: a new format reboots it and the next command is lost: the start is given again by itself", () => {
  const w = new World(aPlan({ kinds: { a: "helo" } }));
  w.box("a").broken = true;
  w.pass(12);
  w.box("a").broken = false;
  w.box("a").says = { bootMark: "2" };
  w.pass(120);
  expect(w.word()).toBe("carried");
  expect(w.told("key.granted")).toHaveLength(2);
  expect(w.overlaps).toEqual([]);
});

test("7: after the internet was away for three hours it had to be restarted by hand: it is restarted, by us", () => {
  const w = onAir(aPlan({ kinds: { a: "soft" } }));
  w.uplink = false;
  w.leap(3 * hour, 1_000);
  expect(w.told("key.granted")).toHaveLength(1);
  // The line is back, and the encoder does not notice.
  w.uplink = true;
  w.freeze("a");
  w.pass(30);
  expect(w.carriage()).toBe("onAir");
  expect(w.box("a").frozen).toBe(false);
  expect(w.told("key.granted")).toHaveLength(2);
});

test("8: 'already publishing' after a reconnect: asked again for 90 s on the same proof, then it is proven anew", () => {
  for (const [kind, ghostS] of [
    ["soft", 60],
    ["helo", 60],
    ["soft", 600],
    ["helo", 600],
  ] as const) {
    const w = onAir(aPlan({ kinds: { a: kind } }));
    Object.assign(w, { observed: false, refusing: true });
    w.box("a").running = null;
    w.kill("a");
    w.pass(ghostS);
    const failed = w.told("stream.startFailed");
    expect([kind, ghostS, failed.length > 0]).toEqual([kind, ghostS, ghostS > 90]);
    if (failed[0]) expect(failed[0].message).toMatch(/wrong key, or somebody is still publishing/);
    w.refusing = false;
    w.pass(ghostS > 90 ? 300 : 15);
    expect([w.word(), w.carriage()]).toEqual(["carried", "notKnown"]);
    expect(w.box("a").running).not.toBeNull();
    // One to begin with, and one for the proof; each later proof gives it anew.
    const granted = w.told("key.granted").length;
    expect(ghostS > 90 ? granted > 2 : granted === 2).toBe(true);
    expect(w.told("encoder.repair")).toEqual([]);
    expect(w.overlaps).toEqual([]);
  }
});

test("9: reconnected without sound and recorded twice: what lost its connection is started whole, as one incident", () => {
  const w = onAir(aPlan({ kinds: { a: "soft" } }));
  const before = w.box("a").running?.generation ?? Infinity;
  w.kill("a");
  w.pass(10);
  expect(w.box("a").running?.generation).toBeGreaterThan(before);
  const proof = w.told("key.granted").at(-1)?.data["because"];
  expect(proof).toMatchObject({ kind: "fenced", certificates: [{ level: 2, encoder: "a" }] });
  const records = w.told("stream.incident").map(({ data }) => data["incident"] as { id: string });
  expect(new Set(records.map(({ id }) => id)).size).toBe(1);
  expect(records.at(-1)).toMatchObject({ outcome: "restarted", from: "a", to: "a" });
});

test("10: the card was too slow and the recording was cut off: it is warned of as soon as the box says so", () => {
  const s = aStorage();
  const slow = () => s.told.filter((d) => d.type === "storage.slow").map((d) => d.severity);
  s.reads({ freeRatio: 0.5, isTooSlow: true });
  s.reads({ freeRatio: 0.5, isTooSlow: true });
  expect(s.told.at(-1)?.message).toContain("lower the record bit rate, or record elsewhere");
  s.pass(59.999);
  s.reads({ freeRatio: 0.5, isTooSlow: false });
  expect(slow()).toEqual(["warning"]);
  expect(s.medium().warnings).toEqual(["cannot keep up with what is written"]);
  s.pass(0.001);
  s.reads({ freeRatio: 0.5 }); // does not say
  expect(slow()).toEqual(["warning"]);
  s.reads({ freeRatio: 0.5, isTooSlow: false });
  expect(slow()).toEqual(["warning", "info"]);
});

test("10: … and with nothing better in the box the recording goes on with less, in shorter files", () => {
  const light = "half its bit rate, in files of 10 min at most";
  const record = { paths: ["sd"], failover: "act", light } as const;
  const plan = aPlan({ kinds: { a: "helo" } });
  const w = onAir({ ...plan, storages: [{ id: "a", readingMaxAgeMs: 144_000, record }] });
  const box = w.box("a");
  box.records = { state: "streaming", medium: "sd", media: {} };
  const sd = { id: "sd", kind: "card", isNetwork: false, condition: "ok", freeRatio: 0.5 } as const;
  box.says = { media: [{ ...sd, isTooSlow: true, source: "device" }] };
  w.pass(5);
  expect(box.records).toMatchObject({ state: "streaming", medium: "sd", light: true });
  expect(w.told("storage.recording").at(-1)?.message).toMatch(/^a records with half its bit rate/);
  expect(w.carriage()).toBe("onAir");
});

test("11: it stopped recording before the card said 0 %: 15 % of a card and 7 % of a share are nearly full", () => {
  const word = (isNetwork: boolean, freeRatio: number) => {
    const s = aStorage();
    s.reads({ isNetwork, freeRatio });
    return s.word();
  };
  expect([0.151, 0.15].map((ratio) => word(false, ratio))).toEqual(["filling", "nearlyFull"]);
  expect([0.071, 0.07].map((ratio) => word(true, ratio))).toEqual(["filling", "nearlyFull"]);
});

test("12: the recording ended at 4 GB: FAT is warned of when it is seen, once, until it is gone", () => {
  const s = aStorage();
  const fat = () => s.told.filter((d) => d.type === "storage.fileSystem").length;
  s.reads({ freeRatio: 0.5, fileSystem: "FAT32" });
  s.reads({ freeRatio: 0.5, fileSystem: "FAT32" });
  s.reads({ freeRatio: 0.5 });
  expect(fat()).toBe(1);
  s.reads({ freeRatio: 0.5, fileSystem: "exFAT" });
  s.reads({ freeRatio: 0.5, fileSystem: "FAT32" });
  expect(fat()).toBe(2);
});

test("13: it freezes at 85 °C and was rebooted again and again: a hot box is not booted before it is cool", () => {
  const w = onAir(aPlan({ kinds: { a: "helo", b: "helo" }, outlets: true }));
  const says = (celsius: number) => {
    w.box("b").says = { figures: { temperatureC: { value: celsius, source: "chassis" } } };
  };
  says(85);
  w.box("b").claims = "failing";
  w.pass(300);
  expect(w.told("encoder.repair").map(({ message }) => message)).toEqual([
    "b says its output is failing: a restart of it is under way",
    "b says its output is failing, at 85 °C: a reboot waits until it has cooled",
  ]);
  says(60);
  w.pass(120);
  expect(w.told("encoder.repair").map(({ data }) => data["repair"])).toEqual([
    ...["does", "coolsFirst", "does", "proven"],
  ]);
});

test("14: after half an hour the host is overloaded and never recovers: slower than the programme for 30 s is told", () => {
  const overload = openOverload();
  let atMs = 0;
  let outTimeUs = 0;
  const engines = new Map([
    ["stream-1", { progressBlock: () => ({ run: "1", block: { outTimeUs } }) }],
  ]);
  const runs = (seconds: number, speed: number) => {
    let alarms: string[] = [];
    for (let quarters = 0; quarters < 4 * seconds; quarters += 1) {
      atMs += 250;
      outTimeUs += 250_000 * speed;
      alarms = overload.alarms(engines, atMs);
    }
    return alarms;
  };
  expect(runs(29, 1)).toEqual([]);
  expect(overload.isOverloaded("stream-1")).toBeUndefined();
  expect(runs(1_800, 1)).toEqual([]);
  expect(runs(3, 0.5)).toEqual([]);
  expect(runs(60, 1)).toEqual([]);
  expect(runs(31, 0.8).join()).toMatch(
    /^stream-1 makes only 0.80 s of programme a second: its host/,
  );
  expect(overload.isOverloaded("stream-1")).toBe(true);
  expect(runs(32, 1)).toEqual([]);
  expect(overload.isOverloaded("stream-1")).toBe(false);
});

test("14: … and what its driver can turn down is turned down step by step, with the picture on air", () => {
  const w = onAir(aPlan({ kinds: { a: "helo", b: "helo" } }));
  w.box("a").suffers = "overload";
  w.pass(35);
  expect([w.box("a").load, w.carrier(), w.carriage()]).toEqual([1, "a", "onAir"]);
  w.pass(150);
  // The next step would cost the picture: the understudy has it now.
  expect([w.box("a").load, w.carrier(), w.carriage()]).toEqual([2, "b", "onAir"]);
});

test("15: a full disk took the encoder server down: it is told level by level, and the picture does not wait for it", () => {
  const s = aStorage();
  for (const freeRatio of [0.5, 0.3, 0.15, 0.005, 0.5]) s.reads({ kind: "disk", freeRatio });
  expect(s.told.map(({ severity }) => severity)).toEqual(["info", "warning", "critical", "info"]);
  const w = onAir();
  w.send({ to: "site", event: { type: "journal", health: "full" } });
  w.kill("a");
  w.pass(10);
  expect([w.carriage(), w.carrier()]).toEqual(["onAir", "b"]);
});

test("16: it is shown as 'unknown, stopped' while it streams: a connection lost often is failing, and stays ours", async () => {
  const box = await magewell.aBox();
  const { start, stream } = magewell.aDriver(box.port);
  await start();
  await expect.poll(stream, soon).toMatchObject({ state: "streaming" });
  box.faults.loseOften(80);
  const seen = new Set<string | undefined>();
  for (let polls = 0; polls < 40; polls += 1) {
    const reading = await stream();
    seen.add(reading?.state);
    await new Promise((done) => setTimeout(done, 15));
  }
  expect([...seen].sort()).toEqual(["failing", "streaming"]);
});

test("17: we see on or off and nothing else: what a box measures is told, and what it cannot is left out", async () => {
  const helo = await aHelo();
  const reading = await aDriver(helo.port).pollAll();
  const w = onAir(aPlan({ kinds: { a: "helo" } }));
  w.box("a").says = { ...reading, outputs: { "stream-1": { state: "streaming" } } };
  w.read("a");
  const published = { id: "a", epoch: "e", seq: 1, session: "s", atMs: w.now().wallMs };
  const state = encoderState(w.core.encoder("a"), {
    ...{ published, heldBy: { "a/stream-1": "main" }, generations: {}, sinceMs: () => 0 },
  });
  const clock = ["clockAheadMs", "clockExactToMs"];
  expect(Object.keys(state.figures).sort()).toEqual(["bitrateBps", ...clock, "temperatureC"]);
  expect(state.figures.bitrateBps?.source).toContain("configured");
  expect(state).toMatchObject({
    ...{ input: "good", identity: { model: "HELO" }, selfStart: { scheduler: false } },
    outputs: [{ state: "streaming", stream: "main", progress: "unknown", sendQueue: "unknown" }],
  });
});

test("18: its HTTP heads break the rules and all status is gone: they are read leniently", async () => {
  const helo = await aHelo();
  const { poll } = aDriver(helo.port);
  const undo = helo.faults.nonsense("bothLengths");
  expect((await poll()).outputs["stream-1"]?.state).toBe("idle");
  undo();
  helo.faults.closeAfterAnswer();
  expect((await poll()).outputs["stream-1"]?.state).toBe("idle");
});

test("19: the PDU's web server says 401 to lower-case header names: they go out as every browser writes them", async () => {
  let names: string[] = [];
  const server = createServer((req, res) => {
    names = req.rawHeaders.filter((_, i) => i % 2 === 0);
    res.statusCode = names.some((name) => /(^|-)[a-z]/.test(name)) ? 401 : 200;
    res.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const http = openHttp("127.0.0.1", (server.address() as AddressInfo).port, 5_000);
  onTestFinished(() => {
    http.close();
    server.close();
  });
  const body = { type: "application/x-www-form-urlencoded", text: "outlet=3" } as const;
  const headers = { Authorization: "Basic YTpi", Cookie: "session=1" };
  const ask = { method: "POST", path: "/outlet", headers, body } as const;
  expect((await http.send(ask, AbortSignal.timeout(5_000))).status).toBe(200);
  expect(names).toEqual(expect.arrayContaining(["Authorization", "Content-Length", "Host"]));
});

test.each(httpDrivers)(
  "20: the alarm came after three time-outs of 40 s: how long the death of $name goes unnoticed is told, and holds",
  async (vendor) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const [normalMs, requestTimeoutMs] = [1_000, 500];
    const plan = aPlan({ kinds: { a: "helo" } });
    const encoder = plan.encoders[0]!;
    encoder.detection = detectionOf({ ...encoder, normalMs, requestTimeoutMs });
    const { silentWithinMs, unreachableWithinMs } = encoder.detection;
    expect({ silentWithinMs, unreachableWithinMs }).toEqual({
      ...{ silentWithinMs: 2_500, unreachableWithinMs: 6_500 },
    });

    /** It answers so many questions more, and then none. */
    async function noticed(answersLeft: number) {
      const w = new World(plan);
      let left = Infinity;
      let lastWordAtMs = 0;
      const http: Http = {
        async send({ path }) {
          if (left > 0) {
            left -= 1;
            lastWordAtMs = performance.now();
            const body = vendor.recorded(path);
            return { status: body === undefined ? 404 : 200, setCookies: [], body: body ?? "" };
          }
          await new Promise((late) => setTimeout(late, requestTimeoutMs));
          throw new DriverError("timeout", "no answer");
        },
        close: () => undefined,
      };
      const to = "encoder:a";
      const context = { encoder: "a", knownTargets: () => [], stateDir: aStateDir() };
      const box = supervise({
        driver: vendor.open(
          { ...context, now: () => performance.now() },
          80,
          requestTimeoutMs,
          http,
        ),
        pollEveryMs: () => normalMs,
        tell: {
          reading: (reading) => void w.send({ to, event: { type: "reading", reading } }),
          unreadable: (failure, detail) =>
            void w.send({ to, event: { type: "unreadable", failure, detail } }),
        },
      });
      const untilItIs = async (link: string) => {
        for (let steps = 0; w.core.site().facts["a"]?.link !== link && steps < 2_000; steps += 1) {
          await vi.advanceTimersByTimeAsync(10);
        }
        return performance.now();
      };
      await untilItIs("reachable");
      left = answersLeft;
      const silentMs = (await untilItIs("silent")) - lastWordAtMs;
      const unreachableMs = (await untilItIs("unreachable")) - lastWordAtMs;
      await box.close();
      return { silentMs, unreachableMs };
    }

    const deaths: Awaited<ReturnType<typeof noticed>>[] = [];
    for (let answers = 0; answers < 10; answers += 1) deaths.push(await noticed(answers));
    const most = (of: "silentMs" | "unreachableMs") =>
      Math.max(...deaths.map((death) => death[of]));
    expect(most("silentMs")).toBeLessThanOrEqual(silentWithinMs);
    expect(most("unreachableMs")).toBeLessThanOrEqual(unreachableWithinMs);
    // Nor is it an excuse: at a high request pressure it takes about so long.
    expect(most("unreachableMs")).toBeGreaterThan(unreachableWithinMs / 2);
  },
);
