import { DriverError, type PublishTarget } from "../driver.ts";
import { sameAddress } from "../shared/address.ts";
import { pause } from "../shared/pause.ts";
import {
  integerOf,
  isBooting,
  linkStartStopOn,
  mediaStateDataLan,
  memberOf,
  replicatorCommand,
  replicatorStates,
  streamTypeRtmp,
  type ProfileFamily,
} from "./parameters.ts";
import { ownSelfStart, wasSelfStartOff } from "./self-start.ts";
import { nameOf, profileOf, streamOutput, type Unit } from "./unit.ts";

/** Between two looks while the unit is stopping: four requests a second. */
export const stopLookMs = 250;
/**
 * What a poll read so lately is not asked again before a start: above ten requests a second the
 * unit gets slow, and these seconds are off air.
 */
export const pollIsFreshMs = 60_000;
/** 0.5 to 2 s from a start command to its effect, and a margin. */
const startTakesMs = 3_000;
/** A stop waits no longer for what it would spare. */
const unlinkWithinMs = 1_000;

export function refuseOtherOutputs(unit: Unit, output: string): void {
  if (output === streamOutput) return;
  throw new DriverError("notPossible", `${unit.where} has no output ${output} to start or stop`);
}

/**
 * Be publishing to `target`. What the unit publishes to now is read from the unit itself, never
 * assumed. Resolves when the unit took the command; that it streams is for the poll to see.
 */
export async function startOutput(
  unit: Unit,
  output: string,
  target: PublishTarget,
  signal: AbortSignal,
): Promise<void> {
  const { device, held, memory, session, where, options, context } = unit;
  refuseOtherOutputs(unit, output);
  session.beginCall();
  memory.accept(where, target);
  const mediaState = held.fresh("MediaState", pollIsFreshMs);
  if ((mediaState ?? (await device.read("MediaState", signal))) === mediaStateDataLan) {
    const why = "its media state is Data-LAN, in which it neither records nor streams";
    throw new DriverError("notPossible", `${where} cannot stream: ${why}`);
  }
  const state = replicatorStates.get(await device.readNeeded("ReplicatorStreamState", signal));
  if (state === undefined || state === "unknown" || state === "stopping")
    throw new DriverError("notPossible", `${where} is starting up or shutting down`);
  if (options.ownSelfStart && !wasSelfStartOff(unit, pollIsFreshMs))
    await ownSelfStart(unit, signal);

  const selected = await device.read("StreamingProfileSel", signal);
  if (selected !== undefined) held.note("StreamingProfileSel", selected);
  const profile = profileOf(selected);
  const { stream, destination, keyGeneration } = target;
  const run = {
    ...{ stream, destination, keyGeneration, seenStreaming: false },
    ...(profile !== undefined && { place: profile }),
  };
  const active = state === "streaming" || state === "failing";
  const configured = active && (await isConfigured(unit, profile, target, signal));
  if (configured && state === "streaming") return memory.running(run);
  // Whether a running stream takes a new address is not known (encoder-devices.md §1.5), and one
  // that is trying again could meet the new address with the old key: so it is stopped first. So is
  // one that fails: what it says from then on is of this start.
  if (state === "failing" || (active && !configured)) await stopAndWait(unit, signal);
  await memory.starting(run);
  await configure(unit, profile, target, signal);
  unit.startSentAtMs = context.now();
  await device.write("ReplicatorCommand", replicatorCommand.stream, signal);
}

/** Both forms are asked, unless the site says which: a HELO may stream from either. */
async function isConfigured(
  unit: Unit,
  profile: number | undefined,
  { address, streamKey }: PublishTarget,
  signal: AbortSignal,
): Promise<boolean> {
  const forms = unit.options.profileForm === "member" ? [profile, undefined] : [undefined];
  for (const numbered of forms) {
    const read = (family: ProfileFamily) =>
      unit.device.read(numbered === undefined ? family : memberOf(family, numbered), signal);
    const type = await read("StreamType");
    if (type === undefined && numbered === undefined && forms[0] !== undefined) continue;
    if (type !== streamTypeRtmp) return false;
    if (!sameAddress((await read("RTMPServerURL")) ?? "", address)) return false;
    if ((await read("RTMPStreamName")) !== streamKey) return false;
  }
  return true;
}

/** Nine requests in all from the state to the command, so that a start stays below the limit. */
async function configure(
  unit: Unit,
  profile: number | undefined,
  { address, streamKey }: Pick<PublishTarget, "address" | "streamKey">,
  signal: AbortSignal,
): Promise<void> {
  const streamType = nameOf("StreamType", profile, unit);
  const known = unit.held.fresh(streamType, pollIsFreshMs);
  if ((known ?? (await unit.device.read(streamType, signal))) !== streamTypeRtmp)
    await setBothForms(unit, "StreamType", profile, streamTypeRtmp, signal);
  unit.held.note(streamType, streamTypeRtmp);
  await setBothForms(unit, "RTMPServerURL", profile, address, signal);
  await setBothForms(unit, "RTMPStreamName", profile, streamKey, signal);
}

/**
 * Set the configured form, read both back. Most likely the unnumbered one is the working copy of
 * the selected profile and follows (§1.5, inferred); where it does not it is set too, because a
 * unit that streams from it would publish with the old key.
 */
export async function setBothForms(
  unit: Unit,
  family: ProfileFamily,
  profile: number | undefined,
  value: string,
  signal: AbortSignal,
): Promise<void> {
  const { device, held } = unit;
  const name = nameOf(family, profile, unit);
  await device.writeChecked(name, value, signal);
  held.note(name, value);
  if (name === family) return;
  const workingCopy = await device.read(family, signal);
  if (workingCopy !== undefined && workingCopy !== value)
    await device.writeChecked(family, value, signal);
}

/**
 * Be idle. With `LinkStartStop` on this also ends the recording, unless `ownSelfStart` lets us
 * switch that off: it is the operator's setting, and each reading says so.
 */
export async function stopOutput(
  unit: Unit,
  output: string,
  forgetKey: boolean,
  signal: AbortSignal,
): Promise<void> {
  refuseOtherOutputs(unit, output);
  unit.timesTakenOff += 1;
  unit.session.beginCall();
  const forget = async () => {
    const profile = profileOf(await unit.device.read("StreamingProfileSel", signal));
    await forgetDestination(unit, profile, signal);
  };
  // While it boots it obeys nothing, and may be about to stream: without a key it cannot.
  if (forgetKey && (await isStartingUp(unit, signal))) await forget();
  await stopAndWait(unit, signal);
  await unit.memory.running(undefined);
  if (forgetKey) await forget();
}

async function isStartingUp({ device }: Unit, signal: AbortSignal): Promise<boolean> {
  const systemState = integerOf(await device.read("SystemState", signal));
  return systemState !== undefined && isBooting(systemState);
}

/** Whether this is a stream key of one of our destinations. */
export const isOurs = ({ context }: Pick<Unit, "context">, key: string | undefined): boolean =>
  key !== undefined &&
  key !== "" &&
  context.knownTargets().some(({ streamKey }) => streamKey === key);

/** Profiles that were last read to hold one of our keys, whoever put it there. */
const profilesWithKey = (unit: Unit): number[] =>
  allProfiles.filter((profile) =>
    isOurs(unit, unit.held.fresh(memberOf("RTMPStreamName", profile), Infinity)),
  );
const allProfiles = Array.from({ length: 10 }, (_, profile) => profile);

/**
 * Empties every form that may hold the key: the selected profile's, those where we once put one, and
 * those that were seen to have one of ours.
 */
async function forgetDestination(
  unit: Unit,
  selected: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { device, held, memory } = unit;
  const profiles = new Set([...memory.placesWithKey(), ...profilesWithKey(unit)]);
  if (selected !== undefined) profiles.add(selected);
  for (const family of ["RTMPStreamName", "RTMPServerURL"] as const) {
    for (const profile of profiles) {
      await device.writeChecked(memberOf(family, profile), "", signal);
    }
    if ((await device.read(family, signal)) !== "") await device.writeChecked(family, "", signal);
    held.forget([family, ...[...profiles].map((profile) => memberOf(family, profile))]);
  }
  await memory.keyForgotten();
}

/** Sends the stop command and waits until the unit says that it no longer streams. */
export async function stopAndWait(unit: Unit, signal: AbortSignal): Promise<void> {
  const { device, where, options, context } = unit;
  await unlinkRecording(unit, signal);
  await device.write("ReplicatorCommand", replicatorCommand.stopStreaming, signal);
  const giveUpAtMs = context.now() + startPendingMs(unit) + options.stopWithinMs;
  let sentAgain = startPendingMs(unit) === 0;
  for (;;) {
    const state = replicatorStates.get(await device.readNeeded("ReplicatorStreamState", signal));
    const settled = startPendingMs(unit) === 0;
    if (state === "idle" && settled) return;
    if (settled && !sentAgain) {
      await device.write("ReplicatorCommand", replicatorCommand.stopStreaming, signal);
      sentAgain = true;
    }
    if (context.now() >= giveUpAtMs)
      throw new DriverError("failed", `${where} took the stop command and is still ${state}`);
    await pause(where, stopLookMs, signal);
  }
}

/**
 * With `LinkStartStop` on, a stop would end the recording too. Where the unit is ours to set up that
 * is switched off first, and read back; a unit that keeps it on, or is slow to answer for it, is
 * stopped all the same, because two publishers are worse than a recording that ends.
 * @returns whether the stop will end the recording, as far as is known
 */
export async function unlinkRecording(unit: Unit, signal: AbortSignal): Promise<boolean> {
  const { device, held, options } = unit;
  let value = held.fresh("LinkStartStop", pollIsFreshMs);
  if (!options.ownSelfStart) return value === linkStartStopOn;
  const soon = AbortSignal.any([signal, AbortSignal.timeout(unlinkWithinMs)]);
  try {
    value ??= await device.read("LinkStartStop", soon);
    if (value !== linkStartStopOn) return false;
    await device.writeChecked("LinkStartStop", "0", soon);
    held.note("LinkStartStop", "0");
    return false;
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    held.hurry(["LinkStartStop"]);
    return value === linkStartStopOn;
  }
}

/**
 * A start takes effect up to 2 s after it was accepted, and a stop that arrives before may change
 * nothing (encoder-devices.md §6). So "idle" proves nothing for so long after our own start.
 */
export function startPendingMs({ startSentAtMs, context }: Unit): number {
  if (startSentAtMs === undefined) return 0;
  return Math.max(startSentAtMs + startTakesMs - context.now(), 0);
}
