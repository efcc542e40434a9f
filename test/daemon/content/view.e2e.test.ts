import { spawn } from "node:child_process";
import { afterEach, expect, test } from "vitest";
import { watchView } from "../../../daemon/content/view.ts";
import type { ContentLook } from "../../../machines/content/look.ts";
import { anHlsServer } from "../../fakes/hls-server.ts";
import { startCamera } from "../../fakes/camera.ts";
import { until } from "../../e2e/facility.ts";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const it of open.splice(0).reverse()) await it.close();
});

async function aView(programme?: string, measuresLoudness = true) {
  const camera = await startCamera({ readers: 1, ...(programme !== undefined && { programme }) });
  open.push(camera);
  const looks: ContentLook[] = [];
  const view = watchView({
    ...{ place: { url: camera.urls[0]! }, measuresLoudness },
    nowMs: () => performance.now(),
    tell: (look) => looks.push(look),
  });
  open.push(view);
  const untilSeen = (picture: string) =>
    until(picture, () => {
      const last = looks.at(-1);
      return last?.word === "seen" && last.picture === picture && last.pairsDbfs ? last : null;
    });
  return { camera, view, looks, untilSeen };
}

test("a moving picture with a tone, then black: each is told as it is", async () => {
  const { camera, view, looks, untilSeen } = await aView();
  expect(looks[0] ?? { word: "unreadable" }).toMatchObject({ word: "unreadable" });
  const [level] = (await untilSeen("moving")).pairsDbfs!;
  // ffmpeg's tone is an eighth of full scale: -18 dBFS peak, -21 RMS; stereo from mono is 3 dB less.
  expect(level).toBeGreaterThan(-26);
  expect(level).toBeLessThan(-19);
  await until("five keyframes", () => view.pictures().length >= 5);
  const spacing = view.pictures().at(-1)!.atMs - view.pictures().at(-2)!.atMs;
  expect(Math.abs(spacing - 1_000)).toBeLessThan(25);

  // At 1 kHz the weighting is none: two channels are 3 dB more than one.
  const heard = await until("the loudness", () => {
    const last = looks.at(-1);
    return last?.word === "seen" ? last.loudness : undefined;
  });
  expect(heard.shortTermLufs).toBeCloseTo(level! + 3, 0);
  expect(heard.integratedLufs).toBeCloseTo(level! + 3, 0);

  camera.cover(true);
  await untilSeen("black");
}, 60_000);

test("where nobody minds the loudness it is not measured, and the levels are told all the same", async () => {
  const { view, looks, untilSeen } = await aView(undefined, false);
  // With it the first comes after 3.5 s of sound.
  await until("ten seconds", () => view.pictures().length >= 10);
  const [level] = (await untilSeen("moving")).pairsDbfs!;
  expect(level).toBeGreaterThan(-26);
  expect(level).toBeLessThan(-19);
  expect(looks.filter((look) => look.word === "seen" && look.loudness)).toEqual([]);
}, 60_000);

test("where nothing can be opened it is said so, not that all is well", async () => {
  const looks: ContentLook[] = [];
  const url = "rtmp://127.0.0.1:1/live/none";
  const view = watchView({
    ...{ place: { url }, measuresLoudness: true },
    nowMs: () => performance.now(),
    tell: (look) => looks.push(look),
  });
  open.push(view);
  const last = await until("a look", () => looks.at(-1));
  expect(last.word).toBe("unreadable");
  expect(JSON.stringify(last)).not.toContain("none");
  expect(await view.burst(1)).toEqual([]);
}, 60_000);

test("a picture that stands still is told so, and one decoded in full brings five a second", async () => {
  const { view, untilSeen } = await aView("testsrc2=size=320x180:rate=15,loop=loop=-1:size=1");
  await untilSeen("still");
  await view.close();
  expect(await view.burst(2)).toEqual([]);
}, 60_000);

test("a far end that names a place within this site's network has nobody ask there", async () => {
  const trap = await anHlsServer(() => "#EXTM3U");
  const server = await anHlsServer((path) => {
    if (path === "/moved.ts") return { to: `http://127.0.0.1:${trap.port}/a.ts` };
    const segments = ["moved.ts", `http://127.0.0.1:${trap.port}/b.ts`];
    const lines = segments.flatMap((uri) => ["#EXTINF:2,", uri]);
    return ["#EXTM3U", "#EXT-X-TARGETDURATION:2", ...lines, ""].join("\n");
  });
  const url = `${server.url}/live.m3u8`;
  const looks: ContentLook[] = [];
  const tell = (look: ContentLook) => looks.push(look);
  const place = { url };
  open.push(watchView({ place, measuresLoudness: true, nowMs: () => performance.now(), tell }));
  await until("both were tried", () => server.asked.includes("/moved.ts") && looks.length > 1);
  await until("it was given up and tried again", () => server.asked.length > 4);
  expect(trap.asked).toEqual([]);

  // The same without our guard: there is something that it keeps ffmpeg from.
  const args = ["-v", "quiet", "-protocol_whitelist", "http,tcp", "-i", url, "-f", "null", "-"];
  const bare = spawn("setpriv", ["--pdeathsig", "KILL", "ffmpeg", "-nostdin", ...args]);
  await until("an unguarded one is trapped", () => trap.asked.length > 0);
  bare.kill("SIGKILL");
}, 60_000);
