import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { DriverError } from "../../../../daemon/drivers/driver.ts";
import { generous, key, output } from "../shared/engine/a-site.ts";
import { until } from "../shared/engine/until.ts";
import { aSite, small } from "./an-engine.ts";
import { long } from "../../../setup/slow.ts";

const proven = { kind: "processGone", lockFree: true, unsentBytes: 0 };

test("an output that is started moves, and the far end reads who publishes", async () => {
  const site = await aSite();
  const { driver, moving, latest, seen } = await site.open();
  await driver.startOutput(output, site.target(), generous());
  await moving();
  expect(latest()).toMatchObject({ target: { destination: "cdn" }, keyGeneration: 1 });
  await until("the bit rate", () => (latest()?.reading.figures.bitrateBps?.value ?? 0) > 0);
  const [publisher] = site.farEnd.publishers(key);
  expect(publisher?.flashVer).toBe("FMLE/3.0 (compatible; understudy/enc-a/1)");
  await until("pictures at the far end", () => (publisher?.videoFrames ?? 0) > 30);
  // Nothing that stood still in between, also not while the connection was being made.
  expect(seen.filter(({ progress }) => progress === "frozen")).toEqual([]);
  expect(seen.flatMap(({ reading }) => reading.alarms)).toEqual([]);
});

test("a key of every character that a key may have reaches the far end as it is", async () => {
  const printable = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)).join("");
  const streamKey = `k${printable.replace(/["'\\?/]/g, "")}`;
  const site = await aSite();
  const { driver, moving } = await site.open();
  await driver.startOutput(output, { ...site.target(), streamKey }, generous());
  await moving();
  expect(site.farEnd.publishers(streamKey)).toHaveLength(1);
});

long("it ends its stream at the far end in good order when it is stopped", async () => {
  const site = await aSite({ stopGraceMs: 20_000 });
  const { driver, moving, seen } = await site.open();
  await driver.startOutput(output, site.target(), generous());
  await moving();
  await driver.stopOutput(output, true, generous());
  // Its launcher ends a moment after it; what is proven is the matter of a fence.
  await until("nothing is left", async () => (await site.holders()).length === 0);
  const [publisher] = site.farEnd.publishers(key);
  await until("the far end heard of it", () => publisher?.endedBecause);
  expect(publisher?.endedBecause).toBe("unpublished");
  await until("the exit is told", () => seen.find(({ exit }) => exit));
  expect(seen.find(({ exit }) => exit)?.exit).toMatchObject({ code: 0, signal: null });
});

long("a newer generation replaces the run: never two at the far end", async () => {
  const site = await aSite();
  const { driver, moving, latest } = await site.open();
  await driver.startOutput(output, site.target(1), generous());
  await moving();
  await driver.startOutput(output, site.target(2), generous());
  await until("the second moves", () => latest()?.keyGeneration === 2 && latest()?.progress);
  expect(site.farEnd.overlapMs(key)).toBe(0);
});

test("kill -9 of gst-launch: the exit is reported once, and it is proven off", async () => {
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
  await pause(1_000);
  process.kill(site.pid(), "SIGSTOP");
  const stoppedAtMs = performance.now();
  const frozen = await until("it is called frozen", () =>
    seen.find(({ progress, atMs }) => progress === "frozen" && atMs > stoppedAtMs),
  );
  // The last report came at most a period before the stop.
  expect(frozen.atMs - stoppedAtMs).toBeGreaterThan(250 - 150);
  expect(frozen.atMs - stoppedAtMs).toBeLessThan(1_500);
  expect(frozen.sendQueue).not.toBe("stuck");
  const from = performance.now();
  expect(await driver.proveOff(output, site.target().address, generous())).toMatchObject([proven]);
  expect(performance.now() - from).toBeLessThan(1_500);
  expect(await site.holders()).toEqual([]);
});

long(
  "a far end that takes nothing: the send queue is stuck, so it is the network",
  async () => {
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
    site.farEnd.stall(key, false);
    expect(await driver.proveOff(output, site.target().address, generous())).toMatchObject([
      proven,
    ]);
  },
  90_000,
);

long(
  "an encoder that works while nothing gets out of it is called frozen",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "understudy-gst-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    // Noise, so that the kernel's buffers are full soon.
    const path = join(folder, "noise.mp4");
    spawnSync("ffmpeg", [
      ...["-loglevel", "error", "-f", "lavfi"],
      ...["-i", "testsrc2=size=640x360:rate=25,noise=alls=100:allf=t", "-t", "40"],
      ...["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "12M", "-pix_fmt", "yuv420p", path],
    ]);
    const site = await aSite({
      input: { kind: "file", path },
      video: { bitrateBps: 15_000_000, preset: "ultrafast", gopSeconds: 1 },
      audio: { codec: "none" },
    });
    const { driver, moving, seen } = await site.open();
    await driver.startOutput(output, site.target(), generous());
    await moving();
    site.farEnd.stall(key, true);
    const stalledAtMs = performance.now();
    const frozen = await until("it is called frozen", () =>
      seen.find(
        ({ sendQueue, progress, atMs }) =>
          sendQueue === "stuck" && progress === "frozen" && atMs > stalledAtMs,
      ),
    );
    expect(frozen.state).toBe("streaming");
  },
  90_000,
);

test("the daemon is killed: the next one adopts the same pipeline, and nothing stopped", async () => {
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
  process.kill(pid, "SIGKILL");
  await until("the exit is reported", () => latest()?.exit ?? latest()?.state === "idle");
});

test("an encoder that became GStreamer while ffmpeg ran: it goes on, its progress unknown", async () => {
  const site = await aSite();
  const options = { input: small.input, video: small.video };
  const before = await site.open("ffmpeg", options);
  await before.driver.startOutput(output, site.target(3), generous());
  await before.moving();
  const pid = site.pid();
  await before.driver.close();
  const { driver, seen, latest, moving } = await site.open();
  await until("it is told", () =>
    latest()?.reading.alarms?.includes("progress unknown: it still runs ffmpeg, not gstreamer"),
  );
  await pause(1_500);
  expect(site.pid()).toBe(pid);
  expect(latest()).toMatchObject({ state: "streaming", keyGeneration: 3 });
  expect(seen.filter(({ progress }) => progress)).toEqual([]);
  await driver.startOutput(output, site.target(4), generous());
  await moving();
  expect(site.pid()).not.toBe(pid);
  expect(site.farEnd.overlapMs(key)).toBe(0);
});

test("a far end that nobody answers at: its words say so, and the key is nowhere", async () => {
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
    { ...site.target(2), streamKey: `${key}"` },
  ]) {
    errors.push(await driver.startOutput(output, wrong, generous()).catch((e: unknown) => e));
  }
  expect(errors.every((error) => error instanceof DriverError)).toBe(true);
  const everything = [...site.onDisk(), JSON.stringify(seen), ...errors.map(String)];
  expect(everything.length).toBeGreaterThan(8);
  expect(everything.join("\n")).not.toContain(key);
});

test("where a program quotes the key as gst-launch is given it, it is hidden", async () => {
  const site = await aSite({ program: aProgram('echo "cannot set $* today" >&2; exit 1') });
  const { driver, seen } = await site.open();
  const secret = { ...site.target(), streamKey: "ab;cd!ef" };
  await driver.startOutput(output, secret, generous());
  const said = await until("its last words are reported", () =>
    seen.flatMap(({ reading }) => reading.alarms ?? []).find((alarm) => alarm.includes("today")),
  );
  expect(said).toContain("stream=[key]");
});

test("an element that is missing is named with its package, before a start and after one", async () => {
  const program = aProgram(
    "echo 'WARNING: erroneous pipeline: no element \"x264enc\"' >&2; exit 1",
    "echo 'coreelements:  tee: Tee pipe fitting'",
  );
  const site = await aSite({ program });
  const { driver, latest } = await site.open();
  const alarms = () => latest()?.reading.alarms ?? [];
  const missing = "the GStreamer element x264enc is missing: install gstreamer1.0-plugins-ugly";
  await until("it is told before a start", () => alarms().includes(missing));
  await driver.startOutput(output, site.target(), generous());
  await until("it is told after one", () => alarms().includes(`gstreamer ended: ${missing}`));
});

/** Stands for gst-launch, with its gst-inspect beside it. */
function aProgram(launch: string, inspect = "exit 0"): string {
  const folder = mkdtempSync(join(tmpdir(), "understudy-gst-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, script] of Object.entries({ launch, inspect })) {
    writeFileSync(join(folder, `gst-${name}-1.0`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return join(folder, "gst-launch-1.0");
}

/** Signed by itself. */
long(
  "less load: the far end gets half the bit rate with the same key, never from two",
  async () => {
    const site = await aSite({ audio: { codec: "none" } });
    const { driver, moving, latest, seen } = await site.open();
    await driver.startOutput(output, site.target(7), generous());
    await moving();
    const full = await bitsPerFrame(site.farEnd);
    const [first, from] = [site.pid(), seen.length];
    // The first step halves nothing where the preset is the fastest already: 75 %, then 50 %.
    await driver.setLoad!(2, generous());
    await until("it moves again", () => site.pid() !== first && latest()?.progress === "moving");
    expect(latest()).toMatchObject({ target: { destination: "cdn" }, keyGeneration: 7 });
    expect(latest()?.reading.settings).toMatchObject({ videoBitrateBps: 150_000 });
    const half = await bitsPerFrame(site.farEnd);
    expect(half / full).toBeGreaterThan(0.35);
    expect(half / full).toBeLessThan(0.7);
    expect(site.farEnd.publishers(key).map(({ metAnother }) => metAnother)).toEqual([false, false]);
    expect(site.farEnd.overlapMs(key)).toBe(0);
    // That it ended for it is no news.
    expect(seen.slice(from).filter(({ exit }) => exit)).toEqual([]);

    // Absolute: asked again, also by a daemon that has just adopted it, nothing is started anew.
    const second = site.pid();
    await driver.setLoad!(2, generous());
    await driver.close();
    const after = await site.open();
    await after.moving();
    await after.driver.setLoad!(2, generous());
    expect(site.pid()).toBe(second);
    await after.driver.setLoad!(0, generous());
    await until("full load", () => after.latest()?.reading.settings?.videoBitrateBps === 300_000);
    await until(
      "it moves again",
      () => site.pid() !== second && after.latest()?.progress === "moving",
    );
    expect(site.farEnd.overlapMs(key)).toBe(0);
  },
);

/** Of the newest publication, past its start, over six seconds of programme. */
async function bitsPerFrame(farEnd: Awaited<ReturnType<typeof aSite>>["farEnd"]): Promise<number> {
  const [skipped, counted] = [30, 90];
  const newest = () => farEnd.publishers(key).at(-1)!;
  await until("its first seconds", () => newest().videoFrames >= skipped);
  const { bytes, videoFrames } = { ...newest() };
  await until("six seconds more", () => newest().videoFrames >= videoFrames + counted);
  return (8 * (newest().bytes - bytes)) / (newest().videoFrames - videoFrames);
}
