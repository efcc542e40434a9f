/** Small pictures of what a site sees, at the hub, with their age. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { Hub } from "./hub.ts";

const { facility: aFacility, keep } = closedAfterEach();

type Item = {
  kind: string;
  id: string;
  at: string | null;
  ageMs: number | null;
  available: boolean;
  because: string | null;
};

test("the hub shows a picture of what comes in, a new one every 2 s, and none when nothing comes", async () => {
  const hub = keep(await Hub.start());
  const facility = await aFacility({
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
    encoders: {
      a: {
        driver: "ffmpeg",
        config: { preview: { url: "http://127.0.0.1:1/nobody.m3u8" } },
      },
    },
    site: {
      ingests: [{ id: "bars", kind: "testPattern", width: 640, height: 360, framesPerSecond: 10 }],
    },
  });
  facility.startDaemon();
  const look = async (id: string) =>
    ((await hub.get("/api/thumbnails"))["items"] as Item[]).find((item) => item.id === id);
  const first = await until("a picture", async () => {
    const item = await look("bars");
    return item?.available === true ? item : undefined;
  });
  expect(first).toMatchObject({ kind: "ingest", because: null });
  expect(first.ageMs).toBeLessThan(10_000);

  const reply = await fetch(`${hub.url}/api/ingests/bars/thumbnail`);
  expect(reply.headers.get("content-type")).toBe("image/jpeg");
  const file = join(facility.folder, "bars.jpg");
  writeFileSync(file, Buffer.from(await reply.arrayBuffer()));
  const size = ["-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", file];
  expect(execFileSync("ffprobe", ["-v", "error", ...size], { encoding: "utf8" }).trim()).toBe(
    "mjpeg,320,180",
  );
  await until("a newer one", async () => {
    const { at } = (await look("bars")) ?? {};
    return at != null && Date.parse(at) - Date.parse(first.at!) >= 3_000;
  });

  // A place where nothing can be seen says so.
  const none = await until("a says that it has none", () => look("a"));
  expect(none).toMatchObject({ kind: "encoder", at: null, available: false });
  expect(none.because).toMatch(/could not be opened|no picture has come/);

  const { pid } = facility.daemon;
  const cameras = () => children(children(pid!, "thumbnails").at(0) ?? 0, "skip_frame");
  expect(cameras().length).toBeGreaterThan(0);
  const before = cameras();
  await facility.endDaemon("SIGKILL");
  await until("nobody looks any more", () => before.every((camera) => !runs(camera)));
  const gone = await until(
    "it is not shown any more",
    async () => {
      const item = await look("bars");
      return item?.available === false ? item : undefined;
    },
    60_000,
  );
  expect(gone).toMatchObject({ because: "no new one has come" });
  expect(gone.ageMs).toBeGreaterThan(30_000);
  expect((await fetch(`${hub.url}/api/ingests/bars/thumbnail`)).status).toBe(404);
});

function children(pid: number, word: string): number[] {
  const lines = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [, child, parent, args = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return Number(parent) === pid && args.includes(word) ? [Number(child)] : [];
  });
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
