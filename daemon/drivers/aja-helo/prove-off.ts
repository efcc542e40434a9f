import type { FenceEvidence } from "../../../machines/stream/fence-evidence.ts";
import { pause } from "../shared/pause.ts";
import { proveBy } from "../shared/proof.ts";
import { integerOf, isBooting, replicatorCommand, replicatorStates } from "./parameters.ts";
import {
  pollIsFreshMs,
  refuseOtherOutputs,
  startPendingMs,
  stopLookMs,
  unlinkRecording,
} from "./publish.ts";
import { isSelfStartOff, ownSelfStart, selfStartNames, wasSelfStartOff } from "./self-start.ts";
import { recordOutput, type Unit } from "./unit.ts";

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
  unit.timesTakenOff += 1;
  const { where, options, session, boot } = unit;
  let endsToo: string[] | undefined;
  const beforeStop = async () => (endsToo ??= await whatEndsToo(unit, signal));
  const prove = async () => {
    session.beginCall();
    return attempt(unit, beforeStop, signal);
  };
  const proof = { where, pauseMs: options.provePauseMs, attempt: prove, onSilence: boot.silent };
  return proveBy(proof, signal);
}

/** @returns undefined where the two reads do not belong together, or the unit did not stay off */
async function attempt(
  unit: Unit,
  beforeStop: () => Promise<string[]>,
  signal: AbortSignal,
): Promise<FenceEvidence | undefined> {
  const { device, options, context, held } = unit;
  const stop = () => device.write("ReplicatorCommand", replicatorCommand.stopStreaming, signal);
  const readsOff = async () => isOff(await device.readNeeded("ReplicatorStreamState", signal));
  const bootMark = await markOfRunning(unit, signal);
  if (bootMark === undefined) return undefined;
  const endedToo = await beforeStop();
  await stop();
  if (startPendingMs(unit) > 0) {
    await pause(unit.where, startPendingMs(unit), signal);
    await stop();
  }
  // It is read again below: twice would be a request too many, above which a unit gets slow.
  const owns = options.ownSelfStart && !wasSelfStartOff(unit, pollIsFreshMs);
  if (owns) await ownSelfStart(unit, signal);

  const giveUpAtMs = context.now() + options.stopWithinMs;
  while (!(await readsOff())) {
    if (context.now() >= giveUpAtMs) return undefined;
    await pause(unit.where, stopLookMs, signal);
  }
  await pause(unit.where, options.provePauseMs, signal);

  const selfStartOff = await isSelfStartOff(unit, signal);
  const stillOff = await readsOff();
  const sameBoot = (await markOfRunning(unit, signal)) === bootMark;
  if (!stillOff || !sameBoot) return undefined;
  if (!selfStartOff && options.ownSelfStart && !owns) {
    held.forget(selfStartNames);
    return undefined;
  }
  return {
    ...{ kind: "deviceNotStreaming", reads: 2, selfStartOff, atMs: context.now() },
    ...(endedToo.length > 0 && { endedToo }),
  };
}

/** Of what the unit was last read to do: once, because after the first stop it does so no more. */
async function whatEndsToo(unit: Unit, signal: AbortSignal): Promise<string[]> {
  const state = unit.held.fresh("ReplicatorRecordState", pollIsFreshMs) ?? "";
  const records = replicatorStates.get(state) === "streaming";
  const endsRecording = await unlinkRecording(unit, signal);
  return records && endsRecording ? [recordOutput] : [];
}

/** The boot that the unit is in; undefined while it starts up and would not obey. */
async function markOfRunning({ device, boot }: Unit, signal: AbortSignal) {
  const systemState = integerOf(await device.readNeeded("SystemState", signal));
  const bootMark = boot.contact({ systemState });
  return systemState === undefined || isBooting(systemState) ? undefined : bootMark;
}

/** Idle, or at rest with a fault. Failing (it may try again), stopping and unknown are not off. */
const isOff = (streamState: string) => replicatorStates.get(streamState) === "idle";
