import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { PublishTarget } from "../../../../daemon/drivers/driver.ts";
import { openFfmpeg } from "../../../../daemon/drivers/ffmpeg/ffmpeg.ts";
import { FfmpegOptions } from "../../../../daemon/drivers/ffmpeg/options.ts";
import { processesWithOpen, signalGroupOf } from "../../../../daemon/drivers/ffmpeg/processes.ts";
import type { EncoderReading, OutputReading } from "../../../../machines/encoder/reading.ts";
import { startFarEnd } from "../../../fakes/rtmp-far-end/far-end.ts";
import type { DaemonOrders } from "./a-daemon.ts";

export const key = "canary-4711-secret";
export const output = "stream-1";
export const generous = () => AbortSignal.timeout(30_000);
const launcher = new URL("../../../../daemon/drivers/ffmpeg/launcher.sh", import.meta.url).pathname;
const small = {
  source: "studio",
  input: { kind: "testPattern", width: 320, height: 180, framesPerSecond: 15 },
  video: { framesPerSecond: 15, bitrateBps: 300_000, gopSeconds: 1, preset: "ultrafast" },
};

/** Waits for what must come, with a limit that only a broken program reaches. */
export async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (const end = performance.now() + 30_000; performance.now() < end; await pause(5)) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
  }
  throw new Error(`never: ${what}`);
}

/** A far end, a state directory, and drivers on it that leave nothing behind. */
export async function aSite(options: Record<string, unknown> = {}) {
  const stateDir = mkdtempSync(join(tmpdir(), "understudy-ffmpeg-"));
  const folder = join(stateDir, "engines", output);
  const farEnd = await startFarEnd();
  const configured = { ...small, ...options };
  onTestFinished(async () => {
    for (const left of await processesWithOpen(join(folder, "lock"))) {
      signalGroupOf(left, "SIGKILL");
    }
    await farEnd.close();
    rmSync(stateDir, { recursive: true, maxRetries: 5 });
  });

  const target = (keyGeneration = 1): PublishTarget => ({
    ...{ stream: "main", destination: "cdn", address: farEnd.rtmpUrl, streamKey: key },
    keyGeneration,
  });

  async function open() {
    const context = { encoder: "enc-a", knownTargets: () => [], now: () => performance.now() };
    const parsed = FfmpegOptions.parse(configured);
    const driver = await openFfmpeg({ ...context, stateDir }, parsed, launcher);
    onTestFinished(() => driver.close());
    const seen: (OutputReading & { atMs: number; reading: EncoderReading })[] = [];
    driver.watch?.((reading) => {
      const of = reading.outputs[output];
      if (of) seen.push({ ...of, atMs: performance.now(), reading });
    });
    const latest = () => seen.at(-1);
    const moving = () =>
      until(
        "output moves",
        () => latest()?.state === "streaming" && latest()?.progress === "moving",
      );
    return { driver, seen, latest, moving };
  }

  /** Another daemon on the same state directory, as a process that can be killed. */
  async function openElsewhere(start?: PublishTarget) {
    const orders: DaemonOrders = {
      ...{ stateDir, launcher, options: configured },
      ...(start && { target: start }),
    };
    const script = new URL("a-daemon.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(orders)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const lines: { ready?: true; reading?: EncoderReading }[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(JSON.parse(line) as (typeof lines)[number]);
    });
    await until("the other daemon is ready", () => lines.some(({ ready }) => ready));
    const gone = new Promise((resolve) => child.once("exit", resolve));
    return {
      moving: () =>
        until("output moves", () =>
          lines.some(({ reading }) => reading?.outputs[output]?.progress === "moving"),
        ),
      kill: async () => {
        child.kill("SIGKILL");
        await gone;
      },
    };
  }

  return {
    ...{ stateDir, folder, farEnd, target, open, openElsewhere },
    /** Of ffmpeg itself, as the launcher wrote it down. */
    pid: () => Number(readFileSync(join(folder, "pid"), "utf8").split(" ")[1]),
    launcherPid: () => Number(readFileSync(join(folder, "pid"), "utf8").split(" ")[3]),
    holders: () => processesWithOpen(join(folder, "lock")),
    /** Everything that stands in the state directory. */
    onDisk: () => readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8")),
  };
}
