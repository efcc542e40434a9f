/** Several sounds with their languages and channels, from a source through ingest, encoder and relay. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { groupOf } from "../../daemon/ingest/group.ts";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { barCodeFilter } from "../fakes/picture.ts";
import { samplesOf, strengthOf } from "../fakes/tone.ts";
import { closedAfterEach } from "./after-each.ts";
import { betweenMs, hear, heardAtMs } from "./bar-codes-heard.ts";
import { until } from "./facility.ts";
import { Hub } from "./hub.ts";

const { facility: aFacility } = closedAfterEach();

function started(argv: readonly string[]) {
  const all = [
    "--pdeathsig",
    "KILL",
    "nice",
    "-n",
    "-10",
    "ffmpeg",
    "-nostdin",
    "-v",
    "fatal",
    ...argv,
  ];
  const child = spawn("setpriv", all, { stdio: ["ignore", "ignore", "inherit"] });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  });
}

/** In HLG and full range. German in stereo at 330 Hz, and English in 5.1: 660 Hz in front on the left, 880 Hz behind it. */
function aSourceOfTwoSounds(to: string): void {
  const tone = (hz: number) => `0.3*sin(2*PI*${hz}*t)`;
  // prettier-ignore
  started([
    "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=15",
    "-f", "lavfi", "-i", `aevalsrc=${tone(330)}|${tone(330)}:c=stereo:s=48000`,
    "-f", "lavfi", "-i", `aevalsrc=${tone(660)}|0|0|0|${tone(880)}|0:c=5.1:s=48000`,
    "-vf", barCodeFilter({ fps: 15, source: 7 }), "-map", "0", "-map", "1", "-map", "2", "-c:v", "libx264", "-preset", "ultrafast", "-tune",
    "zerolatency", "-g", "15", "-b:v", "300k", "-threads", "1", "-pix_fmt", "yuvj420p", "-c:a", "aac", "-color_primaries", "bt2020",
    "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc",
    "-metadata:s:a:0", "language=deu", "-metadata:s:a:1", "language=eng",
    "-pes_payload_size", "0", "-f", "mpegts", `${to}?pkt_size=1316`,
  ]);
}

test("two sounds go through encoder and relay with languages and channels, the picture with its colour and little lost, and how long that takes is told; where fewer go on it is said what to set", async () => {
  const [stage, house] = [await freePort(), await freePort()];
  const reads = (audio: object) => ({
    driver: "ffmpeg" as const,
    config: { input: { kind: "ingest", ingest: "stage" }, audio: { bitrate: "128kbps", ...audio } },
  });
  const both = { tracks: 2, channels: "keep" };
  const hub = await Hub.start();
  try {
    const facility = await aFacility({
      mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
      farEnd: { behaviour: "refuseSecond" },
      encoders: { a: reads(both), b: reads(both) },
      otherStreams: { other: { direct: reads({}) } },
      stream: {
        path: "relayed",
        outputs: [{ id: "house", kind: "udp", address: `udp://127.0.0.1:${house}` }],
        carry: {
          colour: "keep",
          sounds: [
            { language: "deu", channels: 2 },
            { language: "eng", channels: 6 },
          ],
        },
      },
      site: {
        ingests: [{ id: "stage", kind: "udp", url: `udp://127.0.0.1:${stage}` }],
      },
    });
    aSourceOfTwoSounds(`udp://127.0.0.1:${stage}`);
    facility.startDaemon();
    await facility.untilTold("stream.onAir");
    const warnings = async (encoder: string) =>
      ((await hub.get(`/api/encoders/${encoder}`)) as { warnings: string[] }).warnings;
    const said = async (encoder: string) =>
      (await warnings(encoder)).filter((text) => /sounds come from/.test(text));
    expect(await until("it is said", async () => (await said("direct")).at(0))).toBe(
      "2 sounds come from stage, 1 of them goes on: RTMP carries one; path relayed with outputs takes more",
    );
    expect(await said("a")).toEqual([]);

    type Told = { figures?: { latencyMs?: { value: number } } };
    type Relay = Told & { inputs: (Told & { encoder: string; lacks?: string[] })[] };
    const relay = async () => (await hub.get("/api/streams/main"))["relay"] as Relay | null;
    const inputs = async () => (await relay())?.inputs;
    const latencies = async () => {
      const { figures, inputs } = (await relay())!;
      const of = ({ latencyMs }: NonNullable<Told["figures"]> = {}) => latencyMs?.value;
      return { sent: of(figures), encoders: inputs.map((input) => of(input.figures)) };
    };
    const lacks = await until("both are seen by the relay", async () => {
      const all = await inputs();
      return all?.every((input) => input.lacks) === true && all;
    });
    const sounds = [
      { language: "deu", channels: 2 },
      { language: "eng", channels: 6 },
    ];
    const hlg = { primaries: "bt2020", transfer: "arib-std-b67", matrix: "bt2020nc" };
    const colour = { ...hlg, fullRange: true };
    expect(lacks).toMatchObject([
      { encoder: "a", lacks: [], carried: { sounds, colour } },
      { encoder: "b", lacks: [], carried: { sounds, colour } },
    ]);
    const ingest = await hub.get("/api/ingests/stage");
    expect(ingest).toMatchObject({ video: { colour } });

    type Quality = { encoder: string | null; figures: { ssim?: { value: number } } };
    const quality = await until("what is on air is compared with its source", async () => {
      const { content } = (await hub.get("/api/streams/main")) as {
        content?: { quality?: Quality };
      };
      return content?.quality?.encoder != null && content.quality;
    });
    expect(quality.figures.ssim!.value).toBeGreaterThan(0.8);

    const group = groupOf({ site: "studio", stateDir: facility.stateDir }, "stage");
    const [came, went] = [hear(group.port, group.address), hear(house)];
    await until("some seconds are heard", () => went.length > 350);
    const heard = join(facility.folder, "heard.ts");
    const passed = await heardAtMs(came, join(facility.folder, "came.ts"));
    const tookMs = betweenMs(passed, await heardAtMs(went, heard));
    const told = await until("it is told how long it takes", async () => {
      const all = await latencies();
      return all.sent !== undefined && !all.encoders.includes(undefined) && all;
    });
    expect(Math.abs(told.sent! - tookMs)).toBeLessThan(150);
    // A GOP of it waits in the relay.
    for (const encoderMs of told.encoders) {
      expect(encoderMs).toBeGreaterThan(0);
      expect(encoderMs).toBeLessThan(told.sent! - 1_000);
    }
    const { stdout } = await promisify(execFile)(
      "ffprobe",
      // prettier-ignore
      ["-v", "error", "-select_streams", "a", "-show_entries", "stream=channels:stream_tags=language",
        "-of", "compact=p=0:nk=1", heard],
    );
    expect(stdout.trim().split("\n").slice(-2)).toEqual(["2|deu", "6|eng"]);
    const tones = async (sound: number, channel: number) => {
      const samples = await samplesOf(heard, sound, channel);
      expect(samples.length).toBeGreaterThan(48_000);
      return [330, 660, 880].filter((hz) => strengthOf(samples, hz) > 0.15);
    };
    expect(await tones(0, 0)).toEqual([330]);
    expect(await tones(0, 1)).toEqual([330]);
    expect(await tones(1, 0)).toEqual([660]);
    expect(await tones(1, 1)).toEqual([]);
    expect(await tones(1, 4)).toEqual([880]);
  } finally {
    await hub.close();
  }
}, 150_000);
