import { DriverError } from "../driver.ts";
import { pause } from "../shared/pause.ts";
import {
  linkStartStopOn,
  mediaStateDataLan,
  replicatorCommand,
  replicatorStates,
} from "./parameters.ts";
import { stopLookMs } from "./publish.ts";
import type { Unit } from "./unit.ts";

const states = { stream: "ReplicatorStreamState", record: "ReplicatorRecordState" } as const;

/** 0.5 to 2 s are usual from the command to its effect; a share takes longer to open a file. */
const recordTakesMs = 6_000;

/**
 * Be recording. With `LinkStartStop` on the same command starts the stream: so only a unit that
 * streams already may be told.
 */
export async function startRecording(unit: Unit, signal: AbortSignal): Promise<void> {
  const { device, session, where } = unit;
  session.beginCall();
  if ((await stateOf(unit, "record", signal)) === "streaming") return;
  if ((await device.read("MediaState", signal)) === mediaStateDataLan)
    throw new DriverError("notPossible", `${where} is in Data-LAN, in which it does not record`);
  if ((await isLinked(unit, signal)) && (await stateOf(unit, "stream", signal)) !== "streaming")
    throw new DriverError("notPossible", `${where} would start its stream, too (Link Start/Stop)`);
  await device.write("ReplicatorCommand", replicatorCommand.record, signal);
  if (await becomes(unit, "streaming", signal)) return;
  throw new DriverError("failed", `${where} does not record: see what it says of its media`);
}

/** Be at rest. With `LinkStartStop` on this would stop a stream: then it is refused. */
export async function stopRecording(unit: Unit, signal: AbortSignal): Promise<void> {
  const { device, session, where } = unit;
  session.beginCall();
  if ((await isLinked(unit, signal)) && (await stateOf(unit, "stream", signal)) !== "idle")
    throw new DriverError("notPossible", `${where} would stop its stream, too (Link Start/Stop)`);
  await device.write("ReplicatorCommand", replicatorCommand.stopRecording, signal);
  if (await becomes(unit, "idle", signal)) return;
  throw new DriverError("failed", `${where} took the command and still records`);
}

/** A unit that does not know the parameter links nothing. */
export async function isLinked({ device, held }: Unit, signal: AbortSignal): Promise<boolean> {
  const value = await device.read("LinkStartStop", signal);
  if (value !== undefined) held.note("LinkStartStop", value);
  return value === linkStartStopOn;
}

export async function stateOf(
  { device, held }: Unit,
  of: keyof typeof states,
  signal: AbortSignal,
) {
  const value = await device.readNeeded(states[of], signal);
  held.note(states[of], value);
  return replicatorStates.get(value) ?? "unknown";
}

export async function becomes(unit: Unit, wanted: "streaming" | "idle", signal: AbortSignal) {
  const giveUpAtMs = unit.context.now() + recordTakesMs;
  for (;;) {
    if ((await stateOf(unit, "record", signal)) === wanted) return true;
    if (unit.context.now() >= giveUpAtMs) return false;
    await pause(unit.where, stopLookMs, signal);
  }
}
