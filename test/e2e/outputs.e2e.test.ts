/** A relayed stream that goes to more places than its destination. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as HLS from "hls-parser";
import { afterEach, expect, test } from "vitest";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { Facility, kill, until } from "./facility.ts";
import { carriers } from "./off-air.ts";
import { type SharedSource, startSharedSource } from "./shared-source.ts";

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
    farEnd: { behaviour: "refuseSecond" },
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
