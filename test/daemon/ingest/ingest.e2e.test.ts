/** The ingest process by itself, with real publishers and encoders. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Group } from "../../../daemon/ingest/group.ts";
import type { IngestSettings } from "../../../daemon/ingest/settings.ts";
import { ffmpegArguments } from "../../../daemon/drivers/ffmpeg/arguments.ts";
import { FfmpegOptions } from "../../../daemon/drivers/ffmpeg/options.ts";
import { withGroup } from "../../../daemon/drivers/shared/engine/ingest-input.ts";
import { monotonicMs } from "../../../daemon/clock.ts";
import { ticksPerMs } from "../../../daemon/relay/frame.ts";
import { FrameReader } from "../../../daemon/relay/frame-reader.ts";
import { until } from "../../e2e/facility.ts";
import { freePort } from "../../fakes/nginx-rtmp.ts";
import { Publisher } from "../../fakes/publisher.ts";
import { startFarEnd } from "../../fakes/rtmp-far-end/far-end.ts";
import { at } from "../../setup/effort.ts";
import { anIngest } from "./an-ingest.ts";

const kills = at({ check: 10, test: 10, torture: 100 });

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ingest-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function ffmpeg(argv: readonly string[]): ChildProcess {
  const child = spawn("ffmpeg", argv, { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function ended(child: ChildProcess, how: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(how);
  await gone;
}

/** From picture to picture in a file, s. */
async function stepsIn(file: string): Promise<number[]> {
  const argv = ["-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time"];
  const probe = spawn("ffprobe", [...argv, "-of", "csv=p=0", file]);
  let text = "";
  probe.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(probe, "close");
  const times = text.split("\n").map(parseFloat).filter(Number.isFinite);
  return times.slice(1).map((time, place) => time - times[place]!);
}

const rtmpOf = (port: number): IngestSettings["source"] => ({
  ...{ kind: "rtmp", host: "127.0.0.1", port, app: "live" },
  keySha256: createHash("sha256").update("open-sesame").digest("hex"),
});
const rtmpAddress = (port: number) => `rtmp://127.0.0.1:${port}/live/open-sesame`;

/** Records what is heard on the group, unchanged. */
const recording = ({ address, port }: Group, file: string) =>
  ffmpeg([
    ...["-nostdin", "-v", "error", "-copyts", "-f", "mpegts"],
    ...["-i", `udp://${address}:${port}?localaddr=127.0.0.1&reuse=1`],
    ...["-map", "0", "-c", "copy", "-copyts", "-f", "mpegts", file],
  ]);

test(`kill -9 of an encoder ${kills} times: the publisher sends on, and another reader misses nothing`, async () => {
  const port = await freePort();
  const far = await startFarEnd({ behaviour: "acceptBoth" });
  onTestFinished(() => far.close());
  const { group, status, untilState } = await anIngest(rtmpOf(port));
  const publisher = Publisher.rtmp(rtmpAddress(port));
  await untilState("receiving");
  const encoder = (id: string) => {
    const options = FfmpegOptions.parse({
      input: { kind: "ingest", ingest: "stage" },
      video: { framesPerSecond: 15, bitrateBps: 200_000, preset: "ultrafast", threads: 1 },
    });
    const publication = { encoder: id, address: far.rtmpUrl, streamKey: id, keyGeneration: 1 };
    const own = withGroup(options, () => group) as FfmpegOptions;
    return ffmpeg(ffmpegArguments(own, { ...publication, progressPort: 9 }));
  };
  const file = join(aFolder(), "heard.ts");
  const reader = recording(group, file);
  const second = encoder("b");
  let first = encoder("a");
  await until("a picture of the second", () => (far.publishers("b")[0]?.videoFrames ?? 0) > 3);
  for (let kill = 1; kill <= kills; kill += 1) {
    await until(`a picture of encoder ${kill}`, () =>
      far.publishers("a").some((p) => p.endedAtMs === null && p.videoFrames > 3),
    );
    await ended(first, "SIGKILL");
    first = encoder("a");
  }
  const framesThen = publisher.frames;
  await until("the publisher sends on", () => publisher.frames > framesThen + 15);
  await ended(reader, "SIGINT");

  expect(publisher.isOver).toBe(false);
  expect(publisher.words).toBe("");
  expect(status()).toMatchObject({ epochs: 1, refused: { count: 0 }, readerDrops: 0 });
  expect(second.exitCode).toBeNull();
  expect(far.publishers("b")).toMatchObject([{ endedAtMs: null }]);
  const steps = await stepsIn(file);
  expect(steps.length).toBeGreaterThan(5 * kills);
  expect(Math.max(...steps)).toBeLessThan(1.5 / 15);
  expect(Math.min(...steps)).toBeGreaterThan(0.5 / 15);
});

test("two readers of the group get the same bytes, and how their times stand to the clock is told", async () => {
  const pattern = { width: 320, height: 180, framesPerSecond: 15, bitrateBps: 300_000 };
  const { group, untilState, status } = await anIngest({ kind: "testPattern", ...pattern });
  const aheadMs: number[] = [];
  const heard = [0, 1].map(() => {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    const chunks: Buffer[] = [];
    const reader = new FrameReader(({ track, pts }, atMs) => {
      if (track === 0) aheadMs.push(atMs - pts / ticksPerMs);
    });
    socket.on("message", (bytes) => {
      chunks.push(bytes);
      reader.feed(Buffer.from(bytes), monotonicMs());
    });
    socket.bind(group.port, group.address, () => socket.addMembership(group.address, "127.0.0.1"));
    onTestFinished(() => void socket.close());
    return chunks;
  });
  const { video } = await untilState("receiving", ({ readers }) => readers === 2);
  expect(video).toMatchObject({ codec: "h264", widthPx: 320, heightPx: 180 });
  await until("enough", () => heard.every((chunks) => chunks.length > 150));
  const [one, other] = heard.map((chunks) => Buffer.concat(chunks.slice(20, 150)));
  const begin = one!.indexOf(other!.subarray(0, 1_000));
  const [a, b] = begin >= 0 ? [one!.subarray(begin), other!] : [other!, one!];
  const from = begin >= 0 ? 0 : a.indexOf(b.subarray(0, 1_000));
  const both = Math.min(a.length - from, b.length);
  expect(from).toBeGreaterThanOrEqual(0);
  expect(both).toBeGreaterThan(50_000);
  expect(a.subarray(from, from + both).equals(b.subarray(0, both))).toBe(true);
  const { clock } = await untilState("receiving", (it) => it.clock != null);
  const meanMs = aheadMs.reduce((sum, ms) => sum + ms, 0) / aheadMs.length;
  // A reader knows that a picture is whole when the next one comes.
  expect(Math.abs(clock!.aheadMs - (meanMs - 1_000 / 15))).toBeLessThan(50);
  // It hears the group for that itself, and does not count.
  expect(status().readers).toBe(2);
});

test("an SRT publisher with the passphrase is let in, one with another is refused and said", async () => {
  const port = await freePort();
  const { untilState } = await anIngest(
    {
      ...{ kind: "srt", mode: "listener", host: "127.0.0.1", port },
      ...{ passphrase: "correct horse", latencyMs: 120 },
    },
    { looksForSplices: true },
  );
  const address = `srt://127.0.0.1:${port}`;
  /** Begins again while nobody listens yet: who calls too early gives up after 3 s. */
  const calls = async <T>(passphrase: string, seen: () => Promise<T>) => {
    let publisher = Publisher.srt(address, passphrase);
    const again = setInterval(() => {
      if (publisher.isOver) publisher = Publisher.srt(address, passphrase);
    }, 500);
    const found = await seen().finally(() => clearInterval(again));
    return { publisher, found };
  };
  const stranger = await calls("wrong horses", () =>
    untilState("waiting", (it) => it.refused.count > 0),
  );
  expect(stranger.found.refused.last).toMatchObject({
    why: "is not let in: Incorrect passphrase",
  });
  await until("it is sent away", () => stranger.publisher.isOver);

  const { publisher, found } = await calls("correct horse", () => untilState("receiving"));
  expect(found.video).toMatchObject({ codec: "h264", widthPx: 320, heightPx: 180 });
  await publisher.end();
  // Its goodbye may be lost; then that nothing comes has to do.
  const { why } = await untilState("waiting");
  expect(why).toMatch(/^(the publisher left|nothing came for \d+ s)$/);
  await calls("correct horse", () => untilState("receiving", ({ epochs }) => epochs === 2));
});

test("a second RTMP publisher is refused while the first sends, and its pictures go nowhere", async () => {
  const port = await freePort();
  const { status, untilState } = await anIngest(rtmpOf(port));
  const first = Publisher.rtmp(rtmpAddress(port));
  await untilState("receiving");
  const second = Publisher.rtmp(rtmpAddress(port));
  await until("it is sent away", () => second.isOver);
  expect(status().refused.last?.why).toMatch(/has the key, but 127\.0\.0\.1:\d+ publishes already/);
  expect(first.isOver).toBe(false);
  expect(status().epochs).toBe(1);
});

test("the times of the programme go on after its publisher was away", async () => {
  const port = await freePort();
  const { group, untilState } = await anIngest(rtmpOf(port));
  const publisher = Publisher.rtmp(rtmpAddress(port));
  await untilState("receiving");
  const file = join(aFolder(), "heard.ts");
  const reader = recording(group, file);
  await untilState("receiving", ({ readers, frames }) => readers === 1 && frames > 120);
  await publisher.end();
  const { frames } = await untilState("waiting");
  Publisher.rtmp(rtmpAddress(port));
  await untilState("receiving", (it) => it.frames > frames + 30);
  await ended(reader, "SIGINT");
  const steps = await stepsIn(file);
  expect(steps.length).toBeGreaterThan(30);
  expect(Math.min(...steps)).toBeGreaterThan(0);
  expect(Math.max(...steps)).toBeLessThan(15);
  expect(steps.filter((step) => step > 1.5 / 15)).toHaveLength(1);
});

test("who does not speak RTMP, or only wants to look, gets nothing", async () => {
  const port = await freePort();
  const { child, status, untilState } = await anIngest(rtmpOf(port));
  const socket = connect(port, "127.0.0.1")
    .on("error", () => undefined)
    .resume();
  socket.end(Buffer.alloc(20_000, 0x47));
  await once(socket, "close");
  const player = ffmpeg(["-v", "error", "-i", rtmpAddress(port), "-f", "null", "-"]);
  await until("the player is sent away", () => player.exitCode);
  expect(status().refused.last?.why).toContain("wants to play");
  expect(child.exitCode).toBeNull();
  Publisher.rtmp(rtmpAddress(port));
  await untilState("receiving");
});
