/** Interlaced pictures, flagged or not, by each way in which an encoder may take them: real ffmpegs. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, afterAll, expect, test } from "vitest";
import { ffmpegArguments } from "../../../daemon/drivers/ffmpeg/arguments.ts";
import { FfmpegOptions } from "../../../daemon/drivers/ffmpeg/options.ts";
import { videoIn } from "../../../daemon/ingest/stream-lines.ts";
import { lookAtScan, scanIn } from "../../../daemon/scan/look-at-scan.ts";
import { interlacedPictures, interlacedSource } from "../../fakes/interlaced.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "understudy-scan-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, name);
const whole = (name: string) => [
  ...["-protocol_whitelist", "file", "-f", "mpegts", "-i", `file:${file(name)}`],
];

beforeAll(async () => {
  const make = async (name: string, pictures: string[]) => {
    await run("ffmpeg", ["-v", "error", ...interlacedSource, "-t", "8", ...pictures, file(name)]);
  };
  await make("flagged.ts", interlacedPictures(true));
  await make("unflagged.ts", interlacedPictures(false));
  // prettier-ignore
  await make("progressive.ts", ["-r", "25", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0",
    "-g", "25", "-b:v", "2M"]);
});

/** How the pictures of a file are flagged, and how they look. */
async function scanOf(name: string) {
  const { stderr } = await run("ffmpeg", [
    "-hide_banner",
    "-i",
    file(name),
    "-t",
    "0",
    "-f",
    "null",
    "-",
  ]);
  const told = stderr.split("\n").flatMap((line) => videoIn(line)?.scan ?? [])[0];
  return { told, seen: await lookAtScan(whole(name)) };
}

/** When its pictures are shown, in ticks. */
async function timesOf(name: string): Promise<number[]> {
  // prettier-ignore
  const { stdout } = await run("ffprobe", ["-v", "error", "-select_streams", "v", "-show_entries",
    "packet=pts", "-of", "csv=p=0", file(name)]);
  const times = stdout.split("\n").map(parseFloat).filter(Number.isFinite);
  return [...new Set(times)].sort((a, b) => a - b);
}

test("how pictures look is seen, whatever their flags say", async () => {
  const interlaced = { told: "interlaced", seen: "interlaced" };
  expect(await scanOf("flagged.ts")).toEqual(interlaced);
  expect(await scanOf("unflagged.ts")).toEqual({ ...interlaced, told: "progressive" });
  expect((await scanOf("progressive.ts")).seen).toBe("progressive");
  const bytes = readFileSync(file("unflagged.ts"));
  const pipe = ["-protocol_whitelist", "pipe", "-f", "mpegts", "-i", "pipe:0"];
  expect(await lookAtScan(pipe, { bytes })).toBe("interlaced");
});

test("of what is no picture, or too few of them, nothing is said", async () => {
  writeFileSync(file("noise.ts"), "no picture");
  expect(await lookAtScan(whole("noise.ts"))).toBe(undefined);
  expect(await lookAtScan(whole("missing.ts"))).toBe(undefined);
  const words = "Multi frame detection: TFF:   9 BFF:   0 Progressive:  10 Undetermined:  99";
  expect(scanIn(words)).toBe(undefined);
  expect(scanIn(words.replace("  9 BFF", " 19 BFF"))).toBe("interlaced");
  // Edges of what is drawn, and not combs: they begin with any line.
  expect(scanIn(words.replace("  9 BFF:   0", " 67 BFF:  34"))).toBe(undefined);
});

const [interlaced, progressive] = ["interlaced", "progressive"];
test.each([
  ["automatic", "flagged.ts", { told: progressive, seen: progressive }],
  // What this setting is for cannot be seen in the flags: it is told, see `combed`.
  ["automatic", "unflagged.ts", { told: progressive, seen: interlaced }],
  ["deinterlace", "unflagged.ts", { told: progressive, seen: progressive }],
  ["deinterlace", "flagged.ts", { told: progressive, seen: progressive }],
  ["keep", "flagged.ts", { told: interlaced, seen: interlaced }],
  ["automatic", "progressive.ts", { told: progressive, seen: progressive }],
] as const)("%s makes of %s one picture of each at its time: %o", async (interlace, source, is) => {
  const video = { interlace, gopSeconds: 0.5, preset: "ultrafast", threads: 1 };
  const input = { kind: "file", path: file(source), loop: false, realtime: false };
  const spool = mkdtempSync(join(folder, "spool-"));
  const argv = ffmpegArguments(FfmpegOptions.parse({ input, video, audio: { codec: "none" } }), {
    ...{ encoder: "a", address: `spool:${spool}`, streamKey: "none", keyGeneration: 0 },
    progressPort: 1,
  });
  await run("/usr/bin/ffmpeg", argv);
  const parts = readdirSync(spool).sort();
  const name = `${interlace}-of-${source}`;
  writeFileSync(file(name), Buffer.concat(parts.map((part) => readFileSync(join(spool, part)))));
  expect(await scanOf(name)).toEqual(is);
  const times = await timesOf(name);
  expect(times.length).toBeGreaterThan(150);
  // None is missing, none is more, and each has its time.
  expect(times).toEqual((await timesOf(source)).slice(-times.length));
});
