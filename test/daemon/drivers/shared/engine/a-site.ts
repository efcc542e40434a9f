import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import type { PublishTarget } from "../../../../../daemon/drivers/driver.ts";
import { vendors } from "../../../../../daemon/drivers/index.ts";
import {
  processesWithOpen,
  signalGroupOf,
} from "../../../../../daemon/drivers/shared/engine/processes.ts";
import type { EncoderReading, OutputReading } from "../../../../../machines/encoder/reading.ts";
import { startFarEnd } from "../../../../fakes/rtmp-far-end/far-end.ts";
import type { DaemonOrders } from "./a-daemon.ts";
import { until } from "./until.ts";

export const key = "canary-4711-secret";
export const output = "stream-1";
export const generous = () => AbortSignal.timeout(30_000);
/**
 * A far end, a state directory, and drivers on it that leave nothing behind.
 * @param elsewhere what is published to instead
 */
export async function aSite(
  vendor: string,
  configured: Record<string, unknown>,
  elsewhere?: Pick<PublishTarget, "address" | "srt">,
) {
  const stateDir = mkdtempSync(join(tmpdir(), `understudy-${vendor}-`));
  const folder = join(stateDir, "engines", output);
  const farEnd = await startFarEnd();
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
    ...elsewhere,
  });

  async function open(vendorNow = vendor, configuredNow = configured) {
    const { keyGeneration: _, stream: __, ...known } = target();
    const context = {
      encoder: "enc-a",
      knownTargets: () => [known],
      now: () => performance.now(),
    };
    const opened = vendors[vendorNow]!;
    const driver = await opened.open({ ...context, stateDir }, opened.options.parse(configuredNow));
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
      ...{ vendor, stateDir, options: configured },
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
    /** Of the program itself, as the launcher wrote it down. */
    pid: () => Number(readFileSync(join(folder, "pid"), "utf8").split(" ")[1]),
    launcherPid: () => Number(readFileSync(join(folder, "pid"), "utf8").split(" ")[3]),
    holders: () => processesWithOpen(join(folder, "lock")),
    /** Everything that stands in the state directory. */
    // A named pipe keeps nothing, and a read of it would wait for a writer.
    onDisk: () =>
      readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => readFileSync(join(folder, name), "utf8")),
  };
}
