import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  provenEncoders,
  watchHardware,
} from "../../../../daemon/drivers/ffmpeg/hardware-encoders.ts";

const generous = () => AbortSignal.timeout(60_000);

function aFolder(): string {
  const stateDir = mkdtempSync(join(tmpdir(), "hardware-"));
  onTestFinished(() => rmSync(stateDir, { recursive: true }));
  return stateDir;
}

/** ffmpeg of a host whose h264_v4l2m2m works: the processor does its work. Notes what it is told. */
function anFfmpeg(stateDir: string, version = "") {
  const program = join(stateDir, "ffmpeg");
  const script = `#!/bin/bash
echo "$*" >> ${stateDir}/told
[ "$2" = -version ] && echo "ffmpeg ${version}"
exec ffmpeg "\${@/h264_v4l2m2m/libx264}"
`;
  writeFileSync(program, script, { mode: 0o755 });
  const trials = () => {
    const told = existsSync(join(stateDir, "told")) ? join(stateDir, "told") : undefined;
    const lines = told === undefined ? [] : readFileSync(told, "utf8").split("\n");
    return lines.filter((line) => line.includes("lavfi")).length;
  };
  return { program, trials };
}

test("what ffmpeg lists is no proof: only an encoder that makes pictures is told", async () => {
  const stateDir = aFolder();
  const { program } = anFfmpeg(stateDir);
  expect(await provenEncoders({ program, stateDir }, generous())).toContain("h264_v4l2m2m");
});

test("it is tried once, and again when ffmpeg is another", async () => {
  const stateDir = aFolder();
  const { program, trials } = anFfmpeg(stateDir);
  const first = await provenEncoders({ program, stateDir }, generous());
  const once = trials();
  expect(once).toBeGreaterThan(0);
  expect(await provenEncoders({ program, stateDir }, generous())).toEqual(first);
  expect(trials()).toBe(once);
  anFfmpeg(stateDir, "9.9");
  await provenEncoders({ program, stateDir }, generous());
  expect(trials()).toBe(2 * once);
});

test("an ffmpeg that cannot be run proves nothing, also not that none works", async () => {
  const stateDir = aFolder();
  const of = { program: join(stateDir, "none"), stateDir };
  await expect(provenEncoders(of, generous())).rejects.toThrow();
  expect(existsSync(join(stateDir, "hardware-encoders.json"))).toBe(false);
});

test("nothing is tried while an event is near, nor where nobody says that it may be", async () => {
  const stateDir = aFolder();
  const { program, trials } = anFfmpeg(stateDir);
  let asked = 0;
  let isFrozen = true;
  const mayProbe = () => {
    asked += 1;
    return !isFrozen;
  };
  const never = watchHardware({ stateDir }, program, 5);
  const watched = watchHardware({ stateDir, mayProbe }, program, 5);
  onTestFinished(() => {
    never.close();
    watched.close();
  });
  await expect.poll(() => asked).toBeGreaterThan(5);
  expect([trials(), watched.proven()]).toEqual([0, undefined]);
  isFrozen = false;
  await expect.poll(watched.proven).toContain("h264_v4l2m2m");
  expect(never.proven()).toBeUndefined();
});
