import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { small } from "../gstreamer/an-engine.ts";
import { aSite, generous, key, output } from "../shared/engine/a-site.ts";
import { until } from "../shared/engine/until.ts";

/** Stands for gst-launch, with its gst-inspect beside it. */
function aGstLaunch(launch: string, inspect = 'exec /usr/bin/gst-inspect-1.0 "$@"'): string {
  const folder = mkdtempSync(join(tmpdir(), "understudy-auto-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, script] of Object.entries({ launch, inspect })) {
    writeFileSync(join(folder, `gst-${name}-1.0`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return join(folder, "gst-launch-1.0");
}

test("live pictures to RTMP are GStreamer's, the next daemon knows it again, and after a crash they are ffmpeg's", async () => {
  const site = await aSite("auto", small);
  const before = await site.open();
  await before.driver.startOutput(output, site.target(3), generous());
  await before.moving();
  const told = {
    identity: { vendor: "gstreamer" },
    encodes: { by: "gstreamer", because: "live pictures straight to RTMP" },
  };
  expect(before.latest()?.reading).toMatchObject(told);
  const pid = site.pid();
  await before.driver.close();
  // What would be chosen otherwise by now goes on as it is.
  const other = await site.open("auto", { ...small, gstLaunch: "/nowhere" });
  await other.moving();
  expect(site.pid()).toBe(pid);
  expect(other.latest()).toMatchObject({ keyGeneration: 3, reading: { ...told, alarms: [] } });
  expect(site.farEnd.publishers(key)).toHaveLength(1);
  await other.driver.close();

  const { driver, moving, seen, latest } = await site.open();
  await moving();
  process.kill(pid, "SIGSEGV");
  await until("its crash is told", () => seen.some(({ exit }) => exit?.signal === "SIGSEGV"));
  await driver.startOutput(output, site.target(4), generous());
  await until("the next moves", () => latest()?.keyGeneration === 4 && latest()?.progress);
  expect(latest()?.reading.encodes).toEqual({
    by: "ffmpeg",
    because: "GStreamer failed: it was ended by SIGSEGV",
  });
});

test("GStreamer that fails at its start is left for ffmpeg within that start, also by the next daemon", async () => {
  const gstLaunch = aGstLaunch("echo 'cannot open libx264.so' >&2; exit 1");
  const site = await aSite("auto", { ...small, gstLaunch });
  const before = await site.open();
  expect(before.latest()?.reading.encodes?.by).not.toBe("ffmpeg");
  await before.driver.startOutput(output, site.target(), generous());
  await before.moving();
  expect(before.seen.flatMap(({ exit }) => exit ?? [])).toEqual([]);
  const states = before.seen.map(({ state }) => state);
  expect(states.slice(states.indexOf("starting"))).not.toContain("idle");
  const because = "GStreamer failed: cannot open libx264.so";
  const told = {
    identity: { vendor: "ffmpeg" },
    encodes: { by: "ffmpeg", because },
    raised: {
      alarms: [
        { code: "encodesByFfmpeg", severity: "warning", text: `${because}; ffmpeg encodes` },
      ],
    },
  };
  expect(before.latest()?.reading).toMatchObject(told);
  const pid = site.pid();
  await before.driver.close();
  const { driver, moving, latest } = await site.open();
  await moving();
  expect(site.pid()).toBe(pid);
  expect(latest()?.reading).toMatchObject(told);
  // GStreamer rests.
  await driver.startOutput(output, site.target(2), generous());
  await until("the second moves", () => latest()?.keyGeneration === 2 && latest()?.progress);
  expect(latest()?.reading.encodes).toEqual({ by: "ffmpeg", because });
});

test("where an element of GStreamer is missing ffmpeg it is, with what to install", async () => {
  const tee = "echo 'coreelements:  tee: Tee pipe fitting'";
  const gstLaunch = aGstLaunch("exit 1", tee);
  const site = await aSite("auto", { ...small, gstLaunch });
  const { latest } = await site.open();
  const { encodes, raised } = (await until("it is told", latest)).reading;
  expect(encodes).toMatchObject({
    by: "ffmpeg",
    because: expect.stringContaining(
      "element x264enc is missing: install gstreamer1.0-plugins-ugly",
    ) as string,
  });
  // That there is none was not asked for in particular: no alarm.
  expect(raised?.alarms).toEqual([]);
});
