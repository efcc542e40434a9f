import { spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startNginxRtmp } from "../../../fakes/nginx-rtmp.ts";
import { startRtmpPublisher } from "../../../fakes/rtmp-publisher.ts";
import { generous, key, output } from "../shared/engine/a-site.ts";
import { until } from "../shared/engine/until.ts";
import { aSite } from "./an-engine.ts";

/** Bars and a tone in H.264 and AAC, for ever unless told otherwise. */
const programme = [
  ...["-hide_banner", "-loglevel", "error", "-nostdin"],
  ...["-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=15"],
  ...["-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"],
  ...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "15", "-c:a", "aac"],
];

function ffmpeg(...args: string[]): void {
  const child = spawn("ffmpeg", args, { stdio: ["ignore", "ignore", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
}

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "understudy-gst-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

/** Publishes what comes in, until pictures have reached the far end. */
async function publishes(options: Record<string, unknown>) {
  const site = await aSite(options);
  const { driver, moving, seen } = await site.open();
  await driver.startOutput(output, site.target(), generous());
  await moving();
  const frames = () => site.farEnd.publishers(key)[0]?.videoFrames ?? 0;
  await until("pictures at the far end", () => frames() > 15);
  return { frames, seen };
}

test("a film is played once, at its own speed, and then the stream ends in good order", async () => {
  const path = join(aFolder(), "a film.mp4");
  spawnSync("ffmpeg", [...programme.filter((it) => it !== "-re"), "-t", "4", path]);
  const fromMs = performance.now();
  const { seen, frames } = await publishes({ input: { kind: "file", path } });
  const ended = await until("it ends", () => seen.find(({ exit }) => exit));
  expect(ended.exit).toMatchObject({ code: 0, signal: null });
  expect(performance.now() - fromMs).toBeGreaterThan(3_500);
  expect(frames()).toBeGreaterThan(50);
});

test("MPEG-TS that comes by UDP is published", async () => {
  const port = await freePort();
  ffmpeg(...programme, "-f", "mpegts", `udp://127.0.0.1:${port}?pkt_size=1316`);
  await publishes({ input: { kind: "udp", url: `udp://127.0.0.1:${port}` } });
});

test("sound that comes in and is not wanted is left out, the picture goes on", async () => {
  const port = await freePort();
  ffmpeg(...programme, "-f", "mpegts", `udp://127.0.0.1:${port}?pkt_size=1316`);
  const input = { kind: "udp", url: `udp://127.0.0.1:${port}` };
  await publishes({ input, audio: { codec: "none" } });
});

test("MPEG-TS that is called by SRT is published", async () => {
  const port = await freePort();
  ffmpeg(...programme, "-f", "mpegts", `srt://127.0.0.1:${port}?mode=listener`);
  await publishes({ input: { kind: "srt", url: `srt://127.0.0.1:${port}` } });
});

test("a stream that is pulled by RTMP is published", async () => {
  const server = await startNginxRtmp();
  onTestFinished(() => server.close());
  const url = `${server.rtmpUrl}/source`;
  const publisher = startRtmpPublisher({ url, audio: true });
  onTestFinished(() => publisher.kill());
  await answersWith(server.statisticsUrl, "<publishing/>");
  await publishes({ input: { kind: "rtmp", url } });
});

test("an SRT destination gets the stream", async () => {
  const port = await freePort();
  const file = join(aFolder(), "received.ts");
  ffmpeg(
    ...["-loglevel", "error", "-i", `srt://127.0.0.1:${port}?mode=listener`],
    ...["-c", "copy", "-flush_packets", "1", "-f", "mpegts", file],
  );
  const site = await aSite();
  const { driver, moving } = await site.open();
  const address = `srt://127.0.0.1:${port}`;
  await driver.startOutput(output, { ...site.target(), address }, generous());
  await moving();
  await until("bytes at the receiver", () => sizeOf(file) > 20_000);
});

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

async function answersWith(url: string, text: string): Promise<void> {
  let found = false;
  const look = async () => (found = (await (await fetch(url)).text()).includes(text));
  const timer = setInterval(() => void look(), 200);
  await until(`${url} says ${text}`, () => found).finally(() => clearInterval(timer));
}
