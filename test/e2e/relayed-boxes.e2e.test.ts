/** Boxes that are no HELOs push to the site, too: whatever happens to one, the far end sees one stream. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { decodeBarCodes, framesBetween } from "../fakes/picture.ts";
import { Facility, kill, until } from "./facility.ts";
import { carriers } from "./off-air.ts";
import { type SharedSource, sourceFps, startSharedSource } from "./shared-source.ts";
import { long } from "../setup/slow.ts";

let facility: Facility;
let source: SharedSource;
afterEach(async () => {
  await facility.close();
  await source.close();
});

const timings = { answerMs: 2, connectMs: 200, stopMs: 200, retryMs: 1_000 };
type Driver = "epiphan-pearl" | "magewell";

async function aPair(driver: Driver, relay: { port: number; [key: string]: unknown }, own = {}) {
  source = await startSharedSource(2);
  const box = (reader: number) => ({
    ...{ driver, timings, polling: { normal: "1s" } },
    picture: { gopS: 1, feed: { url: source.url(reader), originS: 1_000 * reader } },
  });
  facility = await Facility.build({
    encoders: { a: box(0), b: box(1) },
    encoder: own,
    stream: { path: "relayed", relay: { host: "127.0.0.1", ...relay } },
    farEnd: { behaviour: "refuseSecond", record: true },
  });
}

const selected = () => facility.told("stream.relay").at(-1)?.data["selected"];
const came = () => carriers(facility).reduce((sum, { videoFrames }) => sum + videoFrames, 0);

/** So many more pictures have come to the far end. */
async function pass(pictures: number): Promise<void> {
  const goal = came() + pictures;
  await until(`${pictures} more pictures`, () => came() >= goal);
}

async function untilBothFeed(): Promise<void> {
  facility.startDaemon();
  await facility.untilOnAir("main-relay");
  for (const one of ["a", "b"]) {
    const says = `main-relay-${one}: ${one} carries it`;
    await facility.untilTold("stream.feed", ({ message }) => message === says);
  }
  // Both have brought a few GOPs.
  await pass(6 * sourceFps);
}

/** @param pushOf what this box pushes with; undefined: it does not */
async function expectNothingLost(pushOf: (box: string) => number | undefined): Promise<void> {
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
}

test("what a Pearl pushes with is killed: another one goes on, every picture once", async () => {
  await aPair("epiphan-pearl", { port: await freePort() });
  await untilBothFeed();
  await expectNothingLost((box) => facility.pearls[box]!.publisher("1/0").live.pid);
}, 180_000);

long(
  "what a Magewell pushes with is killed: another one goes on, every picture once",
  async () => {
    await aPair("magewell", { port: await freePort() });
    await untilBothFeed();
    await expectNothingLost((box) => facility.magewells[box]!.entries.get(0)!.live.pid);
  },
  180_000,
);

long(
  "boxes that were set up by hand call by SRT, with the passphrase",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "understudy-srt-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [file, passphrase] = [join(folder, "passphrase"), "long-enough-for-srt"];
    writeFileSync(file, `${passphrase}\n`, { mode: 0o600 });
    const port = await freePort();
    const publishers = { "main-relay-a": "7", "main-relay-b": "7" };
    await aPair("epiphan-pearl", { port, srt: { passphrase: `file:${file}` } }, { publishers });
    for (const [at, box] of ["a", "b"].entries()) {
      const url = `srt://127.0.0.1:${port + at}?passphrase=${passphrase}`;
      facility.pearls[box]!.add("1/7", url, "", "srt");
    }
    await untilBothFeed();
    await expectNothingLost((box) => facility.pearls[box]!.publisher("1/7").live.pid);
    expect(facility.log).not.toContain(passphrase);
  },
  180_000,
);
