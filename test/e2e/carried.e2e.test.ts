/** Captions and languages through encoder, relay and far end: what is lost on the way is told. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { withCaptions } from "../fakes/captions.ts";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { Facility, until } from "./facility.ts";
import { Hub } from "./hub.ts";
import { carriers } from "./off-air.ts";

const run = promisify(execFile);
let facility: Facility;
let hub: Hub;
afterEach(async () => {
  await facility.close();
  await hub.close();
});

/**
 * A programme with captions and two languages, by UDP to both; to the first without its captions, as
 * a converter on the way may do it.
 */
async function aCaptionedSource(): Promise<[string, string]> {
  const folder = mkdtempSync(join(tmpdir(), "understudy-captions-"));
  const [plain, captioned, file] = ["plain.h264", "captioned.h264", "programme.ts"].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  // prettier-ignore
  await run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=15:duration=20",
    "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "15", "-threads", "1", plain]);
  writeFileSync(captioned, withCaptions(readFileSync(plain)));
  const tone = (hz: number) => ["-f", "lavfi", "-i", `sine=frequency=${hz}:duration=20`];
  // prettier-ignore
  await run("ffmpeg", ["-v", "error", "-framerate", "15", "-i", captioned, ...tone(330), ...tone(440),
    "-map", "0:v", "-map", "1:a", "-map", "2:a", "-c:v", "copy", "-c:a", "aac", "-ac", "2",
    "-metadata:s:a:0", "language=deu", "-metadata:s:a:1", "language=eng", "-t", "20", file]);
  const [a, b] = [await freePort(), await freePort()].map((port) => `udp://127.0.0.1:${port}`) as [
    string,
    string,
  ];
  const without = `[f=mpegts:bsfs/v=filter_units=remove_types=6]${a}?pkt_size=1316`;
  // prettier-ignore
  const source = spawn("setpriv", ["--pdeathsig", "KILL", "ffmpeg", "-v", "error", "-nostdin", "-re",
    "-stream_loop", "-1", "-i", file, "-map", "0", "-c", "copy", "-f", "tee",
    `${without}|[f=mpegts]${b}?pkt_size=1316`], { stdio: ["ignore", "ignore", "inherit"] });
  onTestFinished(async () => {
    const gone = once(source, "exit");
    source.kill("SIGKILL");
    await gone;
    rmSync(folder, { recursive: true });
  });
  return [a, b];
}

test("captions that one encoder's input lost are told; by the other they reach the far end", async () => {
  const urls = await aCaptionedSource();
  const reads = (url: string) => ({
    driver: "ffmpeg" as const,
    config: { input: { kind: "udp", url }, audio: { tracks: 2 } },
  });
  hub = await Hub.start();
  facility = await Facility.build({
    encoders: { a: reads(urls[0]), b: reads(urls[1]) },
    stream: {
      path: "relayed",
      carry: {
        captions: "keep",
        scan: "progressive",
        sounds: [{ language: "deu" }, { language: "eng", channels: 2 }],
      },
    },
    farEnd: { behaviour: "refuseSecond", record: true },
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
  });
  facility.startDaemon();
  await facility.untilOnAir("main-relay");
  await facility.untilTold("stream.onAir");
  // On a busy machine it may have been late already.
  const { selected } = (await hub.get("/api/streams/main"))["relay"] as { selected: string };
  if (selected !== "a") await hub.command("streams/main", "failover", { to: "a" });
  const told = await facility.untilTold("stream.carried");
  expect(told.message).toBe(
    "main goes out without captions: a brings none; b has all of it and could be put on air",
  );
  const { relay } = await hub.get("/api/streams/main");
  expect((relay as { inputs: unknown }).inputs).toMatchObject([
    { encoder: "a", carried: { captions: false }, lacks: ["captions"] },
    {
      encoder: "b",
      carried: {
        ...{ captions: true, scan: "progressive" },
        sounds: [
          { language: "deu", channels: 2 },
          { language: "eng", channels: 2 },
        ],
      },
      lacks: [],
    },
  ]);

  expect(await hub.command("streams/main", "failover")).toMatchObject({ status: "done" });
  const recording = () => carriers(facility)[0]!.recordingPath!;
  const far = await until("captions at the far end", async () => {
    // prettier-ignore
    const { stdout } = await run("ffprobe", ["-v", "error", "-select_streams", "v", "-show_frames",
      "-show_entries", "frame=side_data_list", recording()], { maxBuffer: 2 ** 28 });
    return stdout.includes("A53 Part 4 Closed Captions") && stdout;
  });
  expect(far).toContain("A53");
  expect(carriers(facility)).toHaveLength(1);
}, 180_000);
