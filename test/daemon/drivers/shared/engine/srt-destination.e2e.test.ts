/** Destinations that are reached by SRT, each with a real receiver. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../../../fakes/nginx-rtmp.ts";
import { aSite, generous, output } from "./a-site.ts";
import { until } from "./until.ts";
import { at } from "../../../../setup/effort.ts";

const passphrase = "canary-pass-4711";
const small = {
  input: { kind: "testPattern", width: 320, height: 180, framesPerSecond: 15 },
  video: { framesPerSecond: 15, bitrateBps: 300_000, gopSeconds: 1, preset: "ultrafast" },
};
const other = { caller: "listener", listener: "caller" } as const;

/** What it writes down of what it gets; called or calling, again and again. */
function aReceiver(port: number, mode: "caller" | "listener", secret: string) {
  const folder = mkdtempSync(join(tmpdir(), "srt-"));
  const file = join(folder, "received.ts");
  const url = `srt://127.0.0.1:${port}?mode=${mode}&passphrase=${secret}`;
  const run = `while :; do ffmpeg -nostdin -v quiet -f mpegts -i '${url}' -c copy -flush_packets 1 -f mpegts pipe:1 >>'${file}'; sleep 0.2; done`;
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "sh", "-c", run], {
    stdio: "ignore",
    detached: true,
  });
  onTestFinished(() => {
    process.kill(-child.pid!, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  return () => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

async function aSender(vendor: "ffmpeg" | "gstreamer", mode: "caller" | "listener") {
  const port = await freePort();
  const srt = { mode, passphrase, latencyMs: 200 };
  const to = { address: `srt://127.0.0.1:${port}`, srt };
  const site = await aSite(vendor, small, to);
  const opened = await site.open();
  /** Whoever calls is sent away until the other one listens. A receiver may ask for no id. */
  const untilStarted = (is: () => boolean) =>
    until("it is started", async () => {
      const target = { ...site.target(), streamKey: "" };
      if (opened.latest()?.state !== "streaming") {
        await opened.driver.startOutput(output, target, generous());
      }
      return is();
    });
  return { ...opened, port, site, untilStarted };
}

const senders = [
  ["ffmpeg", "caller"],
  ["gstreamer", "listener"],
  ["ffmpeg", "listener"],
  ["gstreamer", "caller"],
] as const;

test.each(at({ check: senders.slice(0, 1), test: senders.slice(0, 2), torture: [...senders] }))(
  "%s as the %s sends to whoever has the passphrase, also at less load, and keeps it to itself",
  async (vendor, mode) => {
    const { port, site, driver, latest, untilStarted } = await aSender(vendor, mode);
    const received = aReceiver(port, other[mode], passphrase);
    await untilStarted(() => latest()?.progress === "moving" && received() > 20_000);
    const before = site.pid();
    await driver.setLoad!(1, generous());
    const then = received();
    await untilStarted(() => received() > then + 20_000);
    expect(site.pid()).not.toBe(before);
    expect(site.onDisk().filter((text) => text.includes("canary"))).toEqual([]);
  },
);

test("a far end with another passphrase refuses, and neither is told", async () => {
  const { port, seen, untilStarted } = await aSender("ffmpeg", "caller");
  const received = aReceiver(port, "listener", "another-pass-1");
  await untilStarted(() => seen.some(({ refusal }) => refusal === "refused"));
  expect(received()).toBe(0);
  expect(JSON.stringify(seen)).not.toMatch(/canary|another-pass/);
});
