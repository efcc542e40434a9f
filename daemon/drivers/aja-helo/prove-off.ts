import type { FenceEvidence } from "../../../machines/stream/fence-proof.ts";
import { DriverError } from "../driver.ts";
import { replicatorCommand, replicatorStates } from "./parameters.ts";
import { pause, refuseOtherOutputs, startPendingMs, stopLookMs } from "./publish.ts";
import { isSelfStartOff, lookAtStream, ownSelfStart } from "./self-start.ts";
import type { Unit } from "./unit.ts";

/** So many calls in a row without an answer: the unit cannot be reached, nothing can be proven. */
const failuresUntilSilent = 2;

/**
 * Fence level 1: stop the unit, then hear it say "not streaming" twice, one poll apart, within one
 * boot in which it was read back that it will not start again by itself. A boot between the reads
 * and a stream that came up again start the proof over; silence gives an empty list.
 */
export async function proveOff(
  unit: Unit,
  output: string,
  signal: AbortSignal,
): Promise<FenceEvidence[]> {
  refuseOtherOutputs(unit, output);
  let failures = 0;
  while (!signal.aborted && failures < failuresUntilSilent) {
    unit.session.beginCall();
    try {
      const evidence = await attempt(unit, signal);
      if (evidence) return [evidence];
      failures = 0;
      await pause(unit, unit.options.provePauseMs, signal);
    } catch (error) {
      if (!(error instanceof DriverError) || error.code === "unauthorized") throw error;
      if (error.code === "timeout" || error.code === "refused") unit.boot.silent();
      failures += 1;
    }
  }
  return [];
}

/** @returns undefined where the two reads do not belong together, or the unit did not stay off */
async function attempt(unit: Unit, signal: AbortSignal): Promise<FenceEvidence | undefined> {
  const { device, options, context } = unit;
  const before = await lookAtStream(unit, signal);
  if (before.booting) return undefined;
  const stop = () => device.write("ReplicatorCommand", replicatorCommand.stopStreaming, signal);
  await stop();
  if (startPendingMs(unit) > 0) {
    await pause(unit, startPendingMs(unit), signal);
    await stop();
  }
  if (options.ownSelfStart) await ownSelfStart(unit, signal);

  const giveUpAtMs = context.now() + options.stopWithinMs;
  let first = await lookAtStream(unit, signal);
  while (!isOff(first.streamState)) {
    if (context.now() >= giveUpAtMs || first.bootMark !== before.bootMark) return undefined;
    await pause(unit, stopLookMs, signal);
    first = await lookAtStream(unit, signal);
  }
  await pause(unit, options.provePauseMs, signal);

  const selfStartOff = await isSelfStartOff(unit, signal);
  const second = await lookAtStream(unit, signal);
  const oneBoot = first.bootMark === before.bootMark && second.bootMark === before.bootMark;
  if (!oneBoot || first.booting || second.booting || !isOff(second.streamState)) return undefined;
  return { kind: "deviceNotStreaming", reads: 2, selfStartOff, atMs: context.now() };
}

/** Idle, or at rest with a fault. Failing (it may try again), stopping and unknown are not off. */
const isOff = (streamState: string) => replicatorStates.get(streamState) === "idle";
