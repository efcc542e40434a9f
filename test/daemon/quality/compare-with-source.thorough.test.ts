import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { compareFiles } from "../../../daemon/quality/compare-with-source.ts";

const { signal } = new AbortController();
const kept = ["-muxdelay", "0", "-muxpreload", "0", "-mpegts_copyts", "1", "-f", "mpegts"];
const x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1"];

/** Three seconds, with a keyframe in each. */
function aSource() {
  const folder = mkdtempSync(join(tmpdir(), "understudy-quality-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const run = (...argv: string[]) => execFileSync("ffmpeg", ["-v", "error", "-nostdin", ...argv]);
  const source = join(folder, "source.ts");
  const pattern = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=15"];
  const picture = [...x264, "-crf", "8", "-pix_fmt", "yuv420p", "-g", "15", "-sc_threshold", "0"];
  run(...pattern, ...picture, "-t", "3", "-output_ts_offset", "100", ...kept, source);
  const from = ["-copyts", "-f", "mpegts", "-i", source];
  return {
    source,
    /** With the times of the source, and keyframes between its own. */
    made: (name: string, ...more: string[]) => {
      const path = join(folder, name);
      const keys = ["-force_key_frames", "expr:eq(mod(n,15),7)", "-sc_threshold", "0"];
      run(...from, ...x264, "-fps_mode", "passthrough", ...keys, ...more, ...kept, path);
      return path;
    },
    /** Without this one of its pictures. */
    without: (n: number) => {
      const path = join(folder, `without-${n}.ts`);
      run(...from, "-c", "copy", "-bsf:v", `noise=drop=eq(n\\,${n})`, ...kept, path);
      return path;
    },
  };
}

test("what is lost of a source is told, the more the fewer bits there are for it, at any size", async () => {
  const { source, made } = aSource();
  const of = (path: string) => compareFiles(source, [path], signal);
  const [same, fine, poor, small] = [
    await of(source),
    await of(made("fine.ts", "-crf", "18")),
    await of(made("poor.ts", "-crf", "51")),
    await of(made("small.ts", "-crf", "8", "-vf", "scale=160:90")),
  ];
  expect(same).toEqual({ ssim: 1, psnrDb: 100 });
  expect(fine!.ssim).toBeGreaterThan(0.97);
  expect(fine!.psnrDb).toBeGreaterThan(35);
  expect(poor!.ssim).toBeLessThan(fine!.ssim - 0.05);
  expect(poor!.psnrDb).toBeLessThan(fine!.psnrDb - 10);
  // Of a smaller one only what encoding has lost.
  expect(small!.ssim).toBeGreaterThan(0.97);
});

test("a picture that the source lacks is compared with no other", async () => {
  const { source, made, without } = aSource();
  const path = made("fine.ts", "-crf", "18");
  const whole = await compareFiles(source, [path], signal);
  // The keyframes are 7, 22 and 37: the first two are compared, or the last two.
  const holed = await compareFiles(without(7), [path], signal);
  expect(Math.abs(holed!.ssim - whole!.ssim)).toBeLessThan(0.02);
});

test("what has no picture in common with its source, or cannot be read, is not compared", async () => {
  const { source, made } = aSource();
  const later = made("later.ts", "-crf", "18", "-vf", "setpts=PTS+90000*60");
  expect(await compareFiles(source, [later], signal)).toBe(undefined);
  expect(await compareFiles(source, [`${source}.none`], signal)).toBe(undefined);
});
