import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ConfigError } from "../../config/problems.ts";
import { loadSite } from "../../config/site.ts";
import { siteDrivers } from "../../daemon/drivers/options.ts";

const old = {
  MONITORING_INTERVAL: "30",
  TEMP_HIGH_THRESHOLD: "75",
  CPU_HIGH_THRESHOLD: "85",
  MEMORY_HIGH_THRESHOLD: "95",
  BACKUP_SYNC_INTERVAL: "1800",
};

/** @param more lines of the only encoder */
function load(env: NodeJS.ProcessEnv, more = "") {
  const folder = mkdtempSync(join(tmpdir(), "understudy-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "site.yaml");
  writeFileSync(
    file,
    `site: studio\nmqtt: { url: mqtt://127.0.0.1:1883 }\nencoders:\n  - id: a\n    driver: ffmpeg\n    input: { kind: testPattern }\n${more}destinations: []\nstreams: []\n`,
  );
  const [box] = loadSite(file, siteDrivers, { STATE_DIRECTORY: folder, ...env }).config.encoders;
  const { polling, heat, syncEveryMs } = box!;
  const { hotC, busyPercent, memoryPercent } = heat;
  return [polling.normalMs, hotC, busyPercent, memoryPercent, syncEveryMs / 1_000];
}

test("names of old in the environment stand where site.yaml says nothing", () => {
  expect(load({})).toEqual([5_000, 80, 75, 90, 600]);
  expect(load(old)).toEqual([30_000, 75, 85, 95, 1_800]);
  expect(load({ ...old, CPU_HIGH_THRESHOLD: "" })).toEqual([30_000, 75, 75, 95, 1_800]);
});

test("what site.yaml says of a box counts before them", () => {
  const own =
    "    polling: { suspect: 1s }\n    heat: { hot: 78C, memory: 80% }\n    syncEvery: 2min\n";
  expect(load(old, own)).toEqual([30_000, 78, 85, 80, 120]);
});

test("one that is no number stops the start, and is named", () => {
  for (const text of ["hot", "1e3", "-1", "7.5"]) {
    expect(() => load({ TEMP_HIGH_THRESHOLD: text })).toThrow(
      new ConfigError(["TEMP_HIGH_THRESHOLD in the environment: must be a whole number (C)"]),
    );
  }
});

test("one that the box cannot be held to is refused as if it stood in the file", () => {
  expect(() => load({ MONITORING_INTERVAL: "900" })).toThrow(
    /encoders\[0\]\.polling\.normal: .*60s/,
  );
});
