import fc from "fast-check";
import { expect, test } from "vitest";
import { DriverError } from "../../../../daemon/drivers/driver.ts";
import { gstreamerArguments } from "../../../../daemon/drivers/gstreamer/arguments.ts";
import { fraction, written } from "../../../../daemon/drivers/gstreamer/description.ts";
import { GstreamerOptions } from "../../../../daemon/drivers/gstreamer/options.ts";
import { at } from "../../../setup/effort.ts";
import { slow } from "../../../setup/slow.ts";

const number = /^\d+(\.\d+)?$/;
const word = /^[a-z0-9-]+$/;
const flag = /^(true|false)$/;
/** Escaped: nothing that means anything to gst-launch stands without a backslash. */
const text = /^([A-Za-z0-9 _./:%\u0080-\u{10ffff}-]|\\[!-~])*$/u;
const nothing = { sync: flag, async: flag };
/** Every element, and the properties it may be given. What is not here must not appear. */
const elements: Record<string, Record<string, RegExp>> = {
  videotestsrc: { "is-live": flag, pattern: /^smpte$/, "horizontal-speed": number },
  audiotestsrc: { "is-live": flag, freq: number, volume: number },
  textoverlay: { text: /^[A-Za-z0-9 ._-]{1,40}$/, valignment: word, "font-desc": /^Mono 24$/ },
  filesrc: { location: text },
  rtmp2src: {
    ...{ location: text, username: text, password: text, stream: text },
    ...{ scheme: /^rtmp$/, host: /^[A-Za-z0-9.:-]+$/, port: number },
    application: /^[A-Za-z0-9._\\~/-]+$/,
  },
  srtsrc: { uri: text, mode: /^caller$/, latency: number, streamid: text, passphrase: text },
  udpsrc: { address: /^[A-Za-z0-9.:-]+$/, port: number, "buffer-size": number },
  ...Object.fromEntries(
    ["qtdemux", "matroskademux", "tsdemux", "flvdemux"].map((it) => [it, { name: /^in$/ }]),
  ),
  ...Object.fromEntries(
    [
      ...["queue", "h264parse", "aacparse", "avdec_h264", "avdec_aac", "clocksync"],
      ...["videoconvert", "videoscale", "videorate", "audioconvert", "audioresample"],
    ].map((it) => [it, {}]),
  ),
  deinterlace: { fields: /^top$/, method: /^yadif$/ },
  x264enc: {
    ...{ tune: /^zerolatency$/, "speed-preset": word, bitrate: number },
    ...{ "vbv-buf-capacity": number, "key-int-max": number, threads: number },
    "option-string": /^scenecut\\=0$/,
  },
  avenc_aac: { bitrate: number },
  flvmux: { name: /^mux$/, streamable: flag, latency: number },
  mpegtsmux: { name: /^mux$/, alignment: /^7$/, latency: number },
  tee: { name: /^out$/ },
  rtmp2sink: {
    ...{ scheme: /^rtmps?$/, host: /^[A-Za-z0-9.:-]+$/, port: number },
    ...{ application: /^[A-Za-z0-9._\\~/-]+$/, stream: text, timeout: number, sync: flag },
    "flash-version": /^FMLE\/3.0 \\\(compatible\\; understudy\/[a-z0-9-]+\/\d+\\\)$/,
    "tls-validation-flags": /^validate-all$/,
  },
  srtsink: {
    ...{ uri: /^srt:\/\/([A-Za-z0-9.-]+|\\\[[0-9a-f:]+\\\]):\d+$/, mode: /^(caller|listener)$/ },
    ...{ latency: number, passphrase: text, localaddress: /^[A-Za-z0-9.:\\[\]-]+$/ },
    localport: number,
    ...{ streamid: text, "auto-reconnect": /^false$/, sync: flag },
  },
  rtpgstpay: { mtu: number },
  rtpsession: { name: /^count$/, "rtcp-min-interval": number, bandwidth: number },
  fakesink: nothing,
  identity: { "sleep-time": number },
  udpsink: { host: /^127\.0\.0\.1$/, port: number, ...nothing },
};
const pads = /^(in|out|mux)\.$|^count\.send_(rtp_sink|rtp_src|rtcp_src)$/;
const media = /^(video\/x-raw|audio\/x-raw|video\/mpegts)(,[a-z]+=[A-Za-z0-9/]+)+$/;

/** What in these arguments is not as it should be. */
function breaches(argv: readonly string[]): string[] {
  if (argv.slice(0, 3).join(" ") !== "-e -q -f") return ["does not begin with -e -q -f"];
  let properties: Record<string, RegExp> = {};
  return argv.slice(3).flatMap((argument) => {
    const [, property, value] = /^([a-z-]+)=(.*)$/su.exec(argument) ?? [];
    if (property !== undefined && value !== undefined) {
      const form = Object.hasOwn(properties, property) ? properties[property] : undefined;
      return form?.test(value) ? [] : [`unexpected ${argument}`];
    }
    if (argument === "!" || pads.test(argument) || media.test(argument)) {
      properties = {};
      return [];
    }
    if (!Object.hasOwn(elements, argument)) return [`unexpected ${argument}`];
    properties = elements[argument] ?? {};
    return [];
  });
}

const hostile = fc.oneof(
  { arbitrary: fc.stringMatching(/^[A-Za-z0-9._/-]{1,20}$/), weight: 3 },
  fc.string({ maxLength: 40 }),
  fc.constantFrom(
    ...["! filesink location=/etc/passwd", "a!b", 'x" ! fakesink', "a b", "x name=y", "a\0b", "'"],
    ...["\\", "\\\\!", "$(id)", "\n!", "count.", "in.", "-v", "é", "(", "a;b", "a,b", "a=b?c&d"],
  ),
);
const host = fc.constantFrom("example.org", "10.0.0.1", "[::1]", "-y", "h:1", "a b", "");
const url = (scheme: string) =>
  fc
    .tuple(host, fc.oneof(fc.webPath(), hostile))
    .map(([name, path]) => `${scheme}://${name}${path}`);
const input = fc.oneof(
  fc.record(
    { kind: fc.constant("testPattern"), label: fc.oneof(hostile, fc.constant("Studio 1")) },
    { requiredKeys: ["kind"] },
  ),
  fc.record({ kind: fc.constant("file"), path: hostile.map((name) => `/${name}.mp4`) }),
  fc.record(
    {
      ...{ kind: fc.constant("rtmp"), url: fc.oneof(url("rtmp"), fc.constant("rtmp://h/live")) },
      ...{ streamKey: hostile, username: hostile, password: hostile },
    },
    { requiredKeys: ["kind", "url"] },
  ),
  fc.record(
    { kind: fc.constant("srt"), url: url("srt"), streamId: hostile, passphrase: hostile },
    { requiredKeys: ["kind", "url"] },
  ),
  fc.record({
    kind: fc.constant("udp"),
    url: fc.oneof(url("udp"), fc.constantFrom("udp://239.1.1.1:5000", "udp://[::1]:80")),
  }),
);
const options = fc.record({
  input,
  video: fc.record(
    {
      bitrateBps: fc.integer({ min: 49_000, max: 90_000_000 }),
      gopSeconds: fc.integer({ min: 0, max: 10 }),
      framesPerSecond: fc.oneof(
        fc.integer({ min: 10, max: 130 }),
        fc.double({ min: 10, max: 120, noNaN: true }),
      ),
      width: fc.constantFrom(320, 321),
    },
    { requiredKeys: ["bitrateBps", "gopSeconds", "framesPerSecond"] },
  ),
  audio: fc.record({ codec: fc.constantFrom("aac", "none") }),
});
const address = fc.oneof(
  { arbitrary: fc.constantFrom("rtmp://h/live", "srt://h:9000"), weight: 5 },
  fc.constantFrom("rtmp://h/live", "rtmps://h:443/app/x", "srt://[::1]:9000", "rtmp://h/a b"),
  ...["rtmp", "rtmps", "srt", "file", "tee"].map(url),
);

const key = fc.oneof(hostile, fc.base64String());
const srt = fc.option(
  fc.record({
    mode: fc.constantFrom("caller" as const, "listener" as const),
    passphrase: fc.oneof(hostile, fc.constant("open-sesame-1")),
    latencyMs: fc.integer({ min: 20, max: 8_000 }),
  }),
  { nil: undefined },
);

const configurations = at({ check: 2_000, test: 10_000, torture: 200_000 });

slow("whatever is configured: what is accepted gives only allowed arguments", () => {
  let accepted = 0;
  fc.assert(
    fc.property(options, address, srt, key, (raw, to, access, streamKey) => {
      const parsed = GstreamerOptions.safeParse(raw);
      if (!parsed.success) return;
      const publication = { encoder: "enc-a", address: to, keyGeneration: 7, progressPort: 4711 };
      try {
        const argv = gstreamerArguments(parsed.data, {
          ...{ ...publication, streamKey },
          ...(to.startsWith("srt:") && access && { srt: access }),
        });
        accepted += 1;
        expect(breaches(argv)).toEqual([]);
      } catch (error) {
        if (!(error instanceof DriverError)) throw error;
        expect(error.code).toBe("notPossible");
        if (streamKey.length > 8) expect(error.message).not.toContain(streamKey);
      }
    }),
    { numRuns: configurations },
  );
  expect(accepted).toBeGreaterThan(configurations / 20);
});

test("the grammar of this test notices elements, properties and values that are not allowed", () => {
  const plain = ["-e", "-q", "-f", "filesrc"];
  expect(breaches([...plain, "location=/a b.mp4", "!", "queue"])).toHaveLength(0);
  expect(breaches([...plain, "location=/a!b.mp4"])).toHaveLength(1);
  expect(breaches([...plain, "blocksize=1"])).toHaveLength(1);
  expect(breaches([...plain, "!", "filesink"])).toHaveLength(1);
  expect(breaches(["filesrc"])).toHaveLength(1);
});

const plain = GstreamerOptions.parse({ input: { kind: "testPattern" } });
const publication = {
  encoder: "enc-a",
  address: "rtmp://127.0.0.1:1935/live",
  streamKey: "canary-4711",
  keyGeneration: 7,
  progressPort: 4711,
};

test("the stream key stands in one argument alone", () => {
  const argv = gstreamerArguments(plain, publication);
  expect(argv.filter((it) => it.includes("canary"))).toEqual(["stream=canary-4711"]);
});

test("a picture without sound has no branch for sound, which nobody would feed", () => {
  const silent = { ...plain, audio: { ...plain.audio, codec: "none" as const } };
  expect(gstreamerArguments(silent, publication).join(" ")).not.toMatch(/audio|aac/);
});

test.each([
  [25, "25/1"],
  [29.97, "30000/1001"],
  [59.94, "60000/1001"],
  [12.5, "12500/1000"],
])("a rate of %d frames a second is written %s", (rate, expected) => {
  expect(fraction(rate)).toBe(expected);
});

test("what means something to gst-launch is written with a backslash", () => {
  expect(written("k?a=1&b=2!")).toBe("k\\?a\\=1\\&b\\=2\\!");
});
