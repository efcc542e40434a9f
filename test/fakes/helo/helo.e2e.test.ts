import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startNginxRtmp, type NginxRtmp } from "../nginx-rtmp.ts";
import { frameNumberAt, framesBetween, watchPictures, type DecodedPicture } from "../picture.ts";
import { startHelo, type FakeHelo, type HeloOptions } from "./helo.ts";

let far: NginxRtmp;
beforeAll(async () => {
  far = await startNginxRtmp();
});
afterAll(async () => {
  await far.close();
});

const boxes: FakeHelo[] = [];
afterEach(async () => {
  await Promise.all(boxes.splice(0).map((box) => box.close()));
});

const fps = 15;
const timings = { streamStartMs: 50, streamStopMs: 50, recoverMs: 300, unreachableMs: 200 };

/** A box with a key of its own at the far end. */
async function aHelo(key: string, options: Partial<HeloOptions> = {}): Promise<FakeHelo> {
  const target = { StreamType: "0", RTMPServerURL: far.rtmpUrl, RTMPStreamName: key };
  const rest = { host: "127.0.0.11", timings: { ...timings, ...options.timings } };
  const box = await startHelo({ name: key, parameters: target, ...options, ...rest });
  boxes.push(box);
  return box;
}

/** Pictures of a key as a viewer gets them, until `count` have a readable code. */
async function pictures(key: string, count: number): Promise<DecodedPicture[]> {
  const seen: DecodedPicture[] = [];
  await new Promise<void>((resolve, reject) => {
    const watch = watchPictures(`${far.rtmpUrl}/${key}`, (picture) => {
      seen.push(picture);
      if (seen.length === count) watch.close();
    });
    watch.ended.then(resolve, reject);
  });
  return seen.slice(0, count);
}

/** Two seconds as a viewer gets them: mean colour saturation of the last picture, mean sound. */
async function look(key: string): Promise<{ saturation: number; soundDb: number }> {
  const judge = "signalstats,metadata=print:key=lavfi.signalstats.SATAVG";
  // prettier-ignore
  const child = spawn("ffmpeg", ["-hide_banner", "-nostdin", "-i", `${far.rtmpUrl}/${key}`, "-t", "2",
    "-vf", judge, "-af", "volumedetect", "-f", "null", "-"], { stdio: ["ignore", "ignore", "pipe"] });
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
  await once(child, "close");
  const last = (pattern: RegExp) => Number([...words.matchAll(pattern)].at(-1)?.[1]);
  return { saturation: last(/SATAVG=([\d.]+)/g), soundDb: last(/mean_volume: (-?[\d.]+)/g) };
}

const statistics = async () => (await fetch(far.statisticsUrl)).text();
const isAlive = (pid: number) => {
  try {
    // A process that was killed and not yet collected counts as gone.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

test("a box told to stream is on air from its own address, with its number in each picture", async () => {
  const box = await aHelo("own", { picture: { source: 42 } });
  box.pressStart();
  await box.until("ReplicatorStreamState", "2", 20_000);
  expect(await statistics()).toContain("<address>127.0.0.11</address>");
  const seen = await pictures("own", 45);
  const codes = seen.flatMap(({ code }) => (code === undefined ? [] : [code]));
  expect(codes).toHaveLength(45);
  expect(new Set(codes.map(({ source }) => source))).toEqual(new Set([42]));
  const steps = codes.slice(1).map(({ frame }, n) => framesBetween(codes[n]?.frame ?? 0, frame));
  expect(steps.every((step) => step === 1)).toBe(true);
  const last = seen.at(-1);
  const lag = framesBetween(last?.code?.frame ?? 0, frameNumberAt(last?.atMs ?? 0, fps));
  expect(lag).toBeGreaterThanOrEqual(0);
  expect(lag).toBeLessThan(5 * fps);
  const pid = box.streaming()?.pid ?? 0;
  expect(isAlive(pid)).toBe(true);
  box.pressStop();
  await box.until("ReplicatorStreamState", "1");
  expect(isAlive(pid)).toBe(false);
  expect(await statistics()).not.toContain("<publishing/>");
});

test("a lost input and a mute change the picture, never the connection", async () => {
  const box = await aHelo("input");
  box.pressStart();
  await box.until("ReplicatorStreamState", "2", 20_000);
  const before = box.streaming();
  const camera = await look("input");
  const undo = box.faults.dropInput();
  const pattern = await look("input");
  expect(pattern.saturation).toBeGreaterThan(camera.saturation * 1.3);
  expect([camera.soundDb > -40, pattern.soundDb < -60]).toEqual([true, true]);
  undo();
  box.set("AVMute", 1);
  const seen = await pictures("input", 30);
  expect(seen.filter(({ code }) => code !== undefined)).toHaveLength(30);
  expect(box.streaming()).toEqual(before);
  expect(box.get("ReplicatorStreamState")).toBe("2");
});

test("a server that drops the box sees it again; a refused key is refused until it is not", async () => {
  const box = await aHelo("kicked");
  box.pressStart();
  await box.until("ReplicatorStreamState", "2", 20_000);
  await fetch(`${far.dropUrl}?app=live&name=kicked`);
  await box.until("ReplicatorStreamState", "4", 20_000);
  await box.until("ReplicatorStreamState", "2", 20_000);
  const undo = box.faults.refuseKey();
  await box.until("ReplicatorStreamState", "4");
  undo();
  await box.until("ReplicatorStreamState", "2", 20_000);
});

test("freeze and cut leave the connection up and move nothing; a stall is noticed in time", async () => {
  const box = await aHelo("stall", { timings: { sendStallMs: 1_500 } });
  box.pressStart();
  await box.until("ReplicatorStreamState", "2", 20_000);
  const undo = box.faults.freezeMedia();
  const pid = box.streaming()?.pid ?? 0;
  const status = () => readFileSync(`/proc/${pid}/status`, "utf8");
  await expect.poll(status, { timeout: 5_000 }).toMatch(/^State:\s+T/m);
  expect(await statistics()).toContain("<publishing/>");
  expect(box.get("ReplicatorStreamState")).toBe("2");
  undo();
  const mend = box.faults.cutMedia();
  await box.until("ReplicatorStreamState", "4", 30_000);
  mend();
  await box.until("ReplicatorStreamState", "2", 30_000);
});

test("a narrow line raises the network alarm and the state stays", async () => {
  const box = await aHelo("narrow");
  box.pressStart();
  await box.until("ReplicatorStreamState", "2", 20_000);
  box.faults.throttleMedia(20_000);
  const raised = () => Buffer.from(box.get("Network_Too_Slow_Alarm"), "base64")[1];
  await expect.poll(raised, { timeout: 30_000 }).toBe(1);
  expect(box.get("ReplicatorStreamState")).toBe("2");
});

test("kill -9 of the simulator ends its encoder too", async () => {
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  const settings = ["StreamType=0", `RTMPServerURL=${far.rtmpUrl}`, "RTMPStreamName=orphan"];
  const set = settings.flatMap((setting) => ["--set", setting]);
  const child = spawn(process.execPath, ["--import", "tsx", main, ...set], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = /http:\S+/.exec(line.toString())?.[0] ?? "";
  await fetch(`${url}/config?action=set&paramid=eParamID_ReplicatorCommand&value=3`);
  await expect.poll(statistics, { timeout: 20_000 }).toContain("<name>orphan</name>");
  const children = `/proc/${child.pid}/task/${child.pid}/children`;
  const [pid = 0] = readFileSync(children, "utf8").trim().split(/\s+/).map(Number).slice(-1);
  expect(readFileSync(`/proc/${pid}/comm`, "utf8").trim()).toBe("ffmpeg");
  child.kill("SIGKILL");
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
});
