import { DriverError, type PublishTarget } from "../driver.ts";
import { pause } from "../shared/pause.ts";
import type { ServerEntry } from "./answers.ts";
import { entryOf, liveOf, mayHoldKey } from "./sessions.ts";
import {
  entryFor,
  forgetServer,
  holds,
  serversAtStake,
  switchOnOnly,
  switchServer,
  writeServer,
} from "./servers.ts";
import { isBusyWithItself, readSettings, readStatus, streamOutput, type Unit } from "./unit.ts";

/** Between two looks while the box is stopping. */
const stopLookMs = 250;
/** An entry that was switched off and still sends after so many looks: all live is stopped. */
const looksUntilStopLive = 3;

export function refuseOtherOutputs({ where }: Unit, output: string): void {
  if (output === streamOutput) return;
  throw new DriverError("notPossible", `${where} has no output ${output} to start or stop`);
}

/**
 * Be publishing to `target`. What the box holds is read from the box, never assumed. Resolves when
 * it took the command; that it streams is for the poll to see.
 */
export async function startOutput(
  unit: Unit,
  output: string,
  target: PublishTarget,
  signal: AbortSignal,
): Promise<void> {
  const { usapi, memory, where, options } = unit;
  refuseOtherOutputs(unit, output);
  usapi.beginCall();
  memory.accept(where, target);
  const status = await readStatus(unit, signal);
  if (isBusyWithItself(status))
    throw new DriverError("notPossible", `${where} is starting up, updating or going down`);
  const { servers } = await readSettings(unit, signal);
  const entry = entryFor(unit, servers, target);
  const { stream, destination, keyGeneration } = target;
  const run = { stream, destination, keyGeneration, place: entry.id, seenStreaming: false };
  const isWritten = options.servers !== undefined || holds(entry, target);
  const { state } = liveOf(status, [entry.id], false);
  if (isWritten && entry["is-use"] && state === "streaming") return memory.running(run);

  // Whether a session that runs takes a new address is not known, so it is stopped first.
  const atStake = serversAtStake(unit, servers);
  const isActive = liveOf(status, existing(atStake, servers), false).state !== "idle";
  if (isActive) await stopServers(unit, atStake, signal);
  await memory.starting(run);
  if (!isWritten) await writeServer(unit, entry, target, signal);
  await switchOnOnly(unit, entry.id, signal);
  unit.wasConnected = false;
  unit.pendingStart.sent();
  await usapi.command("start-live", {}, signal);
}

/**
 * Be idle. With `forgetKey` no entry of the box holds a key of ours afterwards; where the entries
 * were set up by hand they are switched off instead, each read back.
 */
export async function stopOutput(
  unit: Unit,
  output: string,
  forgetKey: boolean,
  signal: AbortSignal,
): Promise<void> {
  refuseOtherOutputs(unit, output);
  unit.usapi.beginCall();
  unit.timesTakenOff += 1;
  const { servers } = await readSettings(unit, signal);
  const atStake = serversAtStake(unit, servers);
  await stopServers(unit, atStake, signal);
  await unit.memory.running(undefined);
  if (forgetKey) await forgetKeys(unit, atStake, signal);
}

/** @returns whether no entry holds a key of ours any more: false where they are set up by hand */
export async function forgetKeys(
  unit: Unit,
  atStake: readonly number[],
  signal: AbortSignal,
): Promise<boolean> {
  const { options, memory, settings, where } = unit;
  const ids = new Set([...atStake, ...memory.placesWithKey()]);
  const holdsOurs = (entry: ServerEntry) => ids.has(entry.id) && mayHoldKey(entry);
  if (!options.servers) {
    for (const entry of (await readSettings(unit, signal)).servers)
      if (holdsOurs(entry)) await forgetServer(unit, entry, signal);
  }
  const now = await readSettings(unit, signal);
  settings.note(now);
  const inUse = [...ids].filter((id) => entryOf(now, id)?.["is-use"]);
  if (inUse.length > 0)
    throw new DriverError("failed", `${where} did not switch server entry ${inUse.join()} off`);
  if (options.servers) return false;
  for (const id of serversAtStake(unit, now.servers)) ids.add(id);
  const left = now.servers.filter(holdsOurs).map(({ id }) => id);
  if (left.length > 0)
    throw new DriverError("failed", `${where} still holds a key in entry ${left.join()}`);
  await memory.keyForgotten();
  return true;
}

/** Switches these entries off and waits until the box says that none of them is live. */
export async function stopServers(
  unit: Unit,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const { where, options, context, usapi, pendingStart } = unit;
  // An entry that is no longer there cannot send; the box does not tell of it either.
  const there = existing(ids, (await readSettings(unit, signal)).servers);
  const switchOff = async () => {
    for (const id of there) await switchServer(unit, id, 0, signal);
  };
  let everythingStopped = false;
  const stopLive = async () => {
    await usapi.command("stop-live", {}, signal);
    everythingStopped = true;
  };
  try {
    await switchOff();
  } catch (error) {
    // Not while it is live, or not on this firmware: then the live session ends as a whole.
    if (!(error instanceof DriverError) || error.code !== "failed") throw error;
    await stopLive();
    await switchOff();
  }
  unit.settings.forget();
  const giveUpAtMs = context.now() + pendingStart.leftMs() + options.stopWithinMs;
  for (let looks = 1; ; looks += 1) {
    const { state } = liveOf(await readStatus(unit, signal), there, unit.wasConnected);
    const settled = pendingStart.leftMs() === 0;
    if (state === "idle" && settled) return;
    if (state !== "idle" && !everythingStopped && looks >= looksUntilStopLive) await stopLive();
    if (context.now() >= giveUpAtMs)
      throw new DriverError("failed", `${where} took the stop command and is still ${state}`);
    await pause(where, stopLookMs, signal);
  }
}

export function existing(ids: readonly number[], servers: ServerEntry[]): number[] {
  return ids.filter((id) => servers.some((entry) => entry.id === id));
}
