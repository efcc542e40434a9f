/** Ingests that pull, or hear what is sent to them, with real media. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../e2e/facility.ts";
import { freePort } from "../../fakes/nginx-rtmp.ts";
import { RtspCamera } from "../../fakes/rtsp-camera.ts";
import { anIngest } from "./an-ingest.ts";
import { long } from "../../setup/slow.ts";
import { at } from "../../setup/effort.ts";

async function aCamera(port?: number): Promise<RtspCamera> {
  const camera = await RtspCamera.start(port);
  onTestFinished(() => camera.close().catch(() => undefined));
  return camera;
}
const picture = { codec: "h264", widthPx: 320, heightPx: 180 };

const transports = ["tcp", "udp"] as const;

test.each(transports.slice(0, at({ check: 1, test: 1, torture: 2 })))(
  "a camera is pulled by RTSP over %s with its login, and pulled again when it was away",
  async (transport) => {
    const camera = await aCamera();
    const { url, port } = camera;
    const login = { username: "viewer", password: "open-sesame" };
    const ingest = await anIngest({ kind: "rtsp", url, transport, ...login });
    const status = await ingest.untilState("receiving", ({ video, audio }) => !!video && !!audio);
    expect(status).toMatchObject({ video: picture, audio: { codec: "aac", sampleRateHz: 48_000 } });
    const seen = await ingest.hear(30);
    expect(seen).toMatchObject({ video: "h264", audio: "aac" });
    expect(seen.worstStepS).toBeLessThan(0.2);
    expect(camera.asked.at(-1)).toBe("PLAY");

    await camera.close();
    const away = await ingest.untilState("failing");
    expect(away.why).not.toMatch(/open-sesame/);
    await aCamera(port);
    await ingest.untilState("receiving", ({ epochs }) => epochs === 2);
  },
  120_000,
);

test("a camera that sends on to another path of its own is followed; one that is away is named", async () => {
  const camera = await aCamera();
  const url = camera.url.replace("stage", "moved");
  const login = { username: "viewer", password: "open-sesame" };
  const ingest = await anIngest({ kind: "rtsp", url, transport: "tcp", ...login });
  await ingest.untilState("receiving", ({ video }) => !!video);
  await camera.close();
  const { why } = await ingest.untilState("failing", (it) => /ECONNREFUSED/.test(it.why ?? ""));
  expect(why).toContain(`127.0.0.1:${camera.port}`);
}, 60_000);

test("a camera that does not know the login is said to refuse it, and the password is not told", async () => {
  const camera = await aCamera();
  const login = { username: "viewer", password: "open-barley" };
  const ingest = await anIngest({ kind: "rtsp", url: camera.url, transport: "tcp", ...login });
  const { why } = await ingest.untilState("failing", (it) => it.why !== null);
  expect(why).toMatch(/401 Unauthorized/);
  expect(why).not.toMatch(/open-barley/);
  expect(camera.asked).not.toContain("PLAY");
}, 60_000);

long(
  "MPEG-TS by RTP is received, silent when it stops, and received again",
  async () => {
    const port = await freePort();
    const ingest = await anIngest({ kind: "rtp", url: `rtp://127.0.0.1:${port}` });
    await ingest.untilState("waiting");
    const first = sender("rtp_mpegts", `rtp://127.0.0.1:${port}`);
    await ingest.untilState("receiving", ({ video }) => !!video);
    expect(ingest.status()).toMatchObject({ video: picture });
    expect(await ingest.hear(30)).toMatchObject({ video: "h264", audio: "aac" });
    first.kill("SIGKILL");
    await ingest.untilState("silent");
    sender("rtp_mpegts", `rtp://127.0.0.1:${port}`);
    await ingest.untilState("receiving");
    await until("more comes", async () => (await ingest.hear(15)).pictures >= 15);
  },
  120_000,
);

test("whoever has the picture is called by SRT with the passphrase, and again when it was away", async () => {
  const port = await freePort();
  const secret = "open-sesame-1";
  const caller = {
    kind: "srt",
    mode: "caller",
    host: "127.0.0.1",
    port,
    streamId: "stage",
  } as const;
  const url = `srt://127.0.0.1:${port}?mode=listener&passphrase=${secret}`;
  const ingest = await anIngest({ ...caller, passphrase: secret, latencyMs: 120 });
  await ingest.untilState("failing");
  const first = sender("mpegts", url);
  const status = await ingest.untilState("receiving", ({ video, audio }) => !!video && !!audio);
  expect(status).toMatchObject({ video: picture, audio: { codec: "aac", sampleRateHz: 48_000 } });
  const seen = await ingest.hear(30);
  expect(seen).toMatchObject({ video: "h264", audio: "aac" });
  expect(seen.worstStepS).toBeLessThan(0.2);
  first.kill("SIGKILL");
  const away = await ingest.untilState("failing");
  expect(away.why).not.toMatch(secret);
  sender("mpegts", url);
  await ingest.untilState("receiving", ({ epochs }) => epochs === 2);
}, 120_000);

test("MPEG-TS by UDP is received; what is no MPEG-TS is not shown", async () => {
  const port = await freePort();
  const url = `udp://127.0.0.1:${port}`;
  const ingest = await anIngest({ kind: "udp", url }, { looksForSplices: true });
  await ingest.untilState("waiting");
  const noise = createSocket("udp4");
  const timer = setInterval(() => noise.send(randomBytes(1_316), port, "127.0.0.1"), 20);
  onTestFinished(() => {
    clearInterval(timer);
    noise.close();
  });
  await pause(3_000);
  expect(ingest.status()).toMatchObject({ bytes: 0, epochs: 0 });
  clearInterval(timer);
  const first = sender("mpegts", `${url}?pkt_size=1316`);
  await ingest.untilState("receiving", ({ video, audio }) => !!video && !!audio);
  expect(ingest.status()).toMatchObject({ video: picture });
  expect(await ingest.hear(30)).toMatchObject({ video: "h264", audio: "aac" });
  first.kill("SIGKILL");
  await ingest.untilState("silent");
}, 120_000);

test("a file is shown over and over at its own speed, and not missed at its end; one that is away is named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "film-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "a film's end.mp4");
  const ingest = await anIngest({ kind: "file", path });
  const { why } = await ingest.untilState("failing");
  expect(why).toMatch(/a film's end.mp4: No such file/);
  const seconds = 3;
  sender("mp4", path, ["-t", String(seconds)], []);
  await ingest.untilState("receiving", ({ video }) => !!video);
  expect(ingest.status()).toMatchObject({ video: picture });
  const fromMs = performance.now();
  const pictures = 3 * seconds * 15;
  const seen = await ingest.hear(pictures);
  expect(seen).toMatchObject({ video: "h264", audio: "aac" });
  expect(seen.pictures).toBeGreaterThan(2 * seconds * 15);
  expect(seen.worstStepS).toBeLessThan(0.2);
  // Faster than it was made it would be over at once.
  expect(performance.now() - fromMs).toBeGreaterThan(1_000 * seconds);
  expect(ingest.status().epochs).toBe(1);
}, 120_000);

/** A programme that is sent, for ever unless told otherwise. */
function sender(
  form: string,
  to: string,
  more: string[] = [],
  speed: string[] = ["-re"],
): ChildProcess {
  // prettier-ignore
  const child = spawn("setpriv", [
    "--pdeathsig", "KILL", "ffmpeg", "-nostdin", "-v", "error",
    ...speed, "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=15",
    ...speed, "-f", "lavfi", "-i", "sine=sample_rate=48000",
    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "15",
    "-pix_fmt", "yuv420p", "-c:a", "aac", ...more, "-f", form, to,
  ], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}
