/** The sound of a relayed stream whose encoders encode it, each by itself, as they do by default. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { copyWhole } from "../fakes/flv-tags.ts";
import { jointsIn, samplesOf, toneRateHz } from "../fakes/tone.ts";
import { Facility, kill, until } from "./facility.ts";
import { carriers } from "./off-air.ts";
import { type SharedSource, sourceFps, startSharedSource } from "./shared-source.ts";
import { at } from "../setup/effort.ts";

const toneHz = 400;
let facility: Facility;
let source: SharedSource;
afterEach(async () => {
  await facility.close();
  await source.close();
});

/** Times of the sounds in a recording, ms. */
async function timesOf(recording: string): Promise<number[]> {
  // prettier-ignore
  const { stdout } = await promisify(execFile)("ffprobe", ["-v", "error", "-select_streams", "a",
    "-show_entries", "packet=pts", "-of", "csv=p=0", recording], { maxBuffer: 2 ** 26 });
  return stdout.split("\n").map(parseFloat).filter(Number.isFinite);
}

async function pass(pictures: number): Promise<void> {
  const came = () => carriers(facility).reduce((sum, { videoFrames }) => sum + videoFrames, 0);
  const goal = came() + pictures;
  await until(`${pictures} more pictures`, () => came() >= goal);
}

/** Frames as long as those that are made of them, and others. */
const codecs = at({ check: ["mp2"], test: ["mp2"], torture: ["aac", "mp2"] });

test.each(codecs)(
  "a tone that comes as %s goes on over a kill of the carrier: no gap, nothing twice, and no joint to be heard",
  async (codec) => {
    source = await startSharedSource(
      2,
      sourceFps,
      codec,
      `sine=frequency=${toneHz}:sample_rate=48000`,
    );
    const reads = (reader: number) => ({
      driver: "ffmpeg" as const,
      // As it is when nothing is said.
      config: { input: { kind: "udp", url: source.url(reader) }, audio: undefined },
    });
    facility = await Facility.build({
      encoders: { a: reads(0), b: reads(1) },
      stream: { path: "relayed" },
      farEnd: { behaviour: "refuseSecond", record: true },
    });
    facility.startDaemon();
    await facility.untilTold("stream.onAir");
    const selected = () => facility.told("stream.relay").at(-1)!.data["selected"] as "a" | "b";
    for (let deaths = 0; deaths < 2; deaths++) {
      await pass(3 * sourceFps);
      const [before, seq] = [selected(), facility.told().at(-1)!.seq];
      kill(facility.enginePid(before));
      await facility.untilTold(
        "stream.relay",
        (told) => told.seq > seq && told.data["selected"] !== before,
      );
      const again = `main-relay-${before}: ${before} carries it`;
      await facility.untilTold("stream.feed", (told) => told.seq > seq && told.message === again);
    }
    await pass(3 * sourceFps);

    const [one, ...others] = carriers(facility);
    expect(others).toEqual([]);
    const recording = join(facility.folder, "whole.flv");
    copyWhole(one!.recordingPath!, recording);
    const times = await timesOf(recording);
    const lengthMs = (1_000 * 1_024) / toneRateHz;
    const off = times.map((ms, n) => ms - times[0]! - n * lengthMs);
    const samples = await samplesOf(recording);
    // Without the beginning, which an encoder makes of what it has not.
    const steady = samples.subarray(toneRateHz / 2, -toneRateHz / 2);
    // FLV has whole ms.
    expect(Math.max(...off.map(Math.abs))).toBeLessThanOrEqual(1.5);
    expect(steady.length).toBeGreaterThan(8 * toneRateHz);
    expect(jointsIn(steady, toneHz)).toEqual([]);
  },
  180_000,
);
