import { alarmNames, decodeAlarm, watchedAlarms } from "./alarms.ts";
import type { Slow } from "./held-values.ts";
import { mediaNames } from "./media.ts";
import { memberOf, type ProfileFamily, replicatorStates } from "./parameters.ts";
import { isSetting, settingReads } from "./settings.ts";
import { nameOf, profileOf, type Unit } from "./unit.ts";

const second = 1_000;
const minute = 60 * second;
/** Once per boot: a boot makes the driver forget what it read. */
const once = 24 * 60 * minute;
const every = (everyMs: number, name: string): Slow => ({ name, everyMs });

/** What is read now and then, with how often where no events come. */
export const slow = {
  profileSel: every(15 * second, "StreamingProfileSel"),
  recordingProfileSel: every(minute, "RecordingProfileSel"),
  videoIn: every(minute, "VideoInSelect"),
  mute: every(minute, "AVMute"),
  mediaState: every(15 * second, "MediaState"),
  recordState: every(15 * second, "ReplicatorRecordState"),
  temperature: every(20 * second, "Temperature"),
  autoRecover: every(30 * second, "AutoRecoverStreaming"),
  powerUp: every(30 * second, "PowerUpState"),
  scheduler: every(30 * second, "SchedulerEnabled"),
  schedulerActivity: every(2 * minute, "SchedulerActivity"),
  nextEvent: every(2 * minute, "SchedulerNextEvent"),
  timeSource: every(2 * minute, "TimeSource"),
  timeServer: every(2 * minute, "NTPServer"),
  link: every(30 * second, "LinkStartStop"),
  shutdown: every(30 * second, "ShutdownMessageII"),
  network: every(minute, "NetworkConnected"),
  safeboot: every(2 * minute, "SafebootMode"),
  firmwareUpdate: every(30 * second, "FirmwareUpdateState"),
  model: every(once, "ProductID"),
  serialNumber: every(once, "FormattedSerialNumber"),
  firmware: every(once, "CurrentlyRunningImageVersion"),
} as const;

export function watchedAlarm(name: (typeof watchedAlarms)[number]): Slow {
  return every(40 * second, name);
}
/** The ten that say most of the stream come often, the others in turn over a quarter of an hour. */
export const alarmReads: readonly Slow[] = [
  ...watchedAlarms.map((name) => watchedAlarm(name)),
  ...[...alarmNames.error, ...alarmNames.warning]
    .filter((name) => !(watchedAlarms as readonly string[]).includes(name))
    .map((name) => every(10 * minute, name)),
];
const otherAlarms = alarmReads.slice(watchedAlarms.length);

const mediaReads: readonly Slow[] = mediaNames.map((name) => every(2 * minute, name));
/** Where a recording goes has to be known before its medium fails. */
const isDestination = ({ name }: Slow) => name.endsWith("RecordingDestination");

/** HELO Plus: the only parameters known that tell its two streams apart (§1.9). */
export const plusDurations = ["Stream1_Duration", "Stream2_Duration"] as const;

/** What tells how long the stream runs on this model. */
export function durationName({ held }: Unit): string {
  const [first] = plusDurations;
  const isMissing = !held.worthReading("StreamingDuration");
  return isMissing && isHeloPlus(held.value(slow.model)) ? first : "StreamingDuration";
}

export function destinationReads(unit: Unit) {
  const profile = profileOf(unit.held.value(slow.profileSel));
  const of = (family: ProfileFamily, everyMs: number) =>
    every(everyMs, nameOf(family, profile, unit));
  return {
    url: of("RTMPServerURL", 15 * second),
    streamName: of("RTMPStreamName", 15 * second),
    streamType: of("StreamType", 15 * second),
    bitrate: of("StreamingVideoBitrate", 2 * minute),
  };
}

/** Each profile has a place for a key, and so has the working copy. */
export const keyPlaces: readonly Slow[] = [
  every(10 * minute, "RTMPStreamName"),
  ...Array.from({ length: 10 }, (_, profile) =>
    every(10 * minute, memberOf("RTMPStreamName", profile)),
  ),
];

/** What the selected recording profile writes, kbit/s. */
export function recordBitrateRead({ held, options }: Unit): Slow {
  const profile = profileOf(held.value(slow.recordingProfileSel));
  return every(2 * minute, nameOf("RecordingVideoBitrate", profile, { options }));
}

/** The names of the selected profiles; undefined where the unit does not say which these are. */
export function profileNameReads({ held }: Unit) {
  const of = (family: string, selected: number | undefined) =>
    selected === undefined ? undefined : every(3 * minute, `${family}_${selected + 1}`);
  return {
    streaming: of("StreamingProfileName", profileOf(held.value(slow.profileSel))),
    recording: of("RecordingProfileName", profileOf(held.value(slow.recordingProfileSel))),
  };
}

/** All that a profile may be chosen by, of each family. */
export const profileChoices = {
  streaming: namesOf("StreamingProfileName"),
  recording: namesOf("RecordingProfileName"),
};
function namesOf(family: string): readonly Slow[] {
  return Array.from({ length: 10 }, (_, at) => every(10 * minute, `${family}_${at + 1}`));
}

/** What has to be read to say where a stream goes to. */
export function destinationNames(unit: Unit): string[] {
  const { url, streamName, streamType } = destinationReads(unit);
  return [slow.profileSel, url, streamName, streamType].map(({ name }) => name);
}

/** Whether it records, and whether a stop of its stream would end that: to be known before one. */
export const recordingNames: readonly string[] = [slow.recordState.name, slow.link.name];

/**
 * What is needed to tell where a recording goes that runs or has fallen over, and is not known yet:
 * nobody can move a recording away from a medium that has no name.
 */
export function unknownRecordPath({ held }: Unit): string[] {
  const state = replicatorStates.get(held.value(slow.recordState) ?? "");
  if (state !== "streaming" && state !== "failing") return [];
  return primaryPath.filter((name) => held.triedAtMs(name) === undefined);
}
const primaryPath = ["RecordingDestination", "CurrentMediaMounted"];

/**
 * In the order in which they are wanted while nothing is known.
 * @param quiet events tell what changes: then reading is only there to notice missed ones
 */
export function slowReads(unit: Unit, quiet: boolean): Slow[] {
  const { url, streamName, streamType, bitrate } = destinationReads(unit);
  const { profileSel, mediaState, recordState, autoRecover, powerUp, scheduler } = slow;
  const { model, firmware, serialNumber, temperature, link, shutdown, videoIn, mute } = slow;
  const { safeboot, firmwareUpdate, network, schedulerActivity, nextEvent } = slow;
  const isPlus = isHeloPlus(unit.held.value(model));
  const state = unit.held.fresh("ReplicatorStreamState", Infinity) ?? "";
  const streams = replicatorStates.get(state) === "streaming";
  const all = [
    ...[profileSel, url, streamName, streamType, mediaState, recordState, link],
    ...mediaReads.filter(isDestination),
    ...[autoRecover, powerUp, scheduler, model, firmware, serialNumber, temperature],
    ...(isPlus ? plusDurations.map((name) => every(10 * second, name)) : []),
    ...alarmReads.slice(0, watchedAlarms.length),
    ...[shutdown, mute, videoIn, bitrate, safeboot, firmwareUpdate, network],
    ...[schedulerActivity, nextEvent, slow.timeSource, slow.timeServer, slow.recordingProfileSel],
    recordBitrateRead(unit),
    ...Object.values(profileNameReads(unit)).filter((name) => name !== undefined),
    ...mediaReads.filter((read) => !isDestination(read)),
    // What is raised should be seen to end.
    ...otherAlarms.map((alarm) =>
      decodeAlarm(unit.held.value(alarm) ?? "")?.raised ? every(minute, alarm.name) : alarm,
    ),
    ...settingReads(unit),
    ...profileChoices.streaming,
    ...profileChoices.recording,
    // What a stream of it publishes with is known; there its turns are worth more.
    ...(streams ? [] : keyPlaces.filter(({ name }) => name !== streamName.name)),
  ];
  if (!quiet) return all;
  return all.map(({ name, everyMs }) => every(Math.max(everyMs, quietEveryMs), name));
}
const quietEveryMs = 45 * second;

export const isHeloPlus = (model: string | undefined) => /plus/i.test(model ?? "");

/** Whether an event for this parameter is of use. */
export function isRead(name: string): boolean {
  return (
    alwaysRead.has(name) || profileMember.test(name) || profileName.test(name) || isSetting(name)
  );
}
const alwaysRead: ReadonlySet<string> = new Set([
  ...["SystemState", "ReplicatorStreamState", "StreamingDuration"],
  ...["DetectInputFormat", "HDMIInputFormat", ...plusDurations, ...mediaNames],
  ...Object.values(slow).map(({ name }) => name),
  ...alarmReads.map(({ name }) => name),
]);
const profileMember =
  /^(StreamType|RTMPServerURL|RTMPStreamName|(Streaming|Recording)VideoBitrate)(_\d+)?$/;
const profileName = /^(Streaming|Recording)ProfileName_\d+$/;
