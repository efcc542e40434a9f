import { expect, test } from "vitest";
import { stringify } from "yaml";
import { parseConfig } from "../../config/load.ts";
import { siteFormat } from "../../config/site.ts";
import type { SiteConfig } from "../../config/site.schema.ts";
import { vendors } from "../../daemon/drivers/index.ts";
import { planOf } from "../../daemon/plan.ts";

const schemas = Object.fromEntries(Object.entries(vendors).map(([n, v]) => [n, v.options]));

const helo = (id: string) => ({ id, driver: "aja-helo", host: `${id}.example.org` });
const soft = (id: string) => ({
  ...{ id, driver: "ffmpeg", input: { kind: "testPattern" } },
});

/** The plan of a site with one programme over all of its boxes. */
function aPlan(p: { encoders: object[]; destination?: object; stream?: object; site?: object }) {
  const encoders = p.encoders as { id: string }[];
  const text = stringify({
    site: "studio",
    ...p.site,
    mqtt: { url: "mqtt://hub" },
    encoders,
    destinations: [
      { id: "far", address: "rtmp://far/live", streamKey: "credential:k", ...p.destination },
    ],
    streams: [{ id: "main", destination: "far", encoders: encoders.map((e) => e.id), ...p.stream }],
  });
  const { config } = parseConfig("site.yaml", text, siteFormat({ encoders: schemas }));
  return planOf({ ...config, stateDir: "/nowhere" } satisfies SiteConfig, vendors);
}
const owned = (plan: ReturnType<typeof aPlan>) =>
  Object.fromEntries(plan.encoders.map((e) => [e.id, e.ownSelfStart]));
const twoAddresses = { takeover: "primaryBackup", backupAddress: "rtmp://far2/live" };

test("a box alone on its key keeps its auto-recover: without us it is no worse off", () => {
  expect(owned(aPlan({ encoders: [helo("a")] }))).toEqual({ a: false });
});

test("how long a death goes unnoticed follows from how often a box is asked and how long it is waited for", () => {
  const quick = { ...helo("b"), polling: { normal: "1s" }, requestTimeout: "500ms" };
  const patient = { ...helo("d"), requestTimeout: "30s" };
  const { encoders } = aPlan({ encoders: [helo("a"), quick, soft("c"), patient] });
  const detection = Object.fromEntries(encoders.map((e) => [e.id, e.detection]));
  expect(detection).toEqual({
    a: { silentWithinMs: 11_500, unreachableWithinMs: 30_500 },
    b: { silentWithinMs: 2_500, unreachableWithinMs: 6_500 },
    c: { silentWithinMs: 1_500, unreachableWithinMs: 1_500 },
    d: { silentWithinMs: 27_500, unreachableWithinMs: 62_500 }, // no poll takes longer than 10 s
  });
});

test("a box shows what is said of it, of its ingest, or of each of its inputs", () => {
  const pearl = { id: "d", driver: "epiphan-pearl", host: "192.0.2.9", inputs: { Hall: "hall" } };
  const fed = { id: "c", driver: "ffmpeg", input: { kind: "ingest", ingest: "cam" } };
  const { encoders } = aPlan({
    encoders: [
      { ...helo("a"), source: "hall" },
      { ...helo("b"), inputs: { sdi: "hall" } },
      fed,
      pearl,
    ],
    site: { ingests: [{ id: "cam", kind: "testPattern" }] },
  });
  const shown = encoders.map(({ source, inputs }) => source ?? inputs);
  expect(shown).toEqual(["hall", { sdi: "hall" }, "cam", { hall: "hall" }]);
});

test("how many sounds of its ingest an encoder passes on at most, and how more would be", () => {
  const fed = (id: string, audio?: object) => ({
    ...{ id, driver: "ffmpeg", input: { kind: "ingest", ingest: "cam" } },
    ...(audio && { audio }),
  });
  const site = { ingests: [{ id: "cam", kind: "udp", url: "udp://239.1.1.1:5000" }] };
  const boxes = [fed("a"), fed("b", { tracks: 3 }), fed("c", { codec: "none" }), soft("d")];
  const sounds = (address: string) => {
    const { encoders } = aPlan({ encoders: boxes, site, destination: { address } });
    return Object.fromEntries(encoders.map((encoder) => [encoder.id, encoder.sounds]));
  };
  const hint = "set its audio.tracks";
  expect(sounds("srt://far:9000")).toEqual({ a: { most: 1, hint }, b: { most: 3, hint } });
  const one = { most: 1, hint: "RTMP carries one; path relayed with outputs takes more" };
  expect(sounds("rtmp://far/live")).toEqual({ a: one, b: one });
});

test("which combed pictures of its ingest an encoder leaves so, and what helps", () => {
  const fed = (id: string, driver: string, video?: object) => ({
    ...{ id, driver, input: { kind: "ingest", ingest: "cam" } },
    ...(video && { video }),
  });
  const { encoders } = aPlan({
    site: { ingests: [{ id: "cam", kind: "udp", url: "udp://239.1.1.1:5000" }] },
    encoders: [
      fed("a", "ffmpeg"),
      fed("b", "ffmpeg", { interlace: "deinterlace" }),
      fed("c", "ffmpeg", { interlace: "keep" }),
      fed("d", "ffmpeg", { codec: "copy" }),
      fed("e", "gstreamer"),
      soft("f"),
      fed("g", "auto"),
      fed("h", "auto", { interlace: "deinterlace" }),
    ],
  });
  expect(encoders.flatMap(({ id, combs }) => (combs ? [[id, combs.which]] : []))).toEqual([
    ["a", "unflagged"],
    ["e", "unflagged"],
    ["g", "unflagged"],
  ]);
});

test("boxes that share an exclusive key do not start by themselves", () => {
  expect(owned(aPlan({ encoders: [helo("a"), helo("b"), soft("c")] }))).toEqual({
    ...{ a: true, b: true },
    c: false, // a process of ours never does
  });
});

test("a smaller picture is a step only where every destination of the box stands it", () => {
  const steps = (allowSmallerPicture?: boolean) => {
    const destination = allowSmallerPicture === undefined ? {} : { allowSmallerPicture };
    const { encoders } = aPlan({ encoders: [helo("a"), soft("b")], destination });
    return encoders.map(({ cooling }) => cooling.length);
  };
  expect(steps()).toEqual([5, 4]);
  expect(steps(false)).toEqual([5, 4]);
  expect(steps(true)).toEqual([6, 5]);
});

test("a box is turned down by no more steps than its site wants", () => {
  const steps = (heat: object) =>
    aPlan({ encoders: [{ ...helo("a"), heat }, soft("b")] }).encoders[0]!.cooling;
  expect(steps({ steps: 2 })).toEqual(steps({}).slice(0, 2));
  expect(steps({ steps: 10 })).toHaveLength(5);
});

test("two addresses, a box for each: neither shares its key, both keep their auto-recover", () => {
  const plan = aPlan({ encoders: [helo("a"), helo("b")], destination: twoAddresses });
  expect(owned(plan)).toEqual({ a: false, b: false });
});

test("two addresses with a spare: it may take either key, so nobody starts by himself", () => {
  const encoders = [helo("a"), helo("b"), helo("c")];
  const plan = aPlan({ encoders, destination: twoAddresses });
  expect(owned(plan)).toEqual({ a: true, b: true, c: true });
  expect(plan.streams.map((s) => s.encoders.map((e) => e.encoder))).toEqual([
    ["a", "c"],
    ["b", "c"],
  ]);
});

test("two addresses are two legs: the second names the first, and nobody looks at it", () => {
  const plan = aPlan({
    encoders: [soft("a"), soft("b")],
    destination: {
      ...twoAddresses,
      observers: [{ kind: "hls", url: "http://far/index.m3u8" }],
    },
  });
  expect(plan.destinations.map(({ id, observed }) => [id, observed])).toEqual([
    ["far", true],
    ["far-backup", false],
  ]);
  expect(plan.streams[1]).toMatchObject({ id: "main-backup", backupOf: "main" });
  expect(plan.streams[1]?.destination).toBe("far-backup");
});

test("a proof by absence takes 30 s at least, and twice the device's own retry period", () => {
  const proof = (destination: object) =>
    aPlan({ encoders: [soft("a")], destination }).destinations[0]?.noPublisherProofMs;
  expect(proof({ noPublisherProof: "1s" })).toBe(30_000);
  expect(proof({ deviceRetryPeriod: "20s" })).toBe(40_000);
  expect(proof({ noPublisherProof: "50s" })).toBe(50_000);
});

test("a sight counts until its observer must have looked again", () => {
  const age = (...observers: object[]) =>
    aPlan({ encoders: [soft("a")], destination: { observers } }).destinations[0]?.sightMaxAgeMs;
  const statistics = { kind: "nginx-rtmp", statisticsUrl: "http://far/stat", app: "live" };
  expect(age()).toBe(3_000);
  expect(age(statistics)).toBe(3_000);
  expect(age(statistics, { kind: "ffprobe", url: "rtmp://far/live/x" })).toBe(6_000);
});

test("an encoder without a named output gets its driver's first", () => {
  const { streams } = aPlan({ encoders: [helo("a")] });
  expect(streams[0]?.encoders).toEqual([{ encoder: "a", output: vendors["aja-helo"]?.outputs[0] }]);
});

test("after a start a device has 30 s and a program 10 s, or what the stream says", () => {
  const graces = (stream?: object) =>
    aPlan({ encoders: [helo("a"), soft("b")], ...(stream && { stream }) }).encoders.map(
      (e) => e.firstFrameGraceMs,
    );
  expect(graces()).toEqual([30_000, 10_000]);
  expect(graces({ firstFrameGrace: { software: "3s", hardware: "20s" } })).toEqual([20_000, 3_000]);
});

test("no address, no key and no password of the configuration reaches the machines", () => {
  const plan = JSON.stringify(aPlan({ encoders: [helo("a"), soft("b")] }));
  expect(plan).not.toMatch(/rtmp:|example\.org|credential/);
});

test("a HELO whose programme carries captions is not offered half its frame rate against heat", () => {
  const plan = aPlan({ encoders: [helo("a"), { ...helo("b"), captions: true }] });
  const last = plan.encoders.map(({ cooling }) => cooling.at(-1)?.what);
  expect(last).toEqual(["35 % of its bitrate and half its frame rate", "35 % of its bitrate"]);
});

test("a box with levels of its own is full by these, the others by the site's", () => {
  const own = { recording: { levels: { low: "20%", warnBefore: "4h" } } };
  const plan = aPlan({
    encoders: [helo("a"), { ...helo("b"), ...own }],
    site: { storageLevels: { network: { low: "5%", full: "2%" } } },
  });
  const site = {
    local: { low: 0.15, full: 0.01 },
    network: { low: 0.05, full: 0.02 },
    warnBeforeMs: 3_600_000,
  };
  expect(plan.storages?.map(({ levels }) => levels)).toEqual([
    site,
    {
      local: { low: 0.2, full: 0.01 },
      network: { low: 0.2, full: 0.02 },
      warnBeforeMs: 14_400_000,
    },
  ]);
});

test("what may be done about a box in trouble: its own word wins over the site's, a kind's over all", () => {
  const consents = (own: object, site: object = {}) => {
    const { encoders } = aPlan({ encoders: [{ ...helo("a"), ...own }, helo("b")], site });
    const { repair, playbooks } = encoders[0]!;
    return { repair, ...playbooks };
  };
  expect(consents({})).toEqual({ repair: "propose" });
  const site = { repair: "act", playbooks: { overload: "observe", network: "propose" } };
  expect(consents({}, site)).toEqual({ repair: "act", ...site.playbooks });
  expect(consents({ playbooks: { overload: "act" } }, site)).toEqual({
    ...{ repair: "act", overload: "act", network: "propose" },
  });
  expect(consents({ repair: "observe" }, site)).toEqual({ repair: "observe" });
  expect(consents({ repair: "observe", playbooks: { failing: "act" } }, site)).toEqual({
    ...{ repair: "observe", failing: "act" },
  });
});
