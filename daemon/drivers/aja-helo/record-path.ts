/** Moving a recording to another medium of the same unit, without touching its stream. */
import { DriverError } from "../driver.ts";
import { pause } from "../shared/pause.ts";
import { destinationOf, mediumOf } from "./media.ts";
import { linkStartStopOn, mediaStateDataLan, replicatorCommand } from "./parameters.ts";
import { setBothForms, stopLookMs } from "./publish.ts";
import { becomes, isLinked, stateOf } from "./recording.ts";
import { profileOf, type Unit } from "./unit.ts";

/** A card or stick is mounted within a few seconds; a share may be asked for over the network. */
const mountTakesMs = 8_000;
/** For putting the link back when the call itself was given up. */
const relinkWithinMs = 2_000;

/**
 * Be recording to `medium`. Where that cannot be, the unit is left as it was found: on its old
 * destination, and recording there if it did.
 */
export async function recordTo(unit: Unit, medium: string, signal: AbortSignal): Promise<void> {
  const { device, session, where } = unit;
  session.beginCall();
  const wanted = destinationOf(medium);
  if (wanted === undefined)
    throw new DriverError("notPossible", `${where} cannot record to ${medium}`);
  if ((await device.read("MediaState", signal)) === mediaStateDataLan)
    throw new DriverError("notPossible", `${where} is in Data-LAN, in which it does not record`);
  const before = await device.readNeeded("RecordingDestination", signal);
  const records = await stateOf(unit, "record", signal);
  if (records === "streaming" && before === wanted) return;
  await unlinked(unit, signal, async () => {
    if (records !== "idle") await stop(unit, signal);
    try {
      await recordAt(unit, wanted, signal);
    } catch (error) {
      signal.throwIfAborted();
      await putBack(unit, { before, recorded: records === "streaming" }, signal);
      throw error;
    }
  });
}

/**
 * With `LinkStartStop` on, record commands start and stop the stream as well: so it is off for the
 * time of the move, and put back whatever comes. A unit that keeps it on is not touched.
 */
export async function unlinked(unit: Unit, signal: AbortSignal, work: () => Promise<void>) {
  const { device, held, where } = unit;
  if (!(await isLinked(unit, signal))) return work();
  try {
    await device.writeChecked("LinkStartStop", "0", signal).catch((cause: unknown) => {
      const why = `${where} keeps Link Start/Stop on: its stream would be touched`;
      throw new DriverError("notPossible", why, { cause });
    });
    await work();
  } finally {
    // Also where nobody knows whether it was taken.
    const late = AbortSignal.timeout(relinkWithinMs);
    const relink = device.writeChecked("LinkStartStop", linkStartStopOn, late);
    await relink.then(
      () => held.note("LinkStartStop", linkStartStopOn),
      () => held.hurry(["LinkStartStop"]),
    );
  }
}

async function stop(unit: Unit, signal: AbortSignal): Promise<void> {
  await unit.device.write("ReplicatorCommand", replicatorCommand.stopRecording, signal);
  if (await becomes(unit, "idle", signal)) return;
  throw new DriverError("failed", `${unit.where} took the command and still records`);
}

async function recordAt(unit: Unit, destination: string, signal: AbortSignal): Promise<void> {
  const { device, held, where, context } = unit;
  const profile = profileOf(await device.read("RecordingProfileSel", signal));
  await setBothForms(unit, "RecordingDestination", profile, destination, signal);
  held.note("RecordingDestination", destination);
  const name = mediumOf(destination) ?? destination;
  const giveUpAtMs = context.now() + mountTakesMs;
  while (!(await isReady(unit, signal))) {
    if (context.now() >= giveUpAtMs)
      throw new DriverError("failed", `${where} has nothing at ${name} that it could record to`);
    await pause(where, stopLookMs, signal);
  }
  await device.write("ReplicatorCommand", replicatorCommand.record, signal);
  if (await becomes(unit, "streaming", signal)) return;
  throw new DriverError("failed", `${where} does not record to ${name}`);
}

/** What is held of the old medium says nothing of the new one: it is read anew. */
async function isReady({ device, held }: Unit, signal: AbortSignal): Promise<boolean> {
  held.forget(["CurrentMediaUnusedBytes", "CurrentMediaTotalBytes", "CurrentMediaAvailable"]);
  held.forget(["FilesystemType"]);
  const mounted = await device.read("CurrentMediaMounted", signal);
  if (mounted !== undefined) held.note("CurrentMediaMounted", mounted);
  const ready = await device.read("MediaRecordReady", signal);
  return mounted === "1" && ready !== "0";
}

async function putBack(
  unit: Unit,
  { before, recorded }: { before: string; recorded: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { device, held } = unit;
  const profile = profileOf(await device.read("RecordingProfileSel", signal));
  await setBothForms(unit, "RecordingDestination", profile, before, signal);
  held.note("RecordingDestination", before);
  held.forget(["CurrentMediaMounted", "CurrentMediaUnusedBytes", "CurrentMediaTotalBytes"]);
  if (recorded) await recordAt(unit, before, signal).catch(() => undefined);
}
