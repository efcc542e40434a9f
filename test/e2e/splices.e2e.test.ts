/** Splice information (SCTE-35) of the source, past encoders that lose it, to what goes out. */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { FrameReader } from "../../daemon/relay/frame-reader.ts";
import { spliceTrack } from "../../daemon/relay/frame.ts";
import { Mux } from "../../daemon/relay/ts/mux.ts";
import { spliceIn } from "../../machines/stream/scte35.ts";
import { barCodeFilter, watchPictures } from "../fakes/picture.ts";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { spliceInsert } from "../fakes/splices.ts";
import { Facility, kill, until } from "./facility.ts";

const fps = 15;
const pictureTicks = 90_000 / fps;
/** A splice each second, two seconds ahead; told again when so many pictures are left. */
const each = { pictures: fps, ahead: 2 * fps, again: 20 };
let facility: Facility;
afterEach(() => facility.close());

/** By UDP, with the clock of its own that it begins with; what it sent is kept in a file. */
function aSplicedSource(port: number, kept: string): ChildProcess {
  const socket = createSocket("udp4");
  // prettier-ignore
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "ffmpeg", "-v", "error", "-nostdin",
    "-re", "-f", "lavfi", "-i", `testsrc2=size=320x180:rate=${fps}`,
    "-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000",
    "-vf", `${barCodeFilter({ fps, source: 7 })},format=yuv420p`, "-map", "0:v", "-map", "1:a",
    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", String(fps),
    "-b:v", "600k", "-threads", "1", "-c:a", "aac", "-ac", "2", "-b:a", "64k",
    // It wraps while it runs.
    "-output_ts_offset", String((2 ** 33 / 90_000) - 10), "-f", "mpegts", "pipe:1"],
    { stdio: ["ignore", "pipe", "inherit"] });
  const mux = new Mux([]);
  let [pictures, event] = [0, 0];
  const send = (bytes: Buffer) => {
    appendFileSync(kept, bytes);
    for (let at = 0; at < bytes.length; at += 1_316)
      socket.send(bytes.subarray(at, at + 1_316), port, "127.0.0.1");
  };
  const reader = new FrameReader((frame) => {
    mux.setStreams(
      reader.streams.map((it, track) => (track === 0 ? { ...it, splices: true } : it)),
    );
    send(mux.write(frame));
    if (frame.track > 0) return;
    const at = pictures++ % each.pictures;
    const ahead = at === 0 ? each.ahead : at === each.ahead - each.again ? each.again : undefined;
    if (ahead === undefined) return;
    if (at === 0) event++;
    const payload = Buffer.from(spliceInsert({ event, pts: frame.pts + ahead * pictureTicks }));
    send(mux.write({ ...frame, track: spliceTrack, key: false, payload }));
  });
  child.stdout.on("data", (chunk: Buffer) => reader.feed(chunk, performance.now()));
  onTestFinished(() => {
    child.kill("SIGKILL");
    socket.close();
  });
  return child;
}

/** Of each splice in a transport stream: its event, and the times of its pictures; and of all of them. */
function splicesOf(bytes: Buffer) {
  const times: number[] = [];
  const found: { event: number; pts: number; behind: number }[] = [];
  const reader = new FrameReader((frame) => {
    if (frame.track === 0) times.push(frame.pts % 2 ** 33);
    if (frame.track !== spliceTrack) return;
    const { eventId, pts } = spliceIn(frame.payload);
    found.push({ event: eventId!, pts: pts!, behind: times.at(-1)! });
  }, true);
  reader.feed(bytes, 0);
  return { times, found };
}

/** With which picture it is meant for, and which it stands behind, by their bar codes. */
async function splicesIn(file: string) {
  const { times, found } = splicesOf(readFileSync(file));
  const shows: (number | undefined)[] = [];
  await watchPictures(file, ({ code }) => shows.push(code?.frame)).ended;
  // A decoder may leave one out where the slate ends.
  const fromEnd = (pts: number) => times.indexOf(pts) - times.length;
  const shown = (pts: number) => (times.includes(pts) ? shows.at(fromEnd(pts)) : undefined);
  return found.map(({ event, pts, behind }) => ({
    event,
    meant: shown(pts),
    behind: shown(behind),
  }));
}

function segments(folder: string): string[] {
  const list = join(folder, "index.m3u8");
  if (!existsSync(list)) return [];
  return readFileSync(list, "utf8")
    .split("\n")
    .filter((line) => line.endsWith(".ts"));
}

test("each splice goes out once, behind the same picture and meant for the same one, over the deaths of the encoder on air and of the relay", async () => {
  const folder = mkdtempSync(join(tmpdir(), "splices-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [kept, heard] = [join(folder, "source.ts"), join(folder, "heard.ts")];
  const [port, house] = [await freePort(), await freePort()];
  const receiver = createSocket({ type: "udp4", recvBufferSize: 2 ** 22 }).bind(house, "127.0.0.1");
  onTestFinished(() => void receiver.close());
  const received: Buffer[] = [];
  receiver.on("message", (packet) => received.push(packet));
  const fromStage = {
    driver: "ffmpeg",
    config: { input: { kind: "ingest", ingest: "stage" } },
  } as const;
  facility = await Facility.build({
    encoders: { a: fromStage, b: fromStage },
    site: { ingests: [{ id: "stage", kind: "udp", url: `udp://127.0.0.1:${port}` }] },
    stream: {
      path: "relayed",
      outputs: [
        { id: "web", kind: "hls", segment: "1s", window: "60s" },
        { id: "house", kind: "udp", address: `udp://127.0.0.1:${house}` },
      ],
    },
    farEnd: { behaviour: "refuseSecond" },
  });
  const source = aSplicedSource(port, kept);
  facility.startDaemon();
  await facility.untilOnAir("main-relay");
  const { data } = await facility.untilTold("stream.relay");
  const hls = join(facility.stateDir, "outputs/web/hls");
  await until("two segments", () => segments(hls).length >= 2);
  kill(facility.enginePid(String(data?.["selected"])));
  const more = (count: number) => {
    const then = segments(hls).length;
    return until("it goes on", () => segments(hls).length >= then + count);
  };
  await more(2);
  const pid = readFileSync(join(facility.stateDir, "relays/main/engines/relay/pid"), "utf8");
  kill(Number(pid.split(" ")[1]));
  await more(4);
  const gone = once(source, "exit");
  source.kill("SIGKILL");
  await gone;
  writeFileSync(heard, Buffer.concat(segments(hls).map((name) => readFileSync(join(hls, name)))));

  const [sent, came] = [await splicesIn(kept), await splicesIn(heard)];
  // Those at the end are meant for pictures that are not in it.
  const whole = came.filter(({ meant }) => meant !== undefined);
  expect(whole.length).toBeGreaterThan(8);
  const from = sent.findIndex(({ event }) => event === whole[0]!.event);
  // At first they stand behind pictures of the slate.
  expect(whole).toEqual(
    sent.slice(from, from + whole.length).map((one, n) => {
      return whole[n]!.behind === undefined ? { ...one, behind: undefined } : one;
    }),
  );
  expect(whole.filter(({ behind }) => behind !== undefined).length).toBeGreaterThan(6);
  // By UDP the very same.
  const { found } = splicesOf(readFileSync(heard));
  const byUdp = splicesOf(Buffer.concat(received)).found;
  const begins = found.findIndex(({ pts }) => pts === byUdp[0]!.pts);
  const both = Math.min(byUdp.length, found.length - begins);
  expect(both).toBeGreaterThan(6);
  expect(byUdp.slice(0, both)).toEqual(found.slice(begins, begins + both));
  const ranges = readFileSync(join(hls, "index.m3u8"), "utf8").match(/^#EXT-X-DATERANGE/gm) ?? [];
  expect(ranges.length).toBeGreaterThan(3);

  const told = facility.told("stream.splice").map(({ message }) => message);
  expect(told.length).toBeGreaterThan(3);
  expect(new Set(told).size).toBe(told.length);
  expect(told[1]).toMatch(/^main: splice out in 2\.0 s, event \d+, for 30\.0 s$/);
}, 180_000);
