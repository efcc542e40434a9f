/** Boxes that are no HELOs push to the site, too: whatever happens to one, the far end sees one stream. */
import { afterEach, expect, test } from "vitest";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { decodeBarCodes, framesBetween } from "../fakes/picture.ts";
import { Facility, kill, until } from "./facility.ts";
import { carriers } from "./off-air.ts";
import { type SharedSource, sourceFps, startSharedSource } from "./shared-source.ts";

let facility: Facility;
let source: SharedSource;
afterEach(async () => {
  await facility.close();
  await source.close();
});

const timings = { answerMs: 2, connectMs: 200, stopMs: 200, retryMs: 1_000 };
/** What this box pushes with; undefined: it does not. */
const pushOf = (box: string) =>
  (facility.pearls[box]?.publisher("1/0") ?? facility.magewells[box]!.entries.get(0)!).live.pid;

const selected = () => facility.told("stream.relay").at(-1)?.data["selected"];
const came = () => carriers(facility).reduce((sum, { videoFrames }) => sum + videoFrames, 0);

/** So many more pictures have come to the far end. */
async function pass(pictures: number): Promise<void> {
  const goal = came() + pictures;
  await until(`${pictures} more pictures`, () => came() >= goal);
}

test.each(["epiphan-pearl", "magewell"] as const)(
  "two boxes of driver %s: what one pushes with is killed, and every picture arrives once",
  async (driver) => {
    source = await startSharedSource(2);
    const box = (reader: number) => ({
      ...{ driver, timings, polling: { normal: "1s" } },
      picture: { gopS: 1, feed: { url: source.url(reader), originS: 1_000 * reader } },
    });
    facility = await Facility.build({
      encoders: { a: box(0), b: box(1) },
      stream: { path: "relayed", relay: { host: "127.0.0.1", port: await freePort() } },
      farEnd: { behaviour: "refuseSecond", record: true },
    });
    facility.startDaemon();
    await facility.untilOnAir("main-relay");
    for (const one of ["a", "b"]) {
      const says = `main-relay-${one}: ${one} carries it`;
      await facility.untilTold("stream.feed", ({ message }) => message === says);
    }
    // Both have brought a few GOPs.
    await pass(6 * sourceFps);

    const first = String(selected());
    const killed = pushOf(first)!;
    kill(killed);
    await until("the other is sent", () => selected() === (first === "a" ? "b" : "a"));
    await until("it pushes again by itself", () => ![killed, undefined].includes(pushOf(first)));
    await pass(2 * sourceFps);

    const [one, ...others] = carriers(facility);
    expect([one!.endedAtMs, others]).toEqual([null, []]);
    const codes = await decodeBarCodes(one!.recordingPath!);
    const steps = codes.slice(1).map(({ frame }, n) => framesBetween(codes[n]!.frame, frame));
    expect(steps.filter((step) => step !== 1)).toEqual([]);
    expect(codes.length).toBeGreaterThan(8 * sourceFps);
  },
  180_000,
);
