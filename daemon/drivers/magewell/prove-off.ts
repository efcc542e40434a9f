import type { FenceEvidence } from "../../../machines/stream/fence-evidence.ts";
import { pause } from "../shared/pause.ts";
import { proveBy } from "../shared/proof.ts";
import { existing, forgetKeys, refuseOtherOutputs, stopServers } from "./publish.ts";
import { serversAtStake } from "./servers.ts";
import { liveOf } from "./sessions.ts";
import { phaseOf, readSettings, readStatus, type Unit } from "./unit.ts";

/**
 * Fence level 1: every entry that could carry the key is switched off, then the box says "not
 * live" of all of them twice, one poll apart, within one boot. Whether it would start again by
 * itself cannot be read from these boxes; so `selfStartOff` is only said when, under
 * `ownSelfStart`, address and key were taken out of every entry and read back as gone: what starts
 * then by itself cannot reach the key.
 */
export function proveOff(
  unit: Unit,
  output: string,
  address: string,
  signal: AbortSignal,
): Promise<FenceEvidence[]> {
  refuseOtherOutputs(unit, output);
  unit.timesTakenOff += 1;
  const { where, options, usapi, boot } = unit;
  const prove = async () => {
    usapi.beginCall();
    return attempt(unit, address, signal);
  };
  const proof = { where, pauseMs: options.provePauseMs, attempt: prove, onSilence: boot.silent };
  return proveBy(proof, signal);
}

/** @returns undefined where the two reads do not belong together, or the box did not stay off */
async function attempt(
  unit: Unit,
  address: string,
  signal: AbortSignal,
): Promise<FenceEvidence | undefined> {
  const { options, context, where, memory } = unit;
  const bootMark = await markOfRunning(unit, signal);
  if (bootMark === undefined) return undefined;
  const { servers } = await readSettings(unit, signal);
  const atStake = [
    ...new Set([...serversAtStake(unit, servers, address), ...memory.placesWithKey()]),
  ];
  await stopServers(unit, atStake, signal);
  const keyIsGone = options.ownSelfStart && (await forgetKeys(unit, atStake, signal));

  const there = existing(atStake, servers);
  const readsOff = async () => {
    const status = await readStatus(unit, signal);
    return liveOf(status, there, unit.wasConnected).state === "idle";
  };
  const offBefore = await readsOff();
  await pause(where, options.provePauseMs, signal);
  const offAfter = await readsOff();
  const sameBoot = (await markOfRunning(unit, signal)) === bootMark;
  if (!offBefore || !offAfter || !sameBoot) return undefined;
  await memory.running(undefined);
  return {
    kind: "deviceNotStreaming",
    reads: 2,
    selfStartOff: keyIsGone,
    atMs: context.now(),
  };
}

/** The boot that the box is in; undefined while it would not obey. */
async function markOfRunning(unit: Unit, signal: AbortSignal): Promise<string | undefined> {
  const phase = phaseOf((await readStatus(unit, signal)).bits);
  const bootMark = unit.boot.contact({ phase });
  return phase === "up" ? bootMark : undefined;
}
