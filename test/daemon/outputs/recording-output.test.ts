import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type RecordingFields, RecordingOutput } from "../../../daemon/outputs/recording-output.ts";
import type { Cut } from "../../../daemon/outputs/segmenter.ts";
import { h264StreamType } from "../../../daemon/relay/frame.ts";
import { picture } from "../relay/pictures.ts";

const startMs = Date.UTC(2026, 10, 22, 13, 15);
const streams = [{ streamType: h264StreamType, descriptors: Buffer.alloc(0) }];
const format = { streams, sps: Buffer.from([0x67]), pps: Buffer.from([0x68]), adts: [] };
const cutAt = (atMs: number): Cut => ({ pts: 0, dts: 0, atMs, discontinuity: false, format });

function aRecording(more: Partial<RecordingFields> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "recording-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  let nowMs = startMs;
  const fields: RecordingFields = {
    ...{ folder, isMountPoint: false, name: "main-archive", container: "ts" },
    ...{ keepMs: 3_600_000, leastFreeRatio: 0 },
    ...more,
  };
  const open = () => new RecordingOutput(fields, () => nowMs);
  const output = open();
  return {
    ...{ folder, output, open },
    pass: (ms: number) => void (nowMs += ms),
    /** A file of ten pictures; it is as old as its name says. */
    record(ended = true): void {
      output.begin(cutAt(nowMs));
      for (let n = 0; n < 10; n++) {
        const frame = { ...picture(n), pts: n * 3_600, dts: n * 3_600 };
        output.frame({ ...frame, damaged: false, gapBefore: false });
      }
      if (!ended) return;
      output.end(36_000);
      const [name] = output.files.slice(-1);
      if (name) utimesSync(join(folder, name), nowMs / 1_000, nowMs / 1_000);
    },
  };
}

test("a file is called after when it begins, and has its name when it is whole", () => {
  const recording = aRecording();
  recording.record(false);
  expect(readdirSync(recording.folder)).toEqual(["main-archive-20261122T131500000Z.ts.part"]);
  recording.output.end(36_000);
  expect(readdirSync(recording.folder)).toEqual(["main-archive-20261122T131500000Z.ts"]);
  expect(recording.output.why).toBe(null);
});

test("what a killed process was writing is kept", () => {
  const recording = aRecording();
  recording.record(false);
  expect(recording.open().files).toEqual(["main-archive-20261122T131500000Z.ts"]);
});

test("files leave when they are old enough, and those of others never", () => {
  const recording = aRecording();
  const others = ["main-archive-notes.ts", "main-20261122T131500000Z.ts", "film.ts"];
  for (const name of others) writeFileSync(join(recording.folder, name), "");
  for (const name of others) utimesSync(join(recording.folder, name), 1, 1);
  recording.record();
  recording.pass(3_600_000);
  recording.record();
  expect(recording.output.files).toHaveLength(2);
  recording.pass(1);
  recording.record();
  expect(recording.output.files).toEqual([
    "main-archive-20261122T141500000Z.ts",
    "main-archive-20261122T141500001Z.ts",
  ]);
  for (const name of others) expect(existsSync(join(recording.folder, name))).toBe(true);
});

test("when its files take more than they may the oldest go, and what is being recorded never", () => {
  const alone = aRecording();
  alone.record();
  const { size } = statSync(join(alone.folder, alone.output.files[0]!));
  const recording = aRecording({ keepAtMostBytes: 2.5 * size });
  const others = join(recording.folder, "film.ts");
  writeFileSync(others, Buffer.alloc(10 * size));
  for (let n = 0; n < 4; n += 1) {
    recording.record();
    recording.pass(1_000);
  }
  expect(recording.output.look()).toBe(true);
  const kept = ["main-archive-20261122T131502000Z.ts", "main-archive-20261122T131503000Z.ts"];
  expect(recording.output.files).toEqual(kept);
  recording.record(false);
  expect(recording.output.look()).toBe(true);
  expect(readdirSync(recording.folder).sort()).toEqual([
    "film.ts",
    ...kept,
    "main-archive-20261122T131504000Z.ts.part",
  ]);
});

test("with too little room the oldest go, and then nothing is recorded and it is said", () => {
  const recording = aRecording();
  recording.record();
  recording.pass(1_000);
  recording.record();
  // No disk has all of its space free once a file is on it, nor this one.
  const full = new RecordingOutput(
    {
      ...{ folder: recording.folder, isMountPoint: false, name: "main-archive" },
      ...{ container: "ts", keepMs: 3_600_000, leastFreeRatio: 1 },
    },
    () => startMs,
  );
  expect(full.look()).toBe(false);
  expect(full.files).toEqual([]);
  expect(full.why).toMatch(
    /has \d+ % free, less than 100 %, and no recording of this output is left there: delete \d+\.\d GB of other files$/,
  );
  full.begin(cutAt(startMs));
  full.end(36_000);
  expect(readdirSync(recording.folder)).toEqual([]);
});

test("where nothing is mounted nothing is written onto the disk below", () => {
  const recording = aRecording({ isMountPoint: true });
  recording.record();
  expect(readdirSync(recording.folder)).toEqual([]);
  expect(recording.output.why).toBe(`nothing is mounted at ${recording.folder}`);
});

test("a folder that goes away ends the file; when it is back the next one is recorded", () => {
  const recording = aRecording();
  recording.record(false);
  rmSync(recording.folder, { recursive: true });
  recording.output.end(36_000);
  expect(recording.output.why).toMatch(/ENOENT/);
  recording.pass(1_000);
  recording.record();
  expect(recording.output.why).toBe(null);
  expect(recording.output.files).toHaveLength(1);
});
