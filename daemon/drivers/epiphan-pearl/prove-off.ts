import type { FenceEvidence } from "../../../machines/stream/fence-evidence.ts";
import { pause } from "../shared/pause.ts";
import { proveBy } from "../shared/proof.ts";
import { forgetKeys, refuseOtherOutputs, stopPublishers } from "./publish.ts";
import { liveOf, ownPublishers, readPublishers, readSystem, type Unit } from "./unit.ts";

/**
 * Fence level 1: stop the publisher, then hear it say "stopped" twice, one poll apart, within one
 * boot. Whether the box would start it again by itself (after a power cycle, for an event of its
 * schedule) cannot be read for sure; so `selfStartOff` is only said when, under `ownSelfStart`,
 * address and key were taken out of every publisher and read back as gone: what starts then by
 * itself cannot reach the key.
 */
export function proveOff(
  unit: Unit,
  output: string,
  signal: AbortSignal,
): Promise<FenceEvidence[]> {
  refuseOtherOutputs(unit, output);
  unit.timesTakenOff += 1;
  const { where, options, boot } = unit;
  const proof = {
    ...{ where, pauseMs: options.provePauseMs, onSilence: boot.silent },
    attempt: () => attempt(unit, signal),
  };
  return proveBy(proof, signal);
}

/** @returns undefined where the two reads do not belong together, or the box did not stay off */
async function attempt(unit: Unit, signal: AbortSignal): Promise<FenceEvidence | undefined> {
  const { options, context, where, memory } = unit;
  const own = ownPublishers(options);
  const bootMark = await markNow(unit, signal);
  await stopPublishers(unit, own, signal);
  const keyIsGone = options.ownSelfStart && (await forgetKeys(unit, signal));

  const readsOff = async () => {
    const publishers = await readPublishers(unit, signal);
    return own.every((id) => liveOf(publishers, [id], unit.wasConnected).state === "idle");
  };
  const offBefore = await readsOff();
  await pause(where, options.provePauseMs, signal);
  const offAfter = await readsOff();
  const sameBoot = (await markNow(unit, signal)) === bootMark;
  if (!offBefore || !offAfter || !sameBoot) return undefined;
  await memory.running(undefined);
  return {
    kind: "deviceNotStreaming",
    reads: 2,
    selfStartOff: keyIsGone,
    atMs: context.now(),
  };
}

async function markNow(unit: Unit, signal: AbortSignal): Promise<string> {
  const uptimeS = (await readSystem(unit, signal))?.uptimeS;
  return unit.boot.contact({ phase: "up", ...(uptimeS !== undefined && { uptimeS }) });
}
