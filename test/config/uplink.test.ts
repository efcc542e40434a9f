import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { ConfigError } from "../../config/problems.ts";
import { loadSite } from "../../config/site.ts";
import { uplinkSentence, uplinkUse, uplinkWarnings } from "../../config/uplink.ts";
import { FfmpegOptions } from "../../daemon/drivers/ffmpeg/options.ts";

const folder = mkdtempSync(join(tmpdir(), "understudy-uplink-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const drivers = { ffmpeg: FfmpegOptions, box: z.object({}) };

type Encoder = { driver: string; video?: object; audio?: object; expectedBitrate?: string };
const megabits = (video: string, more: object = {}): Encoder => ({
  driver: "ffmpeg",
  video: { bitrate: video },
  audio: { codec: "none" },
  ...more,
});

/** One stream over these encoders, read from a file as the daemon reads it. */
function aSite(p: {
  capacity?: string;
  takeover?: string;
  encoders: Record<string, Encoder>;
  outputs?: object[];
}) {
  const file = join(folder, "site.yaml");
  const key = join(folder, "key");
  writeFileSync(key, "k", { mode: 0o600 });
  const input = p.outputs ? { kind: "udp", url: "udp://239.9.9.9:5000" } : { kind: "testPattern" };
  const shared = p.outputs && { source: "hall" };
  const text = stringify({
    site: "studio",
    mqtt: { url: "mqtt://hub:1883" },
    ...(p.capacity !== undefined && { uplink: { capacity: p.capacity } }),
    encoders: Object.entries(p.encoders).map(([id, encoder]) => ({
      id,
      ...encoder,
      ...(encoder.driver === "ffmpeg" && { input, ...shared }),
    })),
    destinations: [
      {
        id: "far",
        address: "rtmp://a/live",
        backupAddress: "rtmp://b/live",
        streamKey: `file:${key}`,
        takeover: p.takeover ?? "exclusive",
      },
    ],
    streams: [
      {
        ...{ id: "main", destination: "far", encoders: Object.keys(p.encoders) },
        ...(p.outputs && { path: "relayed", outputs: p.outputs }),
      },
    ],
  });
  writeFileSync(file, text);
  return loadSite(file, { encoders: drivers }, {}).config;
}
function problem(p: Parameters<typeof aSite>[0]): string {
  try {
    aSite(p);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replace(`${folder}/`, "");
    throw error;
  }
  return "none";
}
const two = { a: megabits("4Mbps"), b: megabits("5Mbps") };

test("where one encoder publishes at a time, the larger one counts", () => {
  expect(uplinkUse(aSite({ encoders: two })).publishedBps).toBe(5_000_000);
});

test("where both addresses are published all the time, both count, and a spare for either", () => {
  const takeover = "primaryBackup";
  expect(uplinkUse(aSite({ takeover, encoders: two })).publishedBps).toBe(9_000_000);
  const spare = { ...two, c: megabits("6Mbps") };
  expect(uplinkUse(aSite({ takeover, encoders: spare })).publishedBps).toBe(12_000_000);
  const alone = { a: megabits("4Mbps") };
  expect(uplinkUse(aSite({ takeover, encoders: alone })).publishedBps).toBe(8_000_000);
});

test("each other receiver out there gets it once more; lists, files and groups of the house cost nothing", () => {
  const kept = [
    { id: "web", kind: "hls" },
    { id: "disk", kind: "recording", folder },
    { id: "group", kind: "udp", address: "udp://239.1.1.1:5000" },
    { id: "head-end", kind: "rtp", address: "rtp://[ff15::7]:5004" },
  ];
  const sent = [
    { id: "club", kind: "srt", address: "srt://club:9000" },
    { id: "hall", kind: "udp", address: "udp://10.0.0.9:5000" },
    { id: "studio", kind: "rtp", address: "rtp://10.0.0.8:5004" },
  ];
  const of = (outputs: object[]) => uplinkUse(aSite({ encoders: two, outputs })).publishedBps;
  expect([of(kept), of([...kept, ...sent])]).toEqual([5_000_000, 20_000_000]);
});

test("what is pushed to a CDN goes out once more, a ladder in all its sizes; an origin on this host costs nothing", () => {
  const push = (address: string) => ({ push: { address } });
  const to = (kind: string, address: string, more = {}) => [
    { id: "web", kind, ...push(address), ...more },
  ];
  const of = (outputs: object[], more = {}) =>
    uplinkUse(
      aSite({ encoders: { a: megabits("4Mbps", more), b: megabits("5Mbps", more) }, outputs }),
    ).publishedBps;
  const cdn = "https://cdn.example.net/live";
  expect(of(to("hls", cdn))).toBe(10e6);
  expect(of(to("hls", "http://127.0.0.1:8080/live"))).toBe(5e6);
  // 2.5 Mbit/s of 720p and 1.2 of 480p.
  expect(of(to("ladder", cdn))).toBe(13.7e6);
  expect(of(to("ladder", cdn, { sizes: ["1080p", "240p"] }))).toBe(14.85e6);
  expect(of(to("ladder", "http://[::1]/live"))).toBe(5e6);
  // What is not smaller than the source is not made.
  const small = { video: { bitrate: "4Mbps", width: 1_280, height: 720 } };
  expect(of(to("ladder", cdn), small)).toBe(4e6 + 4e6 + 1.2e6);
});

test("75 % of the line is the limit, to the bit, and the sentence says what was added up", () => {
  const of = { takeover: "primaryBackup", encoders: two };
  expect(problem({ ...of, capacity: "12Mbps" })).toBe("none");
  expect(problem({ ...of, capacity: "11.99Mbps" })).toBe(
    "site.yaml:5:13 uplink.capacity: 9 Mbit/s are published at once, that is 75 % of " +
      "11.99 Mbit/s; more than 75 % leaves no headroom",
  );
});

test("a sound track counts, and one that is passed on makes the rate not known", () => {
  const sound = megabits("4Mbps", { audio: { bitrate: "128kbps" } });
  expect(uplinkUse(aSite({ encoders: { a: sound } })).publishedBps).toBe(4_128_000);
  const passedOn = megabits("4Mbps", { audio: { codec: "copy" } });
  expect(uplinkUse(aSite({ encoders: { a: passedOn } })).unknown).toEqual(["a"]);
});

test("a box whose rate is not in the file is not counted as nothing", () => {
  const encoders = { a: megabits("4Mbps"), helo: { driver: "box" } };
  const site = aSite({ capacity: "20Mbps", takeover: "primaryBackup", encoders });
  expect(uplinkSentence(site)).toBe(
    "uplink: at least 4 Mbit/s of 20 Mbit/s published at once; not known what helo sends",
  );
  expect(uplinkWarnings(site)).toHaveLength(1);
  const told = { ...encoders, helo: { driver: "box", expectedBitrate: "8Mbps" } };
  expect(uplinkUse(aSite({ encoders: told }))).toMatchObject({ unknown: [], publishedBps: 8e6 });
  const known = aSite({ capacity: "20Mbps", takeover: "primaryBackup", encoders: told });
  expect(uplinkWarnings(known)).toEqual([]);
});

test("a line nobody has measured is said to be not known, and is a warning with two legs", () => {
  const site = aSite({ takeover: "primaryBackup", encoders: two });
  expect(uplinkSentence(site)).toBe("uplink: 9 Mbit/s of a capacity not known published at once");
  expect(uplinkWarnings(site)[0]).toContain("the headroom is not known");
  expect(uplinkWarnings(aSite({ encoders: two }))).toEqual([]);
});
