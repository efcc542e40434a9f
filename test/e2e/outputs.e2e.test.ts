/** A relayed stream that goes to more places than its destination. */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as HLS from "hls-parser";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { decodeBarCodes, framesBetween } from "../fakes/picture.ts";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { Facility, kill, until } from "./facility.ts";
import { carriers } from "./off-air.ts";
import { type SharedSource, sourceFps, startSharedSource } from "./shared-source.ts";

let facility: Facility;
let source: SharedSource;
afterEach(async () => {
  await facility.close();
  await source.close();
});

/** Two encoders of one source, a relay, a far end, and these outputs. */
async function aStreamWith(outputs: object[]): Promise<void> {
  source = await startSharedSource(2);
  const reads = (reader: number) => ({
    driver: "ffmpeg" as const,
    config: { input: { kind: "udp", url: source.url(reader) }, audio: { codec: "copy" } },
  });
  facility = await Facility.build({
    encoders: { a: reads(0), b: reads(1) },
    stream: { path: "relayed", outputs },
    farEnd: { behaviour: "refuseSecond", record: true },
  });
  facility.startDaemon();
  await facility.untilOnAir("main-relay");
}

const outputPid = (id: string) =>
  Number(
    readFileSync(join(facility.stateDir, `outputs/${id}/engines/process/pid`), "utf8").split(
      " ",
    )[1],
  );
const untilSends = (id: string, after = 0) =>
  facility.untilTold(
    "output.changed",
    ({ message, seq }) => message === `${id}: sends` && seq > after,
  );

function playlist(folder: string): HLS.types.MediaPlaylist | undefined {
  const file = join(folder, "index.m3u8");
  if (!existsSync(file)) return undefined;
  return HLS.parse(readFileSync(file, "utf8")) as HLS.types.MediaPlaylist;
}
const newest = (folder: string) => playlist(folder)?.segments.at(-1)?.mediaSequenceNumber ?? -1;

test("HLS goes on while the daemon is dead; its own death is a discontinuity, and nobody else's trouble", async () => {
  const port = await freePort();
  await aStreamWith([{ id: "web", kind: "hls", port, segment: "1s", window: "30s" }]);
  await untilSends("web");
  const folder = join(facility.stateDir, "outputs/web/hls");
  await until("two segments", () => newest(folder) >= 1);
  const answer = await fetch(`http://127.0.0.1:${port}/index.m3u8`);
  expect(await answer.text()).toMatch(/^#EXTM3U\n/);

  const pid = outputPid("web");
  await facility.endDaemon("SIGKILL");
  const then = newest(folder);
  await until("it goes on", () => newest(folder) >= then + 2);
  const before = facility.told().at(-1)!.seq;
  facility.startDaemon();
  await untilSends("web", before);
  expect(outputPid("web")).toBe(pid);
  expect(playlist(folder)!.segments.some(({ discontinuity }) => discontinuity)).toBe(false);
  // It has looked at what it wrote, and a file that players miss is told once, by its name.
  const conforms = await facility.untilTold("output.conforms", ({ seq }) => seq > before);
  expect(conforms.data).toMatchObject({ stream: "main", why: null });
  expect(conforms.data["checked"]).toBeGreaterThan(0);
  const { uri } = playlist(folder)!.segments.at(-1)!;
  rmSync(join(folder, uri));
  const faulty = await facility.untilTold("output.faulty");
  expect(faulty.message).toContain(`: index.m3u8: ${uri} is listed and cannot be read: ENOENT`);

  const whenKilled = newest(folder);
  kill(pid);
  await until("it goes on", () => newest(folder) >= whenKilled + 3);
  const { segments } = playlist(folder)!;
  expect(segments.filter(({ discontinuity }) => discontinuity)).toHaveLength(1);
  const numbers = segments.map(({ mediaSequenceNumber }) => mediaSequenceNumber);
  expect(numbers).toEqual(numbers.map((_, n) => numbers[0]! + n));
  // Who publishes has not noticed.
  expect(carriers(facility)).toHaveLength(1);
  expect(carriers(facility)[0]!.endedAtMs).toBe(null);
}, 180_000);

/** Pictures are there one after the other. */
async function expectEach(file: string, atLeast: number): Promise<void> {
  // The last one is cut off where the receiver was ended.
  const codes = (await decodeBarCodes(file)).slice(0, -1);
  const steps = codes.slice(1).map(({ frame }, n) => framesBetween(codes[n]!.frame, frame));
  expect(steps.map((step, n) => (step === 1 ? "" : `${n}: ${step}`)).filter(Boolean)).toEqual([]);
  expect(codes.length).toBeGreaterThanOrEqual(atLeast);
}

test("RTMP, SRT, UDP, HLS and a recording at once: a far end that freezes or is away disturbs no other", async () => {
  const [srt, udp, rtmp] = [await freePort(), await freePort(), await freePort()];
  const heard = mkdtempSync(join(tmpdir(), "outputs-"));
  const listener = (file: string, ...from: string[]) => {
    const argv = ["-nostdin", "-v", "error", "-y", ...from, "-c", "copy", join(heard, file)];
    const child = spawn("setpriv", ["--pdeathsig", "KILL", "ffmpeg", ...argv], { stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  };
  onTestFinished(() => rmSync(heard, { recursive: true, force: true }));
  const frozen = listener("srt.ts", "-f", "mpegts", "-i", `srt://127.0.0.1:${srt}?mode=listener`);
  listener(
    "udp.ts",
    "-f",
    "mpegts",
    "-i",
    `udp://127.0.0.1:${udp}?fifo_size=50000&timeout=3000000`,
  );
  const archive = join(heard, "archive");
  const key = join(heard, "key");
  writeFileSync(key, "open-sesame\n", { mode: 0o600 });
  await aStreamWith([
    { id: "web", kind: "hls", segment: "1s", window: "60s" },
    // Each of its sizes is larger than the source: it goes out in its own.
    { id: "sizes", kind: "ladder", segment: "1s" },
    {
      id: "archive",
      kind: "recording",
      folder: archive,
      container: "fmp4",
      file: "10s",
      leastFree: "0%",
    },
    { id: "call", kind: "srt", address: `srt://127.0.0.1:${srt}` },
    { id: "house", kind: "udp", address: `udp://127.0.0.1:${udp}` },
    // Nobody listens there.
    {
      id: "away",
      kind: "rtmp",
      address: `rtmp://127.0.0.1:${rtmp}/live`,
      streamKey: `file:${key}`,
    },
  ]);
  for (const id of ["web", "sizes", "archive", "call", "house"]) await untilSends(id);
  const ladder = join(facility.stateDir, "outputs/sizes/ladder");
  await until("DASH and HLS", () =>
    ["manifest.mpd", "index.m3u8", "source.m3u8"].every((name) => existsSync(join(ladder, name))),
  );
  await facility.untilTold("output.changed", ({ message }) =>
    /^away: what comes cannot go out: .*onnection/.test(message),
  );
  const pictures = () => carriers(facility).reduce((sum, { videoFrames }) => sum + videoFrames, 0);
  const then = pictures();
  kill(frozen.pid!, "SIGSTOP");
  kill(outputPid("web"), "SIGSTOP");
  await until("12 s more", () => pictures() >= then + 12 * sourceFps);
  kill(facility.enginePid("a"));
  await until("3 s more", () => pictures() >= then + 15 * sourceFps);
  await facility.untilTold("output.changed", ({ message }) =>
    message.startsWith("call: what comes"),
  );
  kill(outputPid("web"), "SIGCONT");
  const newestThen = newest(join(facility.stateDir, "outputs/web/hls"));
  await until(
    "HLS goes on",
    () => newest(join(facility.stateDir, "outputs/web/hls")) > newestThen + 3,
  );
  await until("a file is whole", () => readdirSync(archive).some((name) => name.endsWith(".mp4")));

  await facility.endDaemon();
  const [one, ...others] = carriers(facility);
  expect(others).toEqual([]);
  await expectEach(one!.recordingPath!, 15 * sourceFps);
  const [first] = readdirSync(archive)
    .filter((name) => name.endsWith(".mp4"))
    .sort();
  await expectEach(join(archive, first!), 9 * sourceFps);
  const house = outputPid("house");
  kill(house);
  await until("what was sent by UDP is written", () => statSync(join(heard, "udp.ts")).size > 0);
  await expectEach(join(heard, "udp.ts"), 10 * sourceFps);
}, 240_000);
