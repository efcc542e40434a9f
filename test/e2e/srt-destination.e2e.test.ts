/** A destination that is called by SRT, with a passphrase and without a stream key. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { decodeBarCodes, framesBetween } from "../fakes/picture.ts";
import { Facility, kill, until } from "./facility.ts";
import { startSharedSource } from "./shared-source.ts";
import { long } from "../setup/slow.ts";

const passphrase = "canary-of-srt-4711";
let facility: Facility;
afterEach(() => facility.close());

/** Listens again and again, and keeps each connection in a file of its own. */
async function aFarEnd() {
  const folder = mkdtempSync(join(tmpdir(), "srt-"));
  const port = await freePort();
  writeFileSync(join(folder, "passphrase"), passphrase, { mode: 0o600 });
  const url = `srt://127.0.0.1:${port}?mode=listener&passphrase=${passphrase}`;
  const run = `n=0; while :; do n=$((n+1)); ffmpeg -nostdin -v quiet -f mpegts -i '${url}' -map 0 -c copy -flush_packets 1 $n.ts; done`;
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "sh", "-c", run], {
    ...{ stdio: "ignore", detached: true, cwd: folder },
  });
  onTestFinished(() => {
    process.kill(-child.pid!, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  const file = (connection: number) => join(folder, `${connection}.ts`);
  const destination = {
    ...{ address: `srt://127.0.0.1:${port}`, streamKey: undefined, observers: [] },
    srt: { passphrase: `file:${join(folder, "passphrase")}`, latency: "200ms" },
  };
  const received = (connection: number) =>
    statSync(file(connection), { throwIfNoEntry: false })?.size ?? 0;
  return { destination, file, received };
}

const untilCarries = (encoder: string) =>
  facility.untilTold("stream.onAir", ({ message }) => message === `main: ${encoder} carries it`);

long(
  "a direct stream reaches it, and again when its encoder dies",
  async () => {
    const { destination, received } = await aFarEnd();
    facility = await Facility.build({ destination });
    facility.startDaemon();
    await untilCarries("a");
    await until("the picture of the first", () => received(1) > 50_000);
    kill(facility.enginePid("a"));
    // The far end takes one at a time, and holds on to the dead one for some seconds.
    await until("the picture of the next", () => received(2) > 50_000);
    await facility.endDaemon();
    expect(facility.log).not.toContain(passphrase);
  },
  120_000,
);

test("a relayed stream reaches it without a break when an encoder dies", async () => {
  const { destination, file, received } = await aFarEnd();
  const source = await startSharedSource(2);
  onTestFinished(() => source.close());
  const reads = (reader: number) => ({
    driver: "ffmpeg" as const,
    config: { input: { kind: "udp", url: source.url(reader) }, audio: { codec: "copy" } },
  });
  facility = await Facility.build({
    encoders: { a: reads(0), b: reads(1) },
    stream: { path: "relayed" },
    destination,
  });
  facility.startDaemon();
  await untilCarries("main-relay");
  await until("a picture", () => received(1) > 200_000);
  kill(facility.enginePid("a"));
  const then = received(1);
  await until("more of it", () => received(1) > then + 300_000);
  await facility.endDaemon();
  const codes = (await decodeBarCodes(file(1))).slice(0, -1);
  const steps = codes.slice(1).map(({ frame }, n) => framesBetween(codes[n]!.frame, frame));
  expect(steps.filter((step) => step !== 1)).toEqual([]);
  expect(received(2)).toBe(0);
  expect(facility.log).not.toContain(passphrase);
}, 120_000);
