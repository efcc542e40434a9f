/** The real way to an RTMP far end: our FLV through ffmpeg, unchanged, into FLV again. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ElementaryStream } from "../../../../daemon/relay/frame.ts";
import { FrameReader } from "../../../../daemon/relay/frame-reader.ts";
import { type Form, muxOf } from "../../../../daemon/relay/muxes.ts";
import type { OutFrame } from "../../../../daemon/relay/restamp.ts";
import { headersIn } from "../../../fakes/flv-tags.ts";

const [fps, lengthS] = [15, 2];

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "flv-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Two seconds of another encoder, from this time on. */
function programme(folder: string, size: string, rateHz: number, from: number) {
  // prettier-ignore
  const bytes = execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${fps}`,
    "-f", "lavfi", "-i", `sine=sample_rate=${rateHz}`, "-t", String(lengthS), "-c:v", "libx264", "-preset", "ultrafast",
    "-g", String(fps), "-bf", "2", "-c:a", "aac", "-muxdelay", "0", "-muxpreload", "0", "-f", "mpegts", "-"],
    { cwd: folder, maxBuffer: 2 ** 26 });
  const frames: OutFrame[] = [];
  const reader = new FrameReader((frame) => {
    const [pts, dts] = [frame.pts + from * 90_000, frame.dts + from * 90_000];
    frames.push({ ...frame, pts, dts });
  });

  reader.feed(bytes, 0);
  return { frames, streams: reader.streams };
}

type Programme = { frames: OutFrame[]; streams: ElementaryStream[] };

function written(form: Form, programmes: Programme[]): Buffer {
  let mux = muxOf(form, programmes[0]!.streams);
  const parts = programmes.flatMap(({ frames, streams }) => {
    // As another process does that goes on with it.
    mux = muxOf(form, streams, mux.state());
    mux.setStreams(streams);
    return frames.map((frame) => mux.write(frame));
  });
  return Buffer.concat(parts);
}

/** What ffmpeg makes of it for an RTMP far end. */
function sentOn(form: Form, bytes: Buffer, folder: string): string {
  const out = join(folder, `${form}.flv`);
  // prettier-ignore
  execFileSync("ffmpeg", ["-v", "error", "-y", "-f", form, "-i", "pipe:0",
    "-map", "0:v:0", "-map", "0:a?", "-c", "copy", "-f", "flv", "-flvflags", "no_duration_filesize", out], { input: bytes });
  return out;
}

test("another size and another sound: the far end gets a header for each, and decodes every picture", () => {
  const folder = aFolder();
  const one = programme(folder, "320x180", 48_000, 10_000);
  const other = programme(folder, "640x360", 44_100, 10_000 + lengthS);
  const back = programme(folder, "320x180", 48_000, 10_000 + 2 * lengthS);
  const all = [one, other, back];
  const file = sentOn("flv", written("flv", all), folder);

  const { avc, aac } = headersIn(file);
  expect([new Set(avc).size, avc.length]).toEqual([2, 3]);
  expect(avc[2]).toBe(avc[0]);
  expect(aac.map((header) => header.slice(0, 3))).toEqual(["118", "120", "118"]);
  // prettier-ignore
  const shown = execFileSync("ffprobe", ["-v", "error", "-select_streams", "v:0", "-show_entries",
    "frame=width", "-of", "csv=p=0", file]).toString().split("\n").filter(Boolean).map(parseFloat);
  const pictures = all.map(({ frames }) => frames.filter(({ track }) => track === 0).length);
  expect(shown).toEqual(
    [320, 640, 320].flatMap((width, n) => Array.from({ length: pictures[n]! }, () => width)),
  );
  expect(Math.min(...pictures)).toBeGreaterThanOrEqual(fps * lengthS - 1);
  const said = execFileSync("sh", [
    "-c",
    `ffmpeg -v error -i ${file} -an -f null - 2>&1`,
  ]).toString();
  expect(said).toBe("");
});

test("a transport stream would keep the first header: this is why it is FLV", () => {
  const folder = aFolder();
  const all = [
    programme(folder, "320x180", 48_000, 0),
    programme(folder, "640x360", 48_000, lengthS),
  ];
  expect(headersIn(sentOn("mpegts", written("mpegts", all), folder)).avc.length).toBe(1);
});
