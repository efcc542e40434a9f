import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { openObserver, type ObserverOptions } from "../../../daemon/observers/index.ts";
import type { FarEndSight } from "../../../machines/destination/sight.ts";
import { startNginxRtmp, type NginxRtmp } from "../../fakes/nginx-rtmp.ts";
import { startNodeMediaServer } from "../../fakes/node-media-server.ts";
import { startFarEnd } from "../../fakes/rtmp-far-end/far-end.ts";
import { aFarEndWeb } from "./far-end-web.ts";
import { startRtmpPublisher } from "../../fakes/rtmp-publisher.ts";

const mark = "understudy/enc-a/7";
const patient = { timeout: 30_000, interval: 100 };
const cleanups: (() => Promise<unknown>)[] = [];
let keys = 0;
let key = "";

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function aPublisher(rtmpUrl: string, flashVer?: string) {
  const url = `${rtmpUrl}/${key}`;
  const publisher = startRtmpPublisher({ url, audio: true, ...(flashVer && { flashVer }) });
  cleanups.push(() => publisher.kill());
  return publisher;
}

/** Looks until the sight has this word, and answers it. */
function anObserver(options: ObserverOptions) {
  key = `key-${keys++}`;
  const now = () => performance.now();
  const observer = openObserver(options, { streamKey: () => key, now });
  cleanups.push(() => observer.close());
  const look = () => observer.observe(AbortSignal.timeout(10_000));
  return {
    ...observer,
    look,
    sees: <W extends FarEndSight["word"]>(word: W) =>
      vi.waitFor(async () => {
        const sight = await look();
        expect(sight.word).toBe(word);
        return sight as Extract<FarEndSight, { word: W }>;
      }, patient),
  };
}

async function nextBytes(observer: { look: () => Promise<FarEndSight> }, above: number) {
  return vi.waitFor(async () => {
    const sight = await observer.look();
    const bytes = sight.word === "publishing" ? (sight.bytes ?? 0) : 0;
    expect(bytes).toBeGreaterThan(above);
    return bytes;
  }, patient);
}

describe("a real nginx-rtmp", () => {
  let nginx: NginxRtmp;
  beforeAll(async () => {
    nginx = await startNginxRtmp();
    return () => nginx.close();
  });
  const options = (): ObserverOptions => ({
    ...{ kind: "nginx-rtmp", statisticsUrl: nginx.statisticsUrl, app: "live" },
  });

  test("is seen quiet, publishing with our mark and moving bytes, frozen, and quiet", async () => {
    const observer = anObserver(options());
    expect(await observer.look()).toEqual({ word: "quiet" });
    const publisher = aPublisher(nginx.rtmpUrl, mark);
    const sight = await observer.sees("publishing");
    expect(sight).toMatchObject({ by: mark, publishers: 1 });
    const moved = await nextBytes(observer, sight.bytes!);

    // Frozen: it is still connected, so it is not quiet, and its bytes stand still.
    publisher.signal("SIGSTOP");
    await vi.waitFor(async () => {
      const [one, two] = [await observer.look(), await pause(1_000).then(observer.look)];
      expect(two).toEqual(one);
      expect(two).toMatchObject({ word: "publishing", by: mark });
    }, patient);
    publisher.signal("SIGCONT");
    await nextBytes(observer, moved);

    await publisher.kill();
    await observer.sees("quiet");
  }, 90_000);

  test("names a publisher without our mark by its address", async () => {
    const observer = anObserver(options());
    aPublisher(nginx.rtmpUrl);
    expect(await observer.sees("publishing")).toMatchObject({ by: "127.0.0.1" });
  }, 60_000);

  test("drops the publisher on request, which is no proof that it stays away", async () => {
    const controlUrl = nginx.dropUrl.replace("/drop/publisher", "");
    const observer = anObserver({ ...options(), controlUrl } as ObserverOptions);
    const publisher = aPublisher(nginx.rtmpUrl);
    await observer.sees("publishing");
    expect(await observer.kickAndBlock?.(AbortSignal.timeout(10_000))).toBe(false);
    await publisher.exited;
    await observer.sees("quiet");
  }, 60_000);

  test("with an authoriser keeps a kicked publisher out, and lets the understudy in", async () => {
    const blocked = new Set<string>();
    const authoriser = await aFarEndWeb((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const fields = new URLSearchParams(Buffer.concat(parts).toString());
        const who = `${fields.get("name")} ${fields.get("flashver")}`;
        if (request.url === "/block") blocked.add(who);
        // nginx-rtmp 1.1.4 sends `flashver` with the publish call.
        response.writeHead(request.url !== "/block" && blocked.has(who) ? 403 : 200).end();
      });
    });
    cleanups.push(() => authoriser.close());
    const guarded = await startNginxRtmp({ onPublish: `${authoriser.url}/publish` });
    cleanups.push(() => guarded.close());
    const observer = anObserver({
      kind: "nginx-rtmp",
      statisticsUrl: guarded.statisticsUrl,
      app: "live",
      controlUrl: guarded.dropUrl.replace("/drop/publisher", ""),
      blockUrl: `${authoriser.url}/block`,
    });
    const publisher = aPublisher(guarded.rtmpUrl, mark);
    await observer.sees("publishing");
    expect(await observer.kickAndBlock?.(AbortSignal.timeout(10_000))).toBe(true);
    await publisher.exited;
    await aPublisher(guarded.rtmpUrl, mark).exited;
    expect(await observer.look()).toEqual({ word: "quiet" });
    aPublisher(guarded.rtmpUrl, "understudy/enc-b/8");
    expect(await observer.sees("publishing")).toMatchObject({ by: "understudy/enc-b/8" });
  }, 90_000);

  test("behind a login is seen with it, and only unseen without it", async () => {
    const login = { username: "understudy", password: "hunter2 ü" };
    const guarded = await startNginxRtmp({ login });
    cleanups.push(() => guarded.close());
    const open: ObserverOptions = {
      kind: "nginx-rtmp",
      statisticsUrl: guarded.statisticsUrl,
      app: "live",
    };
    expect(await anObserver(open).look()).toMatchObject({
      ...{ word: "unseen", detail: "the statistics page answered 401" },
    });
    expect(await anObserver({ ...open, ...login }).look()).toEqual({ word: "quiet" });
  }, 60_000);

  test("that died is unseen", async () => {
    const other = await startNginxRtmp();
    const statisticsUrl = other.statisticsUrl;
    const observer = anObserver({ kind: "nginx-rtmp", statisticsUrl, app: "live" });
    await observer.sees("quiet");
    await other.close();
    expect(await observer.look()).toMatchObject({ word: "unseen" });
  }, 60_000);
});

describe("the far end simulator", () => {
  test("reads like nginx-rtmp, and its block keeps a kicked publisher out", async () => {
    const farEnd = await startFarEnd();
    cleanups.push(() => farEnd.close());
    const observer = anObserver({
      kind: "nginx-rtmp",
      statisticsUrl: farEnd.statisticsUrl,
      app: "live",
      controlUrl: `${farEnd.httpUrl}/control`,
      blockUrl: `${farEnd.httpUrl}/control/block`,
    });
    expect(await observer.look()).toEqual({ word: "quiet" });
    const publisher = aPublisher(farEnd.rtmpUrl, mark);
    const sight = await observer.sees("publishing");
    expect(sight).toMatchObject({ by: mark, publishers: 1 });
    await nextBytes(observer, sight.bytes!);

    expect(await observer.kickAndBlock?.(AbortSignal.timeout(10_000))).toBe(true);
    await publisher.exited;
    await aPublisher(farEnd.rtmpUrl, mark).exited;
    expect(farEnd.publishers(key).map((one) => one.endedBecause)).toEqual(["kicked", "blocked"]);
    // The block is for that publisher, not for the key: the understudy may take it.
    aPublisher(farEnd.rtmpUrl, "understudy/enc-b/8");
    expect(await observer.sees("publishing")).toMatchObject({ by: "understudy/enc-b/8" });
  }, 60_000);
});

describe("a real node-media-server", () => {
  test("is seen quiet, publishing, and quiet although it holds the slot 30 s", async () => {
    const server = await startNodeMediaServer();
    cleanups.push(() => server.close());
    const { username, password } = server;
    const observer = anObserver({
      ...{ kind: "node-media-server", apiUrl: server.apiUrl, app: "live" },
      ...{ username, password },
    });
    expect(await observer.look()).toEqual({ word: "quiet" });
    const publisher = aPublisher(server.rtmpUrl);
    const sight = await observer.sees("publishing");
    expect(sight).toMatchObject({ by: "127.0.0.1", publishers: 1 });
    await nextBytes(observer, sight.bytes!);

    await publisher.kill();
    const killedAtMs = performance.now();
    await observer.sees("quiet");
    expect(performance.now() - killedAtMs).toBeLessThan(20_000);
    // Its own slot is still there, which is why the session must not be taken for a picture.
    aPublisher(server.rtmpUrl);
    await observer.sees("publishing");
  }, 90_000);

  test("with a password that is wrong is unseen", async () => {
    const server = await startNodeMediaServer();
    cleanups.push(() => server.close());
    const observer = anObserver({
      ...{ kind: "node-media-server", apiUrl: server.apiUrl, app: "live" },
      ...{ username: server.username, password: "a wrong one" },
    });
    const sight = await observer.look();
    expect(sight).toEqual({ word: "unseen", detail: "the API refused the login (401)" });
  }, 60_000);
});

describe("what viewers get", () => {
  test("a real HLS playlist advances, and unseen is all that is said when it stops", async () => {
    const farEnd = await startFarEnd({ hls: { segmentSeconds: 1 } });
    cleanups.push(() => farEnd.close());
    key = `key-${keys}`; // the one the observer is about to get
    const observer = anObserver({ kind: "hls", url: farEnd.hlsUrl(key) });
    expect(observer.provesAbsence).toBe(false);
    expect(await observer.look()).toEqual({
      ...{ word: "unseen", detail: "the playlist answered 404" },
    });
    const publisher = aPublisher(farEnd.rtmpUrl);
    await observer.sees("publishing");
    await publisher.kill();
    const sight = await observer.sees("unseen");
    expect(sight.detail).toContain("has not advanced");
  }, 60_000);

  test("ffprobe opens what is on air, and says nothing of what is not", async () => {
    const nginx = await startNginxRtmp();
    cleanups.push(() => nginx.close());
    key = `key-${keys}`; // the one the observer is about to get
    const observer = anObserver({ kind: "ffprobe", url: `${nginx.rtmpUrl}/${key}` });
    expect(observer.provesAbsence).toBe(false);
    const nothing = await observer.look();
    expect(nothing).toMatchObject({ word: "unseen" });
    expect(JSON.stringify(nothing)).not.toContain(key);
    aPublisher(nginx.rtmpUrl);
    await observer.sees("publishing");
  }, 60_000);

  test("ffprobe is stopped when nobody waits for it any more", async () => {
    const nginx = await startNginxRtmp();
    cleanups.push(() => nginx.close());
    const observer = anObserver({ kind: "ffprobe", url: `${nginx.rtmpUrl}/nobody` });
    const startedAtMs = performance.now();
    const sight = await observer.observe(AbortSignal.timeout(300));
    expect(sight).toEqual({ word: "unseen", detail: "ffprobe saw nothing in time" });
    expect(performance.now() - startedAtMs).toBeLessThan(3_000);
  }, 60_000);
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test("how old the newest picture of a real live playlist is grows from one segment's end to the next", async () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-hls-"));
  cleanups.push(async () => rmSync(folder, { recursive: true, maxRetries: 5 }));
  const playlist = join(folder, "index.m3u8");
  // prettier-ignore
  const packager = spawn("ffmpeg", ["-v", "error", "-re", "-f", "lavfi", "-i", "testsrc=s=160x90:r=10",
    "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-f", "hls", "-hls_time", "1",
    "-hls_flags", "program_date_time+delete_segments", playlist], { stdio: "ignore" });
  const ended = new Promise((resolve) => packager.once("exit", resolve));
  cleanups.push(() => (packager.kill("SIGKILL"), ended));
  const web = await aFarEndWeb((_, response) =>
    response.end(existsSync(playlist) ? readFileSync(playlist) : ""),
  );
  cleanups.push(() => web.close());
  const observer = anObserver({ kind: "hls", url: `${web.url}/index.m3u8` });
  await observer.sees("publishing");
  const latency = observer.latencyMs?.();
  // The last segment has ended, and the next is not there yet.
  expect(latency?.value).toBeLessThan(10_000);
  expect(Math.abs(Date.now() - latency!.atMs)).toBeLessThan(10_000);
  packager.kill("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await observer.look();
  expect(observer.latencyMs?.()?.value).toBeGreaterThan(latency!.value + 400);
}, 60_000);
