/** Two encoders of one source make the same GOPs, whenever each was begun: with a real ffmpeg. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { onSourceGrid, untimed } from "../../../../daemon/drivers/ffmpeg/arguments.ts";
import { onSourceClock } from "../../../../daemon/drivers/ffmpeg/picture.ts";
import { spoolArguments } from "../../../../daemon/drivers/ffmpeg/spool.ts";
import { FrameReader } from "../../../../daemon/relay/frame-reader.ts";
import { spoolFiles } from "../../../../machines/stream/spool.ts";

const quiet = ["-hide_banner", "-loglevel", "fatal", "-nostdin", "-y"];
const ticksPerS = 90_000;
/** When the 33 bits of a transport stream's times are used up. */
const roundTicks = 2 ** 33;
const roundS = roundTicks / ticksPerS;
const gopS = 2;

/** 29.97 pictures a second, with a keyframe each second. */
function aSource(folder: string, beginsAtS: number, lengthS: number): Buffer {
  // prettier-ignore
  execFileSync("ffmpeg", [
    ...quiet, "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=30000/1001", "-t", String(lengthS),
    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "30", "-threads", "1",
    "-output_ts_offset", String(beginsAtS), "-f", "mpegts", join(folder, "source.ts"),
  ]);
  return readFileSync(join(folder, "source.ts"));
}

/** @returns the times of an encoder's pictures, as they stand in what a relay reads */
function encoded(folder: string, source: Buffer, from: number): Pictures {
  const at = Math.floor((from * source.length) / 188) * 188;
  const [input, spool] = [join(folder, "in.ts"), mkdtempSync(join(folder, "spool-"))];
  writeFileSync(input, source.subarray(at));
  // prettier-ignore
  execFileSync("ffmpeg", [
    ...quiet, "-copyts", "-i", input, "-map", "0:v", "-c:v", "libx264", "-preset", "ultrafast",
    "-tune", "zerolatency", "-threads", "1", "-sc_threshold", "0",
    ...onSourceClock({ gopS, framesPerSecond: 30, filters: [] }), ...spoolArguments(spool),
  ]);
  // Cut by the clock on the wall, which has not moved for long.
  const files = spoolFiles.map((name) => join(spool, name)).filter((file) => existsSync(file));
  return picturesOf(Buffer.concat(files.map((file) => readFileSync(file))));
}

interface Pictures {
  times: number[];
  keyframes: number[];
}

function picturesOf(transportStream: Buffer): Pictures {
  const pictures: Pictures = { times: [], keyframes: [] };
  const reader = new FrameReader(({ track, key, pts }) => {
    if (track !== 0) return;
    const time = ((pts % roundTicks) + roundTicks) % roundTicks;
    pictures.times.push(time);
    if (key) pictures.keyframes.push(time);
  });
  // Its bytes are moved about.
  reader.feed(Buffer.from(transportStream), 0);
  return pictures;
}

test.each([
  { when: "in the midst of the clock's round", beginsAtS: 1_234.567, lengthS: 14 },
  { when: "where the clock begins anew", beginsAtS: roundS - 7, lengthS: 14 },
  // ffmpeg counts on above the round from what began more than a minute before it ends, and from
  // below 0 after that.
  { when: "over a minute before the clock begins anew", beginsAtS: roundS - 62, lengthS: 76 },
])(
  "$when, all have their pictures at the source's times, and their keyframes at the same ones",
  ({ beginsAtS, lengthS }) => {
    const folder = mkdtempSync(join(tmpdir(), "understudy-source-clock-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const source = aSource(folder, beginsAtS, lengthS);
    const told = picturesOf(source).times;
    const [whole, ...later] = [0, 0.1, 0.3, 0.6].map((from) => encoded(folder, source, from));
    // The first GOP is whole, so that of 14 s at least 10 are left.
    expect(whole!.keyframes.length).toBeGreaterThanOrEqual(Math.floor(lengthS / gopS) - 2);
    for (const { keyframes } of later) {
      expect(keyframes.length).toBeGreaterThan(1);
      expect(whole!.keyframes.slice(-keyframes.length)).toEqual(keyframes);
    }
    for (const { times } of [whole!, ...later]) expect(times).toEqual(told.slice(-times.length));
  },
);

test.each([1_000.123, roundS - 14])(
  "frames of sound begin at the same places whenever an encoder was begun, with times from %s s on",
  (beginsAtS) => {
    const folder = mkdtempSync(join(tmpdir(), "source-grid-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [source, part] = [join(folder, "source.ts"), join(folder, "part.ts")];
    // prettier-ignore
    execFileSync("ffmpeg", [...quiet, "-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "8", "-c:a",
      "mp2", "-pes_payload_size", "0", "-output_ts_offset", String(beginsAtS), "-f", "mpegts", source]);
    const bytes = readFileSync(source);
    for (const from of [0, 0.2, 0.47]) {
      writeFileSync(part, bytes.subarray(Math.floor((from * bytes.length) / 188) * 188));
      const out = join(folder, "out.ts");
      // prettier-ignore
      execFileSync("ffmpeg", [...quiet, "-copyts", "-i", part, "-c:a", "aac", "-ar", "48000",
        "-af", onSourceGrid(48_000).join(","), "-bsf:a", untimed, "-muxdelay", "0", "-muxpreload", "0",
        "-pes_payload_size", "0", "-mpegts_copyts", "1", "-f", "mpegts", out]);
      // prettier-ignore
      const text = execFileSync("ffprobe", ["-v", "error", "-show_entries", "packet=pts", "-of",
        "csv=p=0", out], { encoding: "utf8" });
      const times = [...new Set(text.split("\n").map(parseFloat).filter(Number.isFinite))];
      expect(times.length).toBeGreaterThan(150);
      const frameTicks = (1_024 * ticksPerS) / 48_000;
      expect(times.filter((ticks) => Math.abs(ticks % frameTicks) > 4)).toEqual([]);
    }
  },
);
