/** What takes a box in for a relay: the process by itself, with real publishers. */
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import type { IngestSettings } from "../../../daemon/ingest/settings.ts";
import type { IngestStatus } from "../../../daemon/ingest/status.ts";
import { spoolFiles } from "../../../machines/stream/spool.ts";
import { until } from "../../e2e/facility.ts";
import { freePort } from "../../fakes/nginx-rtmp.ts";

const run = promisify(execFile);
const program = new URL("../../../dist/ingest.cjs", import.meta.url).pathname;
const seconds = 5;
const fps = 15;

/** A receiver with its spool, and what it tells of itself. */
async function aReceiver() {
  const folder = mkdtempSync(join(tmpdir(), "receiver-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  let last: IngestStatus | undefined;
  socket.on("message", (text) => (last = JSON.parse(text.toString()) as IngestStatus));
  const port = await freePort();
  const spool = join(folder, "spool");
  const settings: IngestSettings = {
    ...{ ingest: "main-relay-a", run: "r", statusPort: socket.address().port, spool },
    group: { address: "239.1.2.3", port: 5_500 },
    source: {
      ...{ kind: "rtmp", host: "127.0.0.1", port, app: "relay" },
      keySha256: createHash("sha256").update("open-sesame").digest("hex"),
    },
  };
  const child = spawn(process.execPath, [program, JSON.stringify(settings)], { stdio: "ignore" });
  onTestFinished(() => {
    child.kill("SIGKILL");
    socket.close();
  });
  await until("it tells", () => last);
  return { folder, spool, status: () => last!, url: `rtmp://127.0.0.1:${port}/relay/open-sesame` };
}

/** A few seconds of H.264 and AAC whose keyframes are larger than a PES packet can tell. */
async function aProgramme(file: string): Promise<void> {
  // prettier-ignore
  await run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=640x360:rate=${fps}`,
    "-f", "lavfi", "-i", "sine=frequency=1000:sample_rate=44100", "-vf", "noise=alls=60:allf=t",
    "-t", String(seconds), "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-qp", "8",
    "-pix_fmt", "yuv420p", "-g", String(fps), "-threads", "1", "-c:a", "aac", "-b:a", "64k", file]);
}

async function publish(file: string, url: string, more: string[] = []): Promise<void> {
  // prettier-ignore
  await run("ffmpeg", ["-v", "error", "-re", "-i", file, "-c", "copy", ...more, "-f", "flv", url]);
}

/** Time in ms and digest of every decoded picture, or of every packet of sound. */
async function contentOf(
  file: string,
  track: "v" | "a",
): Promise<{ ms: number; digest: string }[]> {
  const form = track === "v" ? ["-c:v", "rawvideo"] : ["-c:a", "copy", "-bsf:a", "null"];
  // prettier-ignore
  const { stdout } = await run("ffmpeg", ["-v", "error", "-copyts", "-i", file, "-map", `0:${track}:0`,
    ...form, "-enc_time_base", "1:1000", "-fps_mode", "passthrough", "-f", "framehash", "-hash", "md5", "-"],
    { maxBuffer: 2 ** 24 });
  const base = /^#tb 0: 1\/(\d+)/m.exec(stdout)![1];
  return stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, , pts, , , digest] = line.split(",").map((text) => text.trim());
      return { ms: Math.round((Number(pts) * 1_000) / Number(base)), digest: digest! };
    });
}

test("every picture arrives as it was sent, with the time it was sent with", async () => {
  const { folder, spool, url, status } = await aReceiver();
  const [flv, heard] = [join(folder, "sent.flv"), join(folder, "heard.ts")];
  await aProgramme(flv);
  // Beyond 2^24 ms RTMP writes a time in another way.
  const originMs = 50_000_000;
  await publish(flv, url, ["-output_ts_offset", String(originMs / 1_000)]);
  await until("the publisher left", () => status().why === "the publisher left");
  const files = spoolFiles
    .map((name) => join(spool, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false }))
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
  writeFileSync(heard, Buffer.concat(files.map((path) => readFileSync(path))));

  const sent = await contentOf(flv, "v");
  const pictures = await contentOf(heard, "v");
  expect(sent).toHaveLength(seconds * fps);
  expect(pictures.map(({ digest }) => digest)).toEqual(sent.map(({ digest }) => digest));
  const late = pictures.map(({ ms }, n) => Math.abs(ms - originMs - sent[n]!.ms));
  expect(Math.max(...late)).toBeLessThanOrEqual(1);
  const sounds = await contentOf(heard, "a");
  expect(sounds.length).toBeGreaterThanOrEqual((await contentOf(flv, "a")).length - 1);
  const steps = sounds.slice(1).map(({ ms }, n) => ms - sounds[n]!.ms);
  expect(Math.max(...steps)).toBeLessThanOrEqual(25);
  expect(status()).toMatchObject({ epochs: 1, frames: seconds * fps, refused: { count: 0 } });
});

test("who has not the key is refused; who comes next is received in a file of its own", async () => {
  const { folder, spool, url, status } = await aReceiver();
  const flv = join(folder, "sent.flv");
  await aProgramme(flv);
  await expect(publish(flv, url.replace("sesame", "barley"))).rejects.toThrow();
  await until("it was refused", () => status().refused.count === 1);
  expect(status().refused.last!.why).toBe("has a wrong stream key");
  for (const n of [1, 2]) {
    await publish(flv, url, ["-t", "1"]);
    await until("one more", () => status().epochs === n && status().publisher === null);
  }
  expect(status()).toMatchObject({ state: "waiting", frames: 2 * fps });
  expect(statSync(join(spool, "1.ts")).size).toBeGreaterThan(0);
});

test("what the relay could not use is left out, and told", async () => {
  const { folder, url, status } = await aReceiver();
  const flv = join(folder, "sent.flv");
  // prettier-ignore
  await run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=320x180:rate=${fps}`,
    "-t", "3", "-c:v", "flv1", flv]);
  const publishing = publish(flv, url);
  await until("it is told", () => status().why === "its picture is not H.264");
  expect(status()).toMatchObject({ state: "silent", frames: 0 });
  await publishing;
});
