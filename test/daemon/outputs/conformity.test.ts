import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Conformity } from "../../../daemon/outputs/conformity/conformity.ts";
import { HlsOutput } from "../../../daemon/outputs/hls-output.ts";
import { LadderOutput, mpdName } from "../../../daemon/outputs/ladder-output.ts";
import { Segmenter } from "../../../daemon/outputs/segmenter.ts";
import { adtsStreamType, h264StreamType } from "../../../daemon/relay/frame.ts";
import { adtsFrame } from "../relay/pictures.ts";

const streams = [h264StreamType, adtsStreamType].map((streamType) => ({
  ...{ streamType, descriptors: Buffer.alloc(0) },
}));
/** 320x180, main profile, as x264 writes it. */
const sps = Buffer.from("674d400ceca0a0cfcf80880000030008000003019078a14cb0", "hex");
const startMs = 1.7e12;
const whole = { damaged: false, gapBefore: false };

/** A programme of 25 pictures a second, cut each second, and what is found in what is written of it. */
function anOutput(kind: "ts" | "fmp4" | "ladder") {
  const folder = mkdtempSync(join(tmpdir(), "conformity-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const clock = { ms: 0 };
  const own = { folder, windowMs: 6_000, targetS: 1, nowMs: () => startMs + clock.ms };
  const output =
    kind === "ladder"
      ? new LadderOutput({ ...own, sizes: [] })
      : new HlsOutput({ ...own, container: kind });
  const segmenter = new Segmenter({ segmentMs: 1_000, needsSound: true, sink: output });
  const conformity = new Conformity({
    ...{ folder, entry: "index.m3u8", ...(kind === "ladder" && { manifest: mpdName }) },
    ...{ windowMs: own.windowMs, nowMs: () => clock.ms },
  });
  let shown = 0;
  const next = () => {
    const [n, key] = [shown, shown % 25 === 0];
    clock.ms = 40 * shown++;
    const sets = [0, 0, 0, 1, ...sps, 0, 0, 1, 0x68, 9];
    const slice = [0, 0, 1, key ? 0x65 : 0x41, 0x88, ...Array.from({ length: 900 }, () => 0xaa)];
    const payload = Buffer.from([...(key ? sets : []), ...slice]);
    const times = { pts: n * 3_600, dts: n * 3_600, ...whole };
    const wallMs = startMs + clock.ms;
    segmenter.take({ track: 1, key: false, ...times, payload: adtsFrame(200, n) }, streams, wallMs);
    segmenter.take({ track: 0, key, ...times, payload }, streams, wallMs);
  };
  const path = (name: string) => join(folder, name);
  return {
    ...{ output, conformity, segmenter, clock },
    path,
    /** Up to when one more segment is in the list. */
    write(): void {
      const before = output.list.next;
      while (output.list.next === before) next();
    },
    async writeAndLook(count: number): Promise<void> {
      for (let n = 0; n < count; n++) {
        this.write();
        await conformity.written();
      }
    },
    skip: (pictures: number) => void (shown += pictures),
    newest: () => output.list.state.segments.at(-1)!.name,
    change(name: string, work: (bytes: Buffer) => Buffer | string): void {
      writeFileSync(path(name), work(readFileSync(path(name))));
    },
    /** What is found once the last file, or what is named, was changed after it was written. */
    async finds(name: string | undefined, work: (bytes: Buffer) => Buffer | string) {
      this.write();
      this.change(name ?? this.newest(), work);
      await conformity.written();
      return conformity.reading?.fault;
    },
  };
}
const inText = (from: string | RegExp, to: string) => (bytes: Buffer) => {
  const text = bytes.toString("utf8");
  expect(text).toMatch(from);
  return text.replace(from, to);
};

test.each(["ts", "fmp4", "ladder"] as const)(
  "%s: all that is written is looked at, over breaks and long after the first has left, and nothing is found",
  async (kind) => {
    const output = anOutput(kind);
    expect(output.conformity.reading).toBe(null);
    await output.writeAndLook(3);
    output.skip(75);
    await output.writeAndLook(12);
    expect(output.conformity.reading).toMatchObject({ fault: null, faultlessMs: null });
    // Each list, manifest and segment; the broken one came once more.
    expect(output.conformity.reading!.checked).toBeGreaterThanOrEqual(kind === "ladder" ? 75 : 30);
  },
);

const lists: [rule: string, work: (bytes: Buffer) => string, fault: RegExp][] = [
  ["its numbers run back", inText(/MEDIA-SEQUENCE:4/, "MEDIA-SEQUENCE:2"), /EXT-X-MEDIA-SEQUENCE runs back from 3 to 2/], // prettier-ignore
  ["a number is skipped", inText(/MEDIA-SEQUENCE:\d+/, "MEDIA-SEQUENCE:40"), /EXT-X-MEDIA-SEQUENCE skips from segment \d+ to 40/], // prettier-ignore
  ["a segment has another number", inText(/MEDIA-SEQUENCE:4/, "MEDIA-SEQUENCE:5"), /segment 5 was \S+\.ts, and is \S+\.ts now/], // prettier-ignore
  ["a segment is longer than the target", inText(/EXTINF:1.000,\n(?=[^\n]*\n$)/, "EXTINF:1.600,\n"), /\.ts is 1.6 s long, more than EXT-X-TARGETDURATION:1 allows/], // prettier-ignore
  ["breaks are counted anew", inText(/DISCONTINUITY-SEQUENCE:0/, "DISCONTINUITY-SEQUENCE:1"), /the discontinuity sequence of \S+\.ts was 0, and is 1 now/], // prettier-ignore
  ["time runs back", inText(/(DATE-TIME:2023-11-14T22:13:)\d\d(?=[^\n]*\n[^\n]*\n[^\n]*\n$)/, "$120"), /EXT-X-PROGRAM-DATE-TIME runs back at \S+\.ts without a discontinuity/], // prettier-ignore
  ["it says that it is over", inText(/$/, "#EXT-X-ENDLIST\n"), /EXT-X-ENDLIST/],
  ["it has no target duration", inText(/#EXT-X-TARGETDURATION:1\n/, ""), /EXT-X-TARGETDURATION tag is REQUIRED/], // prettier-ignore
  ["it is no list", () => "busy", /does not begin with #EXTM3U/],
  ["a segment is not there", inText(/\d+-\d+\.ts\n$/, "99-1.ts\n"), /99-1.ts is listed and cannot be read: ENOENT/], // prettier-ignore
];
test.each(lists)("a list in which %s", async (_, work, fault) => {
  const output = anOutput("ts");
  await output.writeAndLook(9);
  expect(output.conformity.reading!.fault).toBe(null);
  const found = await output.finds("index.m3u8", work);
  expect(found).toMatch(/^index\.m3u8: /);
  expect(found).toMatch(fault);
});

const packets = (bytes: Buffer, from: number, to?: number) =>
  bytes.subarray(from * 188, to === undefined ? undefined : to * 188);
const changed = (at: number, value: number) => (bytes: Buffer) => {
  bytes[at] = value;
  return bytes;
};
const segments: [rule: string, work: (bytes: Buffer) => Buffer, fault: RegExp][] = [
  ["is empty", () => Buffer.alloc(0), /is empty/],
  ["is cut off", (bytes) => bytes.subarray(0, -10), /ends within a packet/],
  ["lost its sync bytes", changed(188 * 9, 0), /no sync byte \(0x47\) before packet 9/],
  ["has no PAT in front", (bytes) => packets(bytes, 1), /does not begin with a PAT/],
  ["has a PAT that is wrong", changed(12, 0xff), /does not begin with a PAT/],
  ["has no PMT behind it", changed(188 + 2, 0x77), /has no PMT after its PAT/],
  ["lacks a packet", (bytes) => Buffer.concat([packets(bytes, 0, 9), packets(bytes, 10)]), /a packet is missing before packet \d+: of PID 25[67], counter \d+, then \d+/], // prettier-ignore
  ["lacks its end", (bytes) => packets(bytes, 0, bytes.length / 188 - 2), /a packet is missing before packet/], // prettier-ignore
  ["says that a packet is damaged", changed(188 * 9 + 1, 0x81), /packet 9 says that it is damaged/],
  ["begins with no keyframe", (bytes) => changed(bytes.indexOf(Buffer.from([0, 0, 1, 0x65])) + 3, 0x41)(bytes), /does not begin with a keyframe/], // prettier-ignore
];
test.each(segments)("a segment as TS that %s", async (_, work, fault) => {
  const output = anOutput("ts");
  await output.writeAndLook(3);
  let found = await output.finds(undefined, work);
  // What is missing at an end is seen where the next begins.
  if (!found) {
    await output.writeAndLook(1);
    found = output.conformity.reading!.fault;
  }
  expect(found).toMatch(/^index\.m3u8: [34]-\d+\.ts /);
  expect(found).toMatch(fault);
});

const box = (type: string, other: string) => (bytes: Buffer) => {
  bytes.write(other, bytes.indexOf(type), "latin1");
  return bytes;
};
const fragments: [rule: string, name: RegExp, work: (bytes: Buffer) => Buffer, fault: RegExp][] = [
  ["that is cut off", /m4s/, (bytes) => bytes.subarray(0, -10), /m4s ends within its mdat/],
  ["that is no MP4", /m4s/, changed(0, 0xff), /m4s ends within its moof/],
  ["without a fragment", /m4s/, box("moof", "free"), /m4s does not begin with a fragment/],
  ["without a time", /m4s/, box("tfdt", "free"), /has a track without its time/],
  ["that begins with no keyframe", /m4s/, (bytes) => changed(bytes.indexOf("trun") + 25, 1)(bytes), /does not begin with a keyframe/],
  ["that begins elsewhere", /m4s/, (bytes) => changed(bytes.indexOf("tfdt") + 13, 0)(bytes), /begins \d+\.\d s before the end of the segment before it, without a discontinuity/],
  ["of a map without its header", /mp4/, box("moov", "free"), /mp4 is no map/],
  ["of an empty map", /mp4/, () => Buffer.alloc(0), /mp4 is empty/],
]; // prettier-ignore
test.each(fragments)("a segment as fMP4 %s", async (_, name, work, fault) => {
  const output = anOutput("fmp4");
  const isMap = name.test("0.mp4");
  if (!isMap) await output.writeAndLook(3);
  const map = () => readFileSync(output.path("index.m3u8"), "utf8").match(/URI="([^"]+)"/)![1]!;
  if (isMap) output.write();
  const found = await output.finds(isMap ? map() : undefined, work);
  expect(found).toMatch(/^index\.m3u8: \d+-\d+\.(m4s|mp4) /);
  expect(found).toMatch(fault);
});

const manifests: [rule: string, work: (bytes: Buffer) => string, fault: RegExp][] = [
  ["is no XML", inText("</MPD>", ""), /^manifest\.mpd: .*MPD/],
  ["has no period", inText(/<Period.*<\/Period>/, ""), /Period/],
  ["has a hole in its timeline", inText(/(<S t="360000" d=")90000/, "$190001"), /the timeline of source in period \w+ breaks at 450000/],
  ["goes on elsewhere", (bytes) => bytes.toString().replaceAll(/S t="(\d+)"/g, (_, t) => `S t="${Number(t) + 900_000}"`), /skips from \d+ to \d+/],
  ["runs back", (bytes) => bytes.toString().replaceAll(/S t="(\d+)"/g, (_, t) => `S t="${Number(t) - 270_000}"`), /runs back from \d+ to \d+/],
  ["moves its period", inText(/start="PT1/, 'start="PT2'), /period \w+ began at 17\d+ s, and at 27\d+ s now/],
  ["names a file that is not there", inText(/media="\$R/g, 'media="x$R'), /xsource-\w+-\d+\.m4s is listed and cannot be read/],
]; // prettier-ignore
test.each(manifests)("a manifest that %s", async (_, work, fault) => {
  const output = anOutput("ladder");
  await output.writeAndLook(9);
  const found = await output.finds("manifest.mpd", work);
  expect(found).toMatch(/^manifest\.mpd: /);
  expect(found).toMatch(fault);
});

test("each list of a ladder is followed", async () => {
  const output = anOutput("ladder");
  await output.writeAndLook(3);
  const found = await output.finds("sound1.m3u8", inText(/MEDIA-SEQUENCE:0/, "MEDIA-SEQUENCE:9"));
  expect(found).toBe("sound1.m3u8: EXT-X-MEDIA-SEQUENCE skips from segment 2 to 9");
});

test("a fault is told with how long all has been well since, by what was looked at", async () => {
  const output = anOutput("ts");
  await output.writeAndLook(3);
  await output.finds(undefined, () => Buffer.alloc(0));
  expect(output.conformity.reading!.faultlessMs).toBe(0);
  output.clock.ms += 60_000;
  expect(output.conformity.reading!.faultlessMs).toBe(0);
  await output.writeAndLook(5);
  expect(output.conformity.reading!.faultlessMs).toBe(5_000);
});
