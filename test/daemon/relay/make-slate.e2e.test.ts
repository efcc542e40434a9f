import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { makeSlate, type SlateFields } from "../../../daemon/relay/make-slate.ts";
import { Slate } from "../../../daemon/relay/slate.ts";

const run = promisify(execFile);

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "understudy-slate-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}
const fields = (path: string, framesPerSecond = 25): SlateFields => ({
  ...{ width: 640, height: 360, framesPerSecond, videoBitrateBps: 500_000 },
  sounds: [{ sampleRateHz: 44_100, channels: 1 }],
  background: { kind: "picture", path },
});

test("a picture of any shape becomes whole seconds of pictures, each of them a GOP, with silence", async () => {
  const folder = aFolder();
  const picture = join(folder, "a picture.png");
  // prettier-ignore
  await run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=300x300", "-frames:v", "1", picture]);
  for (const framesPerSecond of [12.5, 25, 29.97]) {
    const path = join(folder, "slate.ts");
    await makeSlate(fields(picture, framesPerSecond), path);
    const slate = new Slate(path);
    const gop = slate.pass(90_000, [null, null]);
    expect(slate.line.streams.map(({ streamType }) => streamType)).toEqual([0x1b, 0x0f]);
    const seconds = (gop.endDts! - 90_000) / 90_000;
    expect(Math.abs(seconds - gop.frames.length / framesPerSecond)).toBeLessThan(0.001);
    expect(seconds).toBeGreaterThan(2.9);
    const keys = gop.frames.flatMap(({ key }, n) => (key ? [n] : []));
    expect(keys.slice(0, 2)).toEqual([0, Math.round(framesPerSecond)]);
    // prettier-ignore
    const { stdout } = await run("ffprobe", ["-v", "error", "-show_entries",
      "stream=width,height,sample_rate,channels,has_b_frames", "-of", "csv=p=0", path]);
    expect(stdout.split("\n").sort().join(" ").trim()).toContain("640,360,0");
    expect(stdout).toContain("44100,1");
  }
  expect(readdirSync(folder).sort()).toEqual(["a picture.png", "slate.ts"]);
});

test("what is no picture is refused, and nothing is left of it", async () => {
  const folder = aFolder();
  const path = join(folder, "list.png");
  writeFileSync(path, "ffconcat version 1.0\nfile /etc/passwd\n");
  await expect(makeSlate(fields(path), join(folder, "slate.ts"))).rejects.toThrow();
  expect(readdirSync(folder)).toEqual(["list.png"]);
});
