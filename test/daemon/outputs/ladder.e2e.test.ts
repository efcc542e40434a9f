/** A ladder of a relayed stream: the real relay, its encoders, the output's process and real players. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import * as HLS from "hls-parser";
import { afterEach, expect, test } from "vitest";
import { freePort } from "../../fakes/nginx-rtmp.ts";
import { long } from "../../setup/slow.ts";
import { until } from "../drivers/shared/engine/until.ts";
import { aMediaPlane, fps } from "../relay/a-media-plane.ts";
import { anOrigin, originToken } from "./an-origin.ts";
import { aPlayer } from "./a-player.ts";
import { failOver } from "./fail-over.ts";

const program = new URL("../../../dist/output.cjs", import.meta.url).pathname;
const run = promisify(execFile);

let plane: Awaited<ReturnType<typeof aMediaPlane>>;
afterEach(() => plane.close());

test(
  "every size is cut at the same picture, over a failover; its encoder's death is a break",
  () => aLadder(false),
  300_000,
);

// They and the three sizes want two cores to themselves.
long(
  "hls.js and dash.js play all sizes over a failover and over a break",
  () => aLadder(true),
  300_000,
);

async function aLadder(isPlayed: boolean) {
  plane = await aMediaPlane({ outputs: ["web"], size: "640x368" });
  const port = await freePort();
  const folder = join(plane.folder, "web");
  const origin = await anOrigin();
  await origin.start();
  const target = {
    ...{ kind: "ladder", folder, sizes: ["720p", "360p", "240p"] },
    ...{ segmentMs: 2_000, targetS: 2, windowMs: 40_000, listen: { host: "127.0.0.1", port } },
    push: { address: origin.address, token: originToken },
  };
  const settings = { output: "web", run: "r", statusPort: 9, target };
  const process_ = plane.startReader("web", [process.execPath, program, JSON.stringify(settings)]);
  const list = (name: string) =>
    HLS.parse(readFileSync(join(folder, `${name}.m3u8`), "utf8")) as HLS.types.MediaPlaylist;
  const segments = (name = "source") =>
    existsSync(join(folder, `${name}.m3u8`)) ? list(name).segments : [];
  await until("three segments", () => segments().length >= 3);

  const url = (name: string) => `http://127.0.0.1:${port}/${name}`;
  const lists = isPlayed ? ["index.m3u8", "manifest.mpd"] : [];
  const players = await Promise.all(lists.map((name) => aPlayer(url(name))));
  const playedS = () =>
    Promise.all(players.map(async (it) => (await it.noticed()).positions.at(-1) ?? 0));
  const untilPlayed = async (moreS: number) => {
    const [from, segmentsBefore] = [await playedS(), segments().length];
    if (!isPlayed) {
      const more = segmentsBefore + Math.ceil(moreS / 2);
      return until(`${moreS} s more are made`, () => segments().length >= more);
    }
    return until(`${moreS} s more are played`, async () =>
      (await playedS()).every((atS, n) => atS > from[n]! + moreS),
    );
  };
  try {
    await untilPlayed(2);
    await failOver(plane);
    await untilPlayed(6);
    for (const player of players) {
      const { troubles, positions } = await player.noticed();
      expect(troubles).toEqual([]);
      const steps = positions.slice(1).map((position, n) => position - positions[n]!);
      expect(steps.filter((step) => step < 0)).toEqual([]);
      const heights = await player.heights();
      expect(heights.length).toBeGreaterThan(0);
      expect([240, 360, 368]).toEqual(expect.arrayContaining(heights));
    }
    expect(segments().some(({ discontinuity }) => discontinuity)).toBe(false);

    // A CDN has it all, too: what a list names there is there.
    for (const id of ["source", "360p", "240p", "sound1"]) {
      const named = origin.text(`${id}.m3u8`).match(/^[\w-]+\.m4s$/gm)!;
      expect(named.length).toBeGreaterThan(2);
      expect(named.filter((name) => !origin.has(name))).toEqual([]);
    }
    expect(origin.text("manifest.mpd")).toContain("</MPD>");

    // What encodes the sizes is killed: they all begin anew, in both lists.
    const parent = Number(process_.pid);
    const encoder = childrenOf(parent).find((pid) =>
      readlinkSync(`/proc/${pid}/exe`).includes("ffmpeg"),
    )!;
    process.kill(encoder, "SIGKILL");
    const before = segments().length;
    await until("it goes on", () => segments().length >= before + 3);
    expect(segments().filter(({ discontinuity }) => discontinuity)).toHaveLength(1);
    expect(readFileSync(join(folder, "manifest.mpd"), "utf8").match(/<Period /g)).toHaveLength(2);
    await untilPlayed(6);
    for (const player of players) {
      const { positions } = await player.noticed();
      expect(positions.slice(1).filter((position, n) => position < positions[n]!)).toEqual([]);
    }
  } finally {
    for (const player of players) await player.close();
  }

  const master = HLS.parse(
    readFileSync(join(folder, "index.m3u8"), "utf8"),
  ) as HLS.types.MasterPlaylist;
  expect(
    master.variants.map(
      ({ uri, resolution }) => `${uri} ${resolution!.width}x${resolution!.height}`,
    ),
  ).toEqual(["source.m3u8 640x368", "360p.m3u8 626x360", "240p.m3u8 418x240"]);
  // Each segment of each size holds the same pictures, the first of them a keyframe.
  const times = async (id: string, n: number) => {
    const { uri, map } = segments(id)[n]!;
    const file = join(plane.folder, "whole.mp4");
    writeFileSync(
      file,
      Buffer.concat([map.uri, uri].map((name) => readFileSync(join(folder, name)))),
    );
    const { stdout } = await run("ffprobe", [
      ...["-v", "error", "-select_streams", "0", "-show_entries", "packet=pts_time,flags"],
      ...["-of", "csv=p=0", file],
    ]);
    return stdout.trim().split("\n");
  };
  const newest = segments().length - 1;
  for (const n of [0, 1, newest]) {
    const own = await times("source", n);
    expect(own).toHaveLength(2 * fps);
    expect(own.filter((line) => line.includes("K"))[0]).toBe(own[0]);
    for (const id of ["360p", "240p"]) {
      const other = await times(id, n);
      expect(other.map((line) => line.split(",")[0])).toEqual(
        own.map((line) => line.split(",")[0]),
      );
      expect(other[0]).toContain("K");
    }
    expect((await times("sound1", n)).length).toBeGreaterThan(90);
  }
  const listed = ["source", "360p", "240p", "sound1"].map((id) => segments(id).length);
  expect(new Set(listed).size).toBe(1);
  expect(readdirSync(folder).some((name) => name.startsWith("720p"))).toBe(false);
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
