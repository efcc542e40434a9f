import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { DriverError } from "../../../../daemon/drivers/driver.ts";
import { EngineDirectory } from "../../../../daemon/drivers/shared/engine/engine-directory.ts";
import { generous, key, output } from "../shared/engine/a-site.ts";
import { until } from "../shared/engine/until.ts";
import { aSite } from "./an-engine.ts";

const proven = { kind: "processGone", lockFree: true, unsentBytes: 0 };

test("an output that is started moves, and the far end reads who publishes", async () => {
  const site = await aSite();
  const { driver, moving, latest } = await site.open();
  await driver.startOutput(output, site.target(), generous());
  await moving();
  expect(latest()).toMatchObject({ target: { destination: "cdn" }, keyGeneration: 1 });
  const { source } = await driver.poll(generous());
  expect(source).toBe("studio");
  await until("figures", () => (latest()?.reading.figures.bitrateBps?.value ?? 0) > 0);
  expect(site.farEnd.publishers(key)[0]?.flashVer).toContain("understudy/enc-a/1");
});

test("a start that is only rehearsed starts nothing, and nothing is written down", async () => {
  const site = await aSite();
  const { driver } = await site.open();
  expect(driver).toHaveProperty("rehearseStart");
  driver.rehearseStart?.();
  expect(await site.holders()).toEqual([]);
  expect(() => readFileSync(`${site.folder}/record.json`)).toThrow("ENOENT");
  await driver.startOutput(output, site.target(1), generous());
  expect(readFileSync(`${site.folder}/record.json`, "utf8")).toContain('"keyGeneration":1');
});

test("asking twice for the same is harmless, an older generation is refused", async () => {
  const site = await aSite();
  const first = await site.open();
  await first.driver.startOutput(output, site.target(5), generous());
  const pid = site.pid();
  await first.driver.startOutput(output, site.target(5), generous());
  expect(site.pid()).toBe(pid);
  await first.driver.stopOutput(output, true, generous());
  await first.driver.close();
  const second = await site.open();
  const refused = second.driver.startOutput(output, site.target(4), generous());
  await expect(refused).rejects.toMatchObject({ name: "DriverError", code: "staleKey" });
  expect(await site.holders()).toEqual([]);
});

test("a newer generation replaces the run: never two at the far end", async () => {
  const site = await aSite();
  const { driver, moving, latest } = await site.open();
  await driver.startOutput(output, site.target(1), generous());
  await moving();
  await driver.startOutput(output, site.target(2), generous());
  await until("the second moves", () => latest()?.keyGeneration === 2 && latest()?.progress);
  expect(site.farEnd.overlapMs(key)).toBe(0);
});

test("kill -9 of ffmpeg: the exit is reported once, and proven without a second look", async () => {
  const site = await aSite();
  const { driver, moving, seen } = await site.open();
  await driver.startOutput(output, site.target(), generous());
  await moving();
  process.kill(site.pid(), "SIGKILL");
  const exits = () => seen.filter(({ exit }) => exit);
  await until("the exit is reported", () => exits().length > 0);
  expect(exits()[0]).toMatchObject({ state: "idle", exit: { code: null, signal: "SIGKILL" } });
  expect(await driver.proveOff(output, site.target().address, generous())).toMatchObject([proven]);
  await pause(1_200);
  expect(exits()).toHaveLength(1);
});

test("SIGSTOP: frozen, not before the deadline, and proven off without waiting for it", async () => {
  const site = await aSite();
  const { driver, moving, seen } = await site.open();
  await driver.startOutput(output, site.target(), generous());
  await moving();
  process.kill(site.pid(), "SIGSTOP");
  const stoppedAtMs = performance.now();
  const frozen = await until("it is called frozen", () =>
    seen.find(({ progress, atMs }) => progress === "frozen" && atMs > stoppedAtMs),
  );
  // The last block came at most a period before the stop.
  expect(frozen.atMs - stoppedAtMs).toBeGreaterThan(250 - 150);
  expect(frozen.atMs - stoppedAtMs).toBeLessThan(1_500);
  expect(frozen.sendQueue).not.toBe("stuck");
  const from = performance.now();
  expect(await driver.proveOff(output, site.target().address, generous())).toMatchObject([proven]);
  expect(performance.now() - from).toBeLessThan(1_500);
  expect(await site.holders()).toEqual([]);
});

test("a far end that takes nothing: the send queue is stuck, so it is the network", async () => {
  const site = await aSite();
  const { driver, moving, seen } = await site.open();
  await driver.startOutput(output, site.target(), generous());
  await moving();
  site.farEnd.stall(key, true);
  const stalledAtMs = performance.now();
  const silent = await until("the queue is called stuck", () =>
    seen.find(({ sendQueue, atMs }) => sendQueue === "stuck" && atMs > stalledAtMs),
  );
  expect(silent.state).toBe("streaming");
  // What was written is still on its way to a far end that will read it: not off yet.
  const evidence = await driver.proveOff(output, site.target().address, AbortSignal.timeout(1_500));
  expect(evidence).toMatchObject([{ kind: "processGone", lockFree: true }]);
  expect(evidence[0]).toHaveProperty("unsentBytes");
  expect(evidence[0]?.kind === "processGone" && evidence[0].unsentBytes).toBeGreaterThan(0);
  site.farEnd.stall(key, false);
  expect(await driver.proveOff(output, site.target().address, generous())).toMatchObject([proven]);
}, 90_000);

test.each(["a start", "another load"] as const)(
  "%s that waits for the disk starts nothing once it is proven off",
  async (asked) => {
    const site = await aSite();
    const { driver, moving } = await site.open();
    const { address } = site.target();
    if (asked === "another load") {
      await driver.startOutput(output, site.target(), generous());
      await moving();
    }
    let goOn = () => {};
    const disk = new Promise<void>((resolve) => (goOn = resolve));
    const waits = vi.spyOn(EngineDirectory.prototype, "write");
    onTestFinished(() => waits.mockRestore());
    waits.mockImplementation(async function (this: EngineDirectory, record) {
      await disk;
      waits.mockRestore();
      return this.write(record);
    });
    const starting =
      asked === "a start"
        ? driver.startOutput(output, site.target(), generous())
        : driver.setLoad!(1, generous());
    const refused = expect(starting).rejects.toThrow("was taken off it meanwhile");
    await until("its start waits for the disk", () => waits.mock.calls.length > 0);
    expect(await driver.proveOff(output, address, generous())).toMatchObject([proven]);
    goOn();
    await refused;
    await pause(500);
    expect(await site.holders()).toEqual([]);
    expect(site.farEnd.publishers(key).filter(({ endedAtMs }) => endedAtMs === null)).toEqual([]);
  },
);

test("less load: started anew to the same place with the same key, never two at the far end", async () => {
  const site = await aSite({ captions: true });
  const { driver, moving, latest, seen } = await site.open();
  await driver.startOutput(output, site.target(7), generous());
  await moving();
  const [first, from] = [site.pid(), seen.length];
  await driver.setLoad!(1, generous());
  await until("it moves again", () => site.pid() !== first && latest()?.progress === "moving");
  expect(latest()).toMatchObject({ target: { destination: "cdn" }, keyGeneration: 7 });
  expect(latest()?.reading.settings).toMatchObject({ videoBitrateBps: 225_000 });
  expect(seen.slice(from).filter(({ exit }) => exit)).toEqual([]);
  expect(site.farEnd.overlapMs(key)).toBe(0);
  const second = site.pid();
  await driver.setLoad!(1, generous());
  expect(site.pid()).toBe(second);

  // A daemon that starts now adopts it at that load, and knows it for the next start.
  await driver.close();
  const after = await site.open();
  await after.moving();
  await after.driver.setLoad!(1, generous());
  expect(site.pid()).toBe(second);
  expect(after.latest()?.reading.settings).toMatchObject({ videoBitrateBps: 225_000 });
  await after.driver.stopOutput(output, false, generous());
  await after.driver.setLoad!(0, generous());
  expect(await site.holders()).toEqual([]);
  await after.driver.startOutput(output, site.target(8), generous());
  await until("full load", () => after.latest()?.reading.settings?.videoBitrateBps === 300_000);
});

test("the daemon is killed: the next one adopts the same process, and nothing stopped", async () => {
  const site = await aSite();
  const before = await site.openElsewhere(site.target(3));
  await before.moving();
  const pid = site.pid();
  await before.kill();
  await pause(500);
  const { driver, moving, latest } = await site.open();
  await moving();
  expect(site.pid()).toBe(pid);
  expect(latest()).toMatchObject({ state: "streaming", keyGeneration: 3 });
  await driver.startOutput(output, site.target(3), generous());
  expect(site.pid()).toBe(pid);
  expect(site.farEnd.publishers(key)).toHaveLength(1);
  expect((await site.holders()).filter((holder) => holder.pid === pid)).toHaveLength(1);
  // It is ours like one of our own: its end is seen through the file system.
  process.kill(pid, "SIGKILL");
  await until("the exit is reported", () => latest()?.exit ?? latest()?.state === "idle");
});

test("an engine that ended while no daemon was there is reported once", async () => {
  const site = await aSite();
  const before = await site.openElsewhere(site.target());
  await before.moving();
  await before.kill();
  process.kill(site.pid(), "SIGKILL");
  await until("its end is written down", () => {
    const [run] = readFileSync(`${site.folder}/pid`, "utf8").split(" ");
    return site.onDisk().some((text) => text.trim() === `${run} 137`);
  });
  const after = await site.open();
  expect((await after.driver.poll(generous())).outputs[output]).toMatchObject({
    state: "idle",
    exit: { code: null, signal: "SIGKILL" },
  });
  await until("it is remembered", () =>
    site.onDisk().some((text) => text.includes('"endSeen":true')),
  );
  await after.driver.close();
  const later = await site.open();
  expect((await later.driver.poll(generous())).outputs[output]).not.toHaveProperty("exit");
});

test("kill -9 of the launcher alone: the encoder goes on, and its end is seen still", async () => {
  const site = await aSite();
  const { driver, moving, latest, seen } = await site.open();
  await driver.startOutput(output, site.target(), generous());
  await moving();
  const pid = site.pid();
  for (const holder of await site.holders()) {
    if (holder.pid !== pid) process.kill(holder.pid, "SIGKILL");
  }
  await pause(1_200);
  expect(latest()).toMatchObject({ state: "streaming", progress: "moving" });
  process.kill(pid, "SIGKILL");
  const { exit } = await until("its end is reported", () => seen.find((reading) => reading.exit));
  expect(exit).toMatchObject({ code: null, signal: null });
});

test("a process that nobody has a record of is killed before anything may start", async () => {
  const site = await aSite();
  const before = await site.openElsewhere(site.target());
  await before.moving();
  await before.kill();
  expect(await site.holders()).not.toEqual([]);
  rmSync(`${site.folder}/record.json`);
  const { driver } = await site.open();
  expect(await site.holders()).toEqual([]);
  expect((await driver.poll(generous())).outputs[output]).toMatchObject({ state: "idle" });
});

test("the key is nowhere on disk, in no error and in no reading", async () => {
  const site = await aSite();
  const { driver, seen } = await site.open();
  const nobody = { ...site.target(1), address: "rtmp://127.0.0.1:1/live" };
  await driver.startOutput(output, nobody, generous());
  await until("its last words are reported", () =>
    seen.some(({ reading }) => reading.alarms?.some((alarm) => alarm.includes("refused"))),
  );
  const errors: unknown[] = [];
  for (const wrong of [
    { ...site.target(0) },
    { ...site.target(2), address: `rtmp://h/live?${key}` },
    { ...site.target(2), streamKey: `${key}\n` },
  ]) {
    errors.push(await driver.startOutput(output, wrong, generous()).catch((e: unknown) => e));
  }
  expect(errors.every((error) => error instanceof DriverError)).toBe(true);
  const everything = [...site.onDisk(), JSON.stringify(seen), ...errors.map(String)];
  expect(everything.length).toBeGreaterThan(8);
  expect(everything.join("\n")).not.toContain(key);
});

test("where a program quotes the key in its last words, it is hidden", async () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-quoting-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, "quoting");
  writeFileSync(program, '#!/bin/sh\necho "server says: $* is taken" >&2\nexit 1\n', {
    mode: 0o755,
  });
  const site = await aSite({ program });
  const { driver, seen } = await site.open();
  await driver.startOutput(output, site.target(), generous());
  const said = await until("its last words are reported", () =>
    seen.flatMap(({ reading }) => reading.alarms ?? []).find((alarm) => alarm.includes("taken")),
  );
  expect(said).toContain("-rtmp_playpath [key]");
  expect(site.onDisk().join("\n")).not.toContain(key);
});
