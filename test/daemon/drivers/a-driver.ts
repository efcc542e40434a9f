import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type {
  DriverContext,
  EncoderDriver,
  KnownTarget,
  PublishTarget,
} from "../../../daemon/drivers/driver.ts";

export const aTarget: PublishTarget = {
  stream: "sunday",
  destination: "cdn",
  address: "rtmp://127.0.0.1:1/live",
  streamKey: "s3cret key/ü&=?",
  keyGeneration: 7,
};

export function aStateDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "driver-"));
  // A driver may still be writing into it.
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
}

/** A driver in a test's hand, with a clock that can be moved on. */
export function inHand(
  open: (context: DriverContext) => EncoderDriver,
  { knownTargets = [aTarget] as KnownTarget[], stateDir = aStateDir() } = {},
) {
  let skippedMs = 0;
  const driver = open({
    encoder: "studio-a",
    knownTargets: () => knownTargets,
    now: () => performance.now() + skippedMs,
    stateDir,
  });
  onTestFinished(() => driver.close());
  const signal = (withinMs = 10_000) => AbortSignal.timeout(withinMs);
  const poll = (withinMs?: number) => driver.poll(signal(withinMs));
  return {
    driver,
    stateDir,
    /** Pretend that so much time has passed. */
    pass: (ms: number) => void (skippedMs += ms),
    poll,
    /** Polls, some seconds apart by the driver's clock, until all that is read in turn is known. */
    pollAll: async () => {
      for (let polls = 0; polls < 6; polls += 1) {
        await poll();
        skippedMs += 2_000;
      }
      return poll();
    },
    stream: async () => (await poll()).outputs["stream-1"],
    start: (target: PublishTarget = aTarget, withinMs?: number) =>
      driver.startOutput("stream-1", target, signal(withinMs)),
    stop: (forgetKey = false, withinMs?: number) =>
      driver.stopOutput("stream-1", forgetKey, signal(withinMs)),
    prove: (address = aTarget.address, withinMs?: number) =>
      driver.proveOff("stream-1", address, signal(withinMs)),
    own: () => driver.ownSelfStart(signal()),
  };
}
