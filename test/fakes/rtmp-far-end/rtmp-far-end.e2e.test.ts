import { execFile, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { XMLParser } from "fast-xml-parser";
import { startNginxRtmp } from "../nginx-rtmp.ts";
import { startRtmpPublisher, type RtmpPublisherOptions } from "../rtmp-publisher.ts";
import { startFarEnd, type FarEnd, type FarEndOptions } from "./far-end.ts";

const key = "programme-1";
const patient = { timeout: 30_000, interval: 50 };
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function aFarEnd(options: FarEndOptions = {}): Promise<FarEnd> {
  const farEnd = await startFarEnd(options);
  cleanups.push(() => farEnd.close());
  return farEnd;
}

function aPublisher(farEnd: { rtmpUrl: string }, options: Partial<RtmpPublisherOptions> = {}) {
  const publisher = startRtmpPublisher({ url: `${farEnd.rtmpUrl}/${key}`, ...options });
  cleanups.push(() => publisher.kill());
  return publisher;
}

/** Waits until the n-th to ask for the key (from 0) delivers pictures. */
async function delivers(farEnd: FarEnd, n: number, frames = 5) {
  return vi.waitFor(() => {
    const record = farEnd.publishers(key)[n];
    expect(record?.videoFrames ?? 0).toBeGreaterThanOrEqual(frames);
    return record!;
  }, patient);
}

async function ended(farEnd: FarEnd, n: number) {
  return vi.waitFor(() => {
    const record = farEnd.publishers(key)[n];
    expect(record?.endedBecause ?? null).not.toBeNull();
    return record!;
  }, patient);
}

describe("one publisher", () => {
  test("is written down from connecting to the end, with its mark and every frame", async () => {
    const farEnd = await aFarEnd({ record: true });
    const publisher = aPublisher(farEnd, { flashVer: "understudy/enc-a/7", audio: true });
    await delivers(farEnd, 0, 20);
    publisher.signal("SIGTERM");
    const record = await ended(farEnd, 0);

    expect(record).toMatchObject({ flashVer: "understudy/enc-a/7", endedBecause: "unpublished" });
    const times = [
      record.connectedAtMs,
      record.requestedAtMs,
      record.publishedAtMs!,
      record.firstMediaAtMs!,
      record.lastMediaAtMs!,
      record.endedAtMs!,
    ];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(Math.abs(record.endedAtMs! + record.wallOffsetMs - Date.now())).toBeLessThan(5_000);
    expect(farEnd.overlapMs(key)).toBe(0);
    // A count by somebody else: ffprobe on the recording.
    expect(framesIn(record.recordingPath!)).toBe(record.videoFrames);
  }, 60_000);

  test("with a key that is not on the list is refused and written down", async () => {
    const farEnd = await aFarEnd({ keys: { "another-key": "Another programme" } });
    const publisher = aPublisher(farEnd);
    expect(await publisher.exited).not.toBe(0);
    expect(publisher.complaints()).toContain("Stream not found");
    expect(farEnd.publishers(key)).toMatchObject([
      { endedBecause: "unknownKey", publishedAtMs: null },
    ]);
  }, 60_000);

  test("that is kicked loses the connection, and a blocked key is refused", async () => {
    const farEnd = await aFarEnd();
    const publisher = aPublisher(farEnd);
    await delivers(farEnd, 0);
    farEnd.block(key, true);
    expect(farEnd.kick(key)).toBe(1);
    await publisher.exited;
    expect(farEnd.publishers(key)[0]?.endedBecause).toBe("kicked");

    await aPublisher(farEnd).exited;
    expect(farEnd.publishers(key)[1]?.endedBecause).toBe("blocked");
    farEnd.block(key, false);
    aPublisher(farEnd);
    await delivers(farEnd, 2);
  }, 60_000);
});

describe("a second publisher on the same key", () => {
  test("is refused while the first goes on", async () => {
    const farEnd = await aFarEnd({ behaviour: "refuseSecond" });
    aPublisher(farEnd);
    await delivers(farEnd, 0);
    const second = aPublisher(farEnd);
    expect(await second.exited).not.toBe(0);
    expect(second.complaints()).toContain("Already publishing");
    expect(farEnd.publishers(key)[1]).toMatchObject({ endedBecause: "refused", metAnother: true });
    await delivers(farEnd, 0, farEnd.publishers(key)[0]!.videoFrames + 10);
    expect(farEnd.overlapMs(key)).toBe(0);
  }, 60_000);

  test("kicks the first", async () => {
    const farEnd = await aFarEnd({ behaviour: "kickFirst" });
    const first = aPublisher(farEnd);
    await delivers(farEnd, 0);
    aPublisher(farEnd);
    await delivers(farEnd, 1);
    await first.exited;
    const [loser, winner] = farEnd.publishers(key);
    expect(loser?.endedBecause).toBe("kickedBySecond");
    expect(winner).toMatchObject({ metAnother: true, endedAtMs: null });
    expect(farEnd.overlapMs(key)).toBe(0);
  }, 60_000);

  test("takes the first down with it", async () => {
    const farEnd = await aFarEnd({ behaviour: "dropBoth" });
    const first = aPublisher(farEnd);
    await delivers(farEnd, 0);
    const second = aPublisher(farEnd);
    await Promise.all([first.exited, second.exited]);
    expect(farEnd.publishers(key).map((record) => record.endedBecause)).toEqual([
      "droppedWithSecond",
      "droppedWithSecond",
    ]);
  }, 60_000);

  test("is let in beside the first, and the overlap is measured to the millisecond", async () => {
    const farEnd = await aFarEnd({ behaviour: "acceptBoth" });
    const first = aPublisher(farEnd);
    await delivers(farEnd, 0);
    aPublisher(farEnd);
    await delivers(farEnd, 1, 15);
    await first.kill();
    const { endedAtMs } = await ended(farEnd, 0);
    const overlapMs = endedAtMs! - farEnd.publishers(key)[1]!.publishedAtMs!;
    expect(overlapMs).toBeGreaterThan(500);
    expect(farEnd.overlapMs(key)).toBeCloseTo(overlapMs, 3);
    await delivers(farEnd, 1, farEnd.publishers(key)[1]!.videoFrames + 5);
    expect(farEnd.overlapMs(key)).toBeCloseTo(overlapMs, 3);
    expect(farEnd.mediaOverlapMs(key)).toBeGreaterThan(0);
    expect(farEnd.mediaOverlapMs(key)).toBeLessThanOrEqual(overlapMs);
  }, 60_000);
});

test("a ghost session holds the key after the cable was cut, and only so long", async () => {
  const farEnd = await aFarEnd({ ghostSessionMs: 4_000 });
  const first = aPublisher(farEnd);
  await delivers(farEnd, 0);
  await first.kill();
  const { endedAtMs, endedBecause } = await ended(farEnd, 0);
  expect(endedBecause).toBe("disconnected");

  await aPublisher(farEnd).exited;
  expect(farEnd.publishers(key)[1]).toMatchObject({ endedBecause: "refused", metAnother: false });
  expect(await (await fetch(farEnd.statisticsUrl)).text()).toContain(`<name>${key}</name>`);

  await vi.waitFor(async () => {
    expect(await (await fetch(farEnd.statisticsUrl)).text()).not.toContain(key);
  }, patient);
  aPublisher(farEnd);
  const third = await delivers(farEnd, 2);
  expect(third.publishedAtMs! - endedAtMs!).toBeGreaterThanOrEqual(4_000);
}, 60_000);

test("a throttled far end makes the sender's kernel queue fill, and drains it when let go", async () => {
  const farEnd = await aFarEnd();
  aPublisher(farEnd, { videoBps: 4_000_000, width: 640 });
  const record = await delivers(farEnd, 0);
  expect(sendQueueBytes(record.address)).toBeLessThan(100_000);

  farEnd.throttle(key, 50_000);
  await vi.waitFor(() => {
    expect(sendQueueBytes(record.address)).toBeGreaterThan(500_000);
  }, patient);
  const { bytes, lastMediaAtMs } = record;
  await vi.waitFor(() => expect(record.bytes).toBeGreaterThan(bytes + 50_000), patient);
  const rate = ((record.bytes - bytes) * 1_000) / (record.lastMediaAtMs! - lastMediaAtMs!);
  expect(rate).toBeLessThan(80_000);

  farEnd.throttle(key, undefined);
  await vi.waitFor(() => {
    expect(sendQueueBytes(record.address)).toBeLessThan(100_000);
  }, patient);
  expect(record.endedAtMs).toBeNull();
}, 90_000);

test("what a killed sender had in its kernel queue still arrives before the end is seen", async () => {
  const farEnd = await aFarEnd();
  const publisher = aPublisher(farEnd, { videoBps: 4_000_000, width: 640 });
  const record = await delivers(farEnd, 0);
  farEnd.throttle(key, 200_000);
  await vi.waitFor(() => {
    expect(sendQueueBytes(record.address)).toBeGreaterThan(300_000);
  }, patient);
  await publisher.kill();
  const killedAtMs = performance.timeOrigin + performance.now() - record.wallOffsetMs;
  await ended(farEnd, 0);
  expect(record.lastMediaAtMs! - killedAtMs).toBeGreaterThan(500);
}, 60_000);

test("the HLS playlist goes on over a change of publisher", async () => {
  const farEnd = await aFarEnd({ hls: { segmentSeconds: 1 } });
  const first = aPublisher(farEnd, { audio: true });
  const before = await vi.waitFor(async () => {
    const segments = await segmentsOf(farEnd);
    expect(segments.length).toBeGreaterThanOrEqual(2);
    return segments;
  }, patient);
  await first.kill();
  await ended(farEnd, 0);

  aPublisher(farEnd, { audio: true });
  const after = await vi.waitFor(async () => {
    const segments = await segmentsOf(farEnd);
    expect(segments.length).toBeGreaterThanOrEqual(before.length + 3);
    return segments;
  }, patient);
  expect(after.slice(0, before.length)).toEqual(before);
  const playlist = await (await fetch(farEnd.hlsUrl(key))).text();
  expect(playlist).not.toContain("EXT-X-ENDLIST");
  // One ffmpeg all the way: a restart would have put a second DISCONTINUITY in.
  expect(playlist.match(/EXT-X-DISCONTINUITY\n/g)).toHaveLength(1);
  // From the first segment over the seam: a decoder finds nothing to complain about.
  const whole = [
    "-live_start_index",
    "0",
    "-i",
    farEnd.hlsUrl(key),
    "-t",
    String(after.length - 1),
  ];
  const decoded = await promisify(execFile)(
    "ffmpeg",
    ["-nostdin", "-v", "error", ...whole, "-f", "null", "-"],
    { timeout: 30_000 },
  );
  expect(decoded.stderr).toBe("");
}, 90_000);

test("a publisher with another picture size continues the playlist with a discontinuity", async () => {
  const farEnd = await aFarEnd({ hls: { segmentSeconds: 1 } });
  const first = aPublisher(farEnd);
  await vi.waitFor(async () => {
    expect((await segmentsOf(farEnd)).length).toBeGreaterThanOrEqual(2);
  }, patient);
  await first.kill();
  aPublisher(farEnd, { width: 480 });
  await vi.waitFor(async () => {
    const playlist = await (await fetch(farEnd.hlsUrl(key))).text();
    expect(playlist.match(/EXT-X-DISCONTINUITY\n/g)).toHaveLength(2);
    expect(playlist).toContain("#EXT-X-MEDIA-SEQUENCE:0\n");
  }, patient);
}, 90_000);

test("its HLS ffmpeg ends when the far end is killed with -9", async () => {
  const program = fileURLToPath(new URL("far-end.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    [
      ...["--import", "tsx", "--input-type=module", "-e"],
      `const { startFarEnd } = await import(${JSON.stringify(program)});
       const farEnd = await startFarEnd({ hls: {} });
       console.log(farEnd.rtmpUrl);`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  cleanups.push(async () => child.kill("SIGKILL"));
  const rtmpUrl = await new Promise<string>((resolve) => {
    child.stdout.once("data", (line: Buffer) => resolve(line.toString().trim()));
  });
  aPublisher({ rtmpUrl });
  const packager = await vi.waitFor(() => {
    const [pid] = childrenOf(child.pid!);
    expect(pid).toBeDefined();
    return pid!;
  }, patient);
  child.kill("SIGKILL");
  await vi.waitFor(() => expect(existsSync(`/proc/${packager}`)).toBe(false), patient);
}, 60_000);

test("its statistics have the elements of a real nginx-rtmp's, and no others", async () => {
  const real = await startNginxRtmp();
  cleanups.push(() => real.close());
  const farEnd = await aFarEnd();
  const options = { audio: true, flashVer: "understudy/enc-a/7" };
  aPublisher(real, options);
  aPublisher(farEnd, options);
  const [expected, found] = await Promise.all([
    sightOf(real.statisticsUrl),
    sightOf(farEnd.statisticsUrl),
  ]);
  expect(pathsOf(found)).toEqual(pathsOf(expected));
  expect(pathsOf(found)).toContain("rtmp/server/application/live/stream/client/flashver");
  // What does not depend on the moment is equal too.
  const still = (sight: Sight) => {
    const { stream } = sight.rtmp.server.application.live;
    return [sight.rtmp.nginx_rtmp_version, stream.name, stream.client["flashver"], stream.meta];
  };
  expect(still(found)).toEqual(still(expected));
}, 60_000);

type Sight = {
  rtmp: {
    nginx_rtmp_version: string;
    server: {
      application: {
        live: { stream: { name: string; client: Record<string, unknown>; meta: unknown } };
      };
    };
  };
};

/** Statistics of a server once picture and sound of the key are known to it. */
async function sightOf(statisticsUrl: string): Promise<Sight> {
  return vi.waitFor(async () => {
    const text = await (await fetch(statisticsUrl)).text();
    expect(text).toContain("<codec>AAC</codec>");
    expect(text).toContain("<codec>H264</codec>");
    return new XMLParser().parse(text) as Sight;
  }, patient);
}

function pathsOf(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [path];
  const members = Object.entries(value).flatMap(([name, member]) => {
    return pathsOf(member, path === "" ? name : `${path}/${name}`);
  });
  return [...new Set([path, ...members])].sort();
}

async function segmentsOf(farEnd: FarEnd): Promise<string[]> {
  const reply = await fetch(farEnd.hlsUrl(key));
  const text = await reply.text();
  return text.split("\n").filter((line) => line.endsWith(".ts"));
}

/** Bytes written by the sender that the far end's kernel has not acknowledged. */
function sendQueueBytes(address: string): number {
  const port = Number(address.split(":").at(-1)).toString(16).toUpperCase().padStart(4, "0");
  for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n")) {
    const [, local, , , queues] = line.trim().split(/\s+/);
    if (local?.endsWith(`:${port}`)) return Number.parseInt(queues?.split(":")[0] ?? "", 16);
  }
  throw new Error(`no socket at port 0x${port}`);
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  const names = children === "" ? [] : children.split(" ").map(Number);
  return names.filter((child) => readFileSync(`/proc/${child}/comm`, "utf8") === "ffmpeg\n");
}

function framesIn(path: string): number {
  // prettier-ignore
  const probe = spawnSync("ffprobe", ["-v", "error", "-count_packets", "-select_streams", "v",
    "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", path], { encoding: "utf8" });
  return Number(probe.stdout.trim());
}
