import fc from "fast-check";
import { expect, test } from "vitest";
import { capabilityOf } from "../../../machines/profile/encoder-capability.ts";
import { profileAt, profileIds, profiles } from "../../../machines/profile/profiles.ts";
import { judgeStream, type WantedStream } from "../../../machines/profile/validate.ts";
import { slow } from "../../setup/slow.ts";

const hd = (over: Partial<WantedStream> = {}): WantedStream => ({
  ...{ widthPx: 1_920, heightPx: 1_080, framesPerSecond: 30, videoBps: 6_000_000 },
  ...over,
});
const codes = (found: { code: string }[]) => found.map(({ code }) => code);
const judged = (over: Partial<WantedStream>, id: keyof typeof profiles, vendor?: string) => {
  const { errors, warnings, recommendations } = judgeStream(
    hd(over),
    profiles[id],
    capabilityOf(vendor),
  );
  return [codes(errors), codes(warnings), codes(recommendations)];
};

test("an ordinary 1080p30 stream is fine at Facebook and a generic server", () => {
  expect(judged({ protocol: "rtmps" }, "facebook")).toEqual([[], [], []]);
  expect(judged({}, "rtmp")).toEqual([[], [], []]);
});

test("what a destination refuses is an error, what is only worse a warning", () => {
  expect(judged({ framesPerSecond: 120 }, "youtube")[0]).toEqual(["fps_too_high"]);
  expect(judged({ widthPx: 3_840, heightPx: 2_160 }, "twitch")[0]).toEqual([
    "resolution_too_large",
  ]);
  expect(judged({ videoBps: 9_000_001 }, "facebook")[0]).toEqual(["bitrate_too_high"]);
  expect(judged({ videoBps: 9_000_000 }, "facebook")).toEqual([[], ["bitrate_high"], []]);
  expect(judged({ videoBps: 6_000_001 }, "twitch")).toEqual([[], ["bitrate_too_high"], []]);
  expect(judged({ videoBps: 2_999_999 }, "youtube")).toEqual([[], ["bitrate_low"], []]);
  expect(judged({ videoBps: 3_000_000 }, "youtube")).toEqual([[], [], ["bitrate_could_rise"]]);
  expect(judged({ keyframeEveryS: 4.1 }, "facebook")[0]).toEqual(["keyframes_too_rare"]);
  expect(judged({ keyframeEveryS: 4 }, "facebook")).toEqual([[], [], ["keyframe_interval"]]);
  expect(judged({ audioBps: 320_000 }, "facebook")[0]).toEqual(["audio_bitrate_too_high"]);
  expect(judged({ protocol: "rtmp" }, "facebook")[0]).toEqual(["protocol_not_taken"]);
  expect(judged({ protocol: "rtmp" }, "twitch")[2]).toEqual(["use_rtmps"]);
  expect(judged({ widthPx: 1_919 }, "rtmp")[0]).toEqual(["odd_resolution"]);
});

test("a portrait picture is judged by the same sides", () => {
  expect(judged({ widthPx: 1_080, heightPx: 1_920 }, "facebook")[0]).toEqual([]);
  expect(judged({ widthPx: 1_080, heightPx: 1_922 }, "facebook")[0]).toEqual([
    "resolution_too_large",
  ]);
});

test("a HELO makes up to 1080p60 and 20 Mb/s; an unknown box is not judged, and that is said", () => {
  expect(judged({ videoBps: 20_000_000 }, "rtmp", "AJA")[0]).toEqual([]);
  expect(judged({ videoBps: 20_000_001 }, "rtmp", "AJA")[0]).toEqual(["encoder_bitrate"]);
  const uhd = { widthPx: 3_840, heightPx: 2_160, videoBps: 20_000_000 };
  expect(judged(uhd, "youtube", "AJA")[0]).toEqual(["encoder_resolution"]);
  const unknown = judgeStream(hd(), profiles.rtmp, capabilityOf("enterprise 99"));
  expect(unknown.notJudged).toHaveLength(1);
});

test("a stream key is judged by its form and never repeated", () => {
  const good = {
    youtube: "abcd-ef12-gh34-ij56-kl78",
    facebook: "FB-1234567890-0-AbCdEf_12",
    twitch: "live_123456_AbCdEf",
    rtmp: "a?token=b",
    srt: "#!::r=live,m=publish",
    hls: "x",
  };
  for (const id of profileIds) {
    expect(
      codes(judgeStream(hd({ streamKey: good[id] }), profiles[id], null).warnings),
    ).not.toContain("stream_key_form");
    const streamKey = "secret\nkey";
    const bad = judgeStream(hd({ streamKey }), profiles[id], null);
    expect(codes([...bad.errors, ...bad.warnings])).toContain("stream_key_form");
    expect(JSON.stringify(bad)).not.toContain("secret");
  }
  const long = judgeStream(hd({ streamKey: "x".repeat(513) }), profiles.srt, null);
  expect(codes(long.errors)).toEqual(["stream_key_form"]);
});

test("every limit says where it is written down", () => {
  const limits = (value: unknown): string[] =>
    typeof value !== "object" || value === null
      ? []
      : "source" in value
        ? [String(value.source)]
        : Object.values(value).flatMap(limits);
  for (const id of profileIds) {
    const sources = limits(profiles[id]);
    expect(sources.length).toBeGreaterThan(2);
    expect(sources.every((source) => source.length > 10)).toBe(true);
  }
});

slow("what is proposed instead has no errors and no warnings", () => {
  const side = fc.integer({ min: 200, max: 4_400 });
  const wanted = fc.record({
    ...{ widthPx: side, heightPx: side },
    framesPerSecond: fc.constantFrom(23.98, 25, 29.97, 30, 50, 59.94, 60, 120, 240),
    videoBps: fc.integer({ min: 1_000, max: 200_000_000 }),
  });
  fc.assert(
    fc.property(
      wanted,
      fc.constantFrom(...profileIds),
      fc.constantFrom("AJA", "ffmpeg", undefined),
      (asked, id, vendor) => {
        // A strip cannot be brought into a HELO's least height by making it smaller.
        const ratio = Math.max(asked.widthPx / asked.heightPx, asked.heightPx / asked.widthPx);
        fc.pre(ratio < 4);
        const can = capabilityOf(vendor);
        const { better } = judgeStream(asked, profiles[id], can);
        const again = judgeStream(better, profiles[id], can);
        expect(codes([...again.errors, ...again.warnings])).toEqual([]);
        expect(again.better).toEqual(better);
      },
    ),
    { numRuns: 2_000 },
  );
});

test.each([
  ["rtmps://a.rtmps.youtube.com/live2", "youtube"],
  ["rtmps://live-api-s.facebook.com:443/rtmp", "facebook"],
  ["rtmp://live.twitch.tv/app", "twitch"],
  ["rtmp://fra05.contribute.live-video.net/app", "twitch"],
  ["srt://ingest.example.org:9000", "srt"],
  ["rtmp://notyoutube.com/live", "rtmp"],
] as const)("the rules at %s are those of %s", (address, profile) => {
  expect(profileAt(new URL(address))).toBe(profile);
});
