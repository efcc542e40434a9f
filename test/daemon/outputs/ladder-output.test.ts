import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as HLS from "hls-parser";
import { expect, onTestFinished, test } from "vitest";
import { LadderOutput } from "../../../daemon/outputs/ladder-output.ts";
import { Segmenter } from "../../../daemon/outputs/segmenter.ts";
import { adtsStreamType, h264StreamType } from "../../../daemon/relay/frame.ts";
import { adtsFrame } from "../relay/pictures.ts";

const german = Buffer.from([0x0a, 4, ...Buffer.from("deu"), 0]);
const streams = [
  { streamType: h264StreamType, descriptors: Buffer.alloc(0) },
  { streamType: adtsStreamType, descriptors: german },
];
/** 320x180, main profile, as x264 writes it. */
const sps = Buffer.from("674d400ceca0a0cfcf80880000030008000003019078a14cb0", "hex");
const startMs = 1.7e12;
const pictureTicks = 3_600;

/** A programme of 25 pictures a second, cut each second; its source's size alone goes out. */
function aLadder() {
  const folder = mkdtempSync(join(tmpdir(), "ladder-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const clock = { ms: startMs };
  const start = () => {
    const options = { folder, sizes: [], windowMs: 6_000, targetS: 1, nowMs: () => clock.ms };
    const output = new LadderOutput(options);
    const segmenter = new Segmenter({ segmentMs: 1_000, needsSound: true, sink: output });
    return (from: number, to: number): LadderOutput => {
      for (let n = from; n < to; n++) {
        clock.ms = startMs + 40 * n;
        const key = n % 25 === 0;
        const sets = [0, 0, 0, 1, ...sps, 0, 0, 1, 0x68, 9];
        const payload = Buffer.from([...(key ? sets : []), 0, 0, 1, key ? 0x65 : 0x41, 0x88]);
        const common = { pts: n * pictureTicks, dts: n * pictureTicks };
        const whole = { damaged: false, gapBefore: false };
        const sound = adtsFrame(20, n);
        segmenter.take(
          { track: 1, key: false, ...common, ...whole, payload: sound },
          streams,
          clock.ms,
        );
        segmenter.take({ track: 0, key, ...common, ...whole, payload }, streams, clock.ms);
      }
      return output;
    };
  };
  const text = (name: string) => readFileSync(join(folder, name), "utf8");
  const list = (name: string) => HLS.parse(text(name)) as HLS.types.MediaPlaylist;
  return { folder, start, text, list };
}

test("picture and sound have segments of their own, which both kinds of player are told of", () => {
  const { start, text, list } = aLadder();
  const output = start()(0, 80);
  expect(output.why).toBe(null);
  expect(text("index.m3u8")).toMatch(
    /#EXT-X-MEDIA:TYPE=AUDIO,.*LANGUAGE="deu",CHANNELS="\d",URI="sound1.m3u8"/,
  );
  expect(text("index.m3u8")).toMatch(
    /#EXT-X-STREAM-INF:BANDWIDTH=\d+,RESOLUTION=320x180,CODECS="avc1.4d400c,mp4a.40.2",AUDIO="sound"\nsource.m3u8/,
  );
  for (const id of ["source", "sound1"]) {
    const { segments } = list(`${id}.m3u8`);
    expect(segments.map(({ duration }) => duration)).toEqual([1, 1, 1]);
    for (const { uri, map } of segments) {
      expect([uri, map.uri].map((name) => output.offers(name))).toEqual([true, true]);
    }
  }
  const mpd = text("manifest.mpd");
  expect(mpd).toContain('<S t="0" d="90000"/><S t="90000" d="90000"/>');
  expect(mpd).toContain('lang="deu"');
  expect(mpd).toMatch(
    /<Representation id="source" codecs="avc1.4d400c" bandwidth="\d+" width="320"/,
  );
  expect(
    ["ladder.json", "../x", "index.mpd", "source-.m4s"].filter((it) => output.offers(it)),
  ).toEqual([]);
});

test("another process goes on with the list: a break in HLS, a period in DASH; what is old leaves the disk", () => {
  const { folder, start, text, list } = aLadder();
  start()(0, 80);
  const before = list("source.m3u8").segments.map(({ uri }) => uri);
  const go = start();
  go(100, 180);
  const { segments } = list("source.m3u8");
  expect(segments.slice(0, before.length).map(({ uri }) => uri)).toEqual(before);
  expect(segments.map(({ discontinuity }) => Boolean(discontinuity))).toEqual([
    false,
    false,
    false,
    true,
    false,
    false,
  ]);
  const starts = [...text("manifest.mpd").matchAll(/<Period id="\w+" start="PT([\d.]+)S">/g)];
  expect(starts.map(([, at]) => Number(at) - startMs / 1_000)).toEqual([0, 4]);

  const output = go(180, 900);
  const files = readdirSync(folder).filter((name) => /\.(m4s|mp4)$/.test(name));
  expect(files.filter((name) => !output.offers(name))).toEqual([]);
  expect(files.filter((name) => before.includes(name))).toEqual([]);
  expect(text("manifest.mpd").match(/<Period /g)).toHaveLength(1);
  expect(list("sound1.m3u8").mediaSequenceBase).toBe(output.list.state.segments[0]!.number);
});
