import type { ProfileChoice } from "../../../machines/intents.ts";
import { DriverError } from "../driver.ts";
import { flagOf, memberOf, replicatorStates } from "./parameters.ts";
import { destinationFamilies } from "./presets.ts";
import { stopAndWait } from "./publish.ts";
import { isLight } from "./record-light.ts";
import { destinationNames, recordBitrateRead } from "./reads.ts";
import { settingReads } from "./settings.ts";
import { nameOf, profileOf, type Unit } from "./unit.ts";

/** Of each family; `StreamingProfileSel` 0 is member `_1` (encoder-devices.md §1.5). */
export const profileCount = 10;
const selectors = {
  stream: { selector: "StreamingProfileSel", names: "StreamingProfileName" },
  recording: { selector: "RecordingProfileSel", names: "RecordingProfileName" },
} as const;

/**
 * Work with another profile. What a running encoder makes of that is recorded nowhere, so a stream
 * is stopped before (where `interrupt` says so) and a recording refuses it.
 */
export async function selectProfile(
  unit: Unit,
  { of, profile, interrupt }: ProfileChoice,
  signal: AbortSignal,
): Promise<{ name?: string; restored: string[] }> {
  const { device, held, session, where } = unit;
  if (profile > profileCount)
    throw new DriverError("notPossible", `${where} has ${profileCount} profiles`);
  const { selector, names } = selectors[of];
  session.beginCall();
  const before = profileOf(await device.readNeeded(selector, signal));
  const restored: string[] = [];
  if (before !== profile - 1) {
    if (of === "stream") {
      await atRest(unit, interrupt === true, signal);
      restored.push(...(await bringDestination(unit, { before, profile: profile - 1 }, signal)));
    } else await refuseRecording(unit, signal);
    await device.writeChecked(selector, String(profile - 1), signal);
    held.note(selector, String(profile - 1));
    if (of === "stream") restored.push(...(await checkWorkingCopy(unit, profile - 1, signal)));
    const next = of === "stream" ? settingReads(unit) : [recordBitrateRead(unit)];
    held.hurry([...destinationNames(unit), ...next.map(({ name }) => name)]);
  }
  const name = await device.read(`${names}_${profile}`, signal);
  return { ...(name && { name }), restored: [...new Set(restored)] };
}

/** Not streaming, and not recording with the codec of the stream. */
async function atRest(unit: Unit, mayStop: boolean, signal: AbortSignal): Promise<void> {
  const { device, where, memory } = unit;
  const records = replicatorStates.get((await device.read("ReplicatorRecordState", signal)) ?? "1");
  if (records !== "idle" && flagOf(await device.read("LinkProfiles", signal)) !== false)
    throw new DriverError("notPossible", `${where} records with the settings of its stream`);
  const state = replicatorStates.get(await device.readNeeded("ReplicatorStreamState", signal));
  if (state === "idle") return;
  if (!mayStop) throw new DriverError("notPossible", `${where} streams`);
  unit.timesTakenOff += 1;
  await stopAndWait(unit, signal);
  await memory.running(undefined);
}

async function refuseRecording(unit: Unit, signal: AbortSignal): Promise<void> {
  const { device, where } = unit;
  const state = replicatorStates.get(await device.readNeeded("ReplicatorRecordState", signal));
  if (state !== "idle") throw new DriverError("notPossible", `${where} records`);
  if (isLight(unit))
    throw new DriverError("notPossible", `${where} records with less now, as its medium is slow`);
}

/**
 * A profile keeps an address and a key of its own: a benched unit could learn a key from it. So it
 * gets those of the one before, and before it is selected. Values are secrets: they go nowhere else.
 */
async function bringDestination(
  unit: Unit,
  { before, profile }: { before: number | undefined; profile: number },
  signal: AbortSignal,
): Promise<string[]> {
  const { device, memory } = unit;
  const replaced: string[] = [];
  for (const [what, family] of Object.entries(destinationFamilies)) {
    const wanted = await device.read(nameOf(family, before, unit), signal);
    const there = memberOf(family, profile);
    const own = await device.read(there, signal);
    if (wanted === undefined || own === undefined || wanted === own) continue;
    if (family === "RTMPStreamName" && wanted !== "") await memory.keyCopied(profile);
    await device.writeChecked(there, wanted, signal);
    replaced.push(what);
  }
  return replaced;
}

/** Most likely it follows the profile that is selected (§1.5, inferred); where not, it is set. */
async function checkWorkingCopy(
  unit: Unit,
  profile: number,
  signal: AbortSignal,
): Promise<string[]> {
  const { device } = unit;
  const replaced: string[] = [];
  for (const [what, family] of Object.entries(destinationFamilies)) {
    const wanted = await device.read(memberOf(family, profile), signal);
    const copy = await device.read(family, signal);
    if (wanted === undefined || copy === undefined || copy === wanted) continue;
    await device.writeChecked(family, wanted, signal);
    replaced.push(what);
  }
  return replaced;
}
