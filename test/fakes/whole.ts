/** What has come where nothing may be lost: pictures with bar codes, beside {@link steadyAndBeeps}. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import { skewsOf, steadyHz } from "./beeps.ts";
import { copyWhole } from "./flv-tags.ts";
import { framesBetween, grayPictures, readBarCode } from "./picture.ts";
import { jointsIn, samplesOf, toneRateHz } from "./tone.ts";

const run = promisify(execFile);
const maxBuffer = 2 ** 31;
/** Of AAC at 48 kHz. */
const soundMs = (1_000 * 1_024) / toneRateHz;
/** The decoder mixes each sound with the one before. */
const longestJointMs = 4 * soundMs;

/**
 * Every picture once, each time after the one before, sound without a gap and where it belongs, and
 * a decoder that has nothing to say.
 *
 * @param file MPEG-TS, or FLV that may still be written
 */
export async function expectWhole(
  file: string,
  p: {
    fps: number;
    /** Pictures. */
    atLeast: number;
    /** So many pictures had come before what is looked at. */
    since?: number;
    /**
     * The encoders have clocks of their own, and their sound went over so often from one's to the
     * other's: times are off by a little there, and the joint is heard.
     */
    joints?: number;
  },
): Promise<void> {
  const isFlv = file.endsWith(".flv");
  const whole = isFlv ? join(file, "..", "whole.flv") : file;
  if (isFlv) copyWhole(file, whole);

  const { since = 0, joints } = p;
  const all = await picturesIn(whole);
  const [pictures, sounds] = [all.pictures.slice(since), all.sounds];
  const frames = pictures.map(({ frame }) => frame ?? NaN);
  expect(unlike(frames, framesBetween, 1, 0), "pictures").toEqual([]);
  expect(pictures.length).toBeGreaterThanOrEqual(p.atLeast);

  // FLV has whole ms, MPEG-TS has 90 kHz.
  const slackMs = isFlv ? 1.5 : 0.02;
  const pictureMs = 1_000 / p.fps;
  const times = pictures.map(({ dtsMs }) => dtsMs);
  const later = sounds.filter((ms) => ms >= times[0]!);
  const apart = (a: number, b: number) => b - a;
  const pictureSlackMs = joints === undefined ? slackMs : pictureMs - 1;
  expect(unlike(times, apart, pictureMs, pictureSlackMs), "times of pictures, ms").toEqual([]);
  // An encoder's frames lie anywhere beside the other's: what is as near as half of one goes.
  const soundSlackMs = joints === undefined ? slackMs : 15;
  expect(unlike(later, apart, soundMs, soundSlackMs), "times of sounds, ms").toEqual([]);

  const skews = await skewsOf(whole, pictures, p.fps);
  expect(skews.length).toBeGreaterThanOrEqual(p.atLeast / p.fps - 5);
  expect(
    skews.filter((ms) => Math.abs(ms) > 20),
    "sound beside the picture, ms",
  ).toEqual([]);

  const samples = await samplesOf(whole);
  expect(Math.abs(samples.length / toneRateHz - (sounds.length * soundMs) / 1_000)).toBeLessThan(1);
  // Without the beginning, which an encoder makes of what it has not.
  const steady = samples.subarray(toneRateHz / 2, -toneRateHz / 2);
  const heard = jointsIn(steady, steadyHz);
  if (joints === undefined) expect(heard, "joints").toEqual([]);
  expect(heard.length).toBeLessThanOrEqual(joints ?? 0);
  expect(
    heard.filter(({ lengthMs }) => lengthMs > longestJointMs),
    "long joints",
  ).toEqual([]);
}

/** @returns where two that follow each other are not as far apart as they should be */
function unlike(
  values: readonly number[],
  apart: (a: number, b: number) => number,
  step: number,
  slack: number,
): string[] {
  return values.slice(1).flatMap((value, n) => {
    const is = apart(values[n]!, value);
    return Math.abs(is - step) <= slack ? [] : [`${n}: ${is}`];
  });
}

/** All of them as a decoder shows them, which must not complain, and the times of the sound, ms. */
async function picturesIn(file: string) {
  // prettier-ignore
  const shown = await run("ffmpeg", ["-v", "error", "-nostdin", "-i", file, "-map", "0:v:0",
    "-fps_mode", "passthrough", "-enc_time_base:v", "1:90000", "-vf", grayPictures.filter,
    "-f", "rawvideo", "pipe:1",
    "-map", "0:a", "-f", "null", "-"], { encoding: "buffer", maxBuffer });
  expect(shown.stderr.toString()).toBe("");
  // prettier-ignore
  const timed = await run("ffprobe", ["-v", "error", "-show_entries", "packet=codec_type,pts_time,dts_time",
    "-of", "csv=p=0", file], { maxBuffer });
  const packets = timed.stdout.split("\n").map((row) => row.split(","));
  const of = (type: string) => packets.filter(([is]) => is === type);
  const { bytes } = grayPictures;
  const videos = of("video");
  expect(shown.stdout.length / bytes).toBe(videos.length);
  const pictures = videos.map(([, pts, dts], n) => ({
    ...{ ptsMs: 1_000 * Number(pts), dtsMs: 1_000 * Number(dts) },
    frame: readBarCode(shown.stdout.subarray(n * bytes, (n + 1) * bytes))?.frame,
  }));
  return { pictures, sounds: of("audio").map(([, pts]) => 1_000 * Number(pts)) };
}
