import type {
  DeviceAlarm,
  EncoderReading,
  OutputReading,
  OwnCalendar,
} from "../../../machines/encoder/reading.ts";
import { withoutSecrets } from "../shared/address.ts";
import { alarmWords } from "./alarm-words.ts";
import {
  type Alarm,
  type AlarmName,
  codeOf,
  decodeAlarm,
  isAlarmName,
  watchedAlarms,
} from "./alarms.ts";
import type { Slow } from "./held-values.ts";
import {
  flagOf,
  isGoingDown,
  linkStartStopOn,
  mediaStateDataLan,
  powerUpStates,
  shutdownMessages,
  systemFatalError,
  videoInTestPattern,
} from "./parameters.ts";
import { alarmReads, destinationReads, slow } from "./reads.ts";
import type { Unit } from "./unit.ts";

export type Seen = {
  systemState: number | undefined;
  record: OutputReading["state"] | undefined;
  lostNetwork: boolean;
};

/**
 * What the unit complains of, in its own words with what that means, and the settings that make it
 * behave in a way an operator would not expect. Undefined while nothing is wrong so far but what
 * counts was not all read.
 */
export function alarmsOf(unit: Unit, seen: Seen): string[] | undefined {
  const { held } = unit;
  const { systemState, lostNetwork } = seen;
  const lines = raisedAlarms(unit).map(sentenceOf);
  const message = shutdownMessages.get(held.value(slow.shutdown) ?? "");
  if (message !== undefined) lines.push(message);
  if (systemState === systemFatalError) lines.push("System state: fatal error");
  if (systemState !== undefined && isGoingDown(systemState)) lines.push("System state: going down");
  if (lostNetwork) lines.push("it says that its network is not connected");
  const pattern = ownPattern(unit);
  if (pattern !== undefined) lines.push(pattern);
  lines.push(...unfitReasons(unit), ...ownWill(unit, seen), ...ownClock(unit));
  const reboots = unit.reboots.alarm();
  if (reboots !== undefined) lines.push(reboots);
  const allRead = alarmReads.slice(0, watchedAlarms.length).every(isKnownOf(unit));
  return lines.length > 0 || allRead ? lines : undefined;
}

/** `Near Over Temp (warning): it is nearly too hot, …` */
const sentenceOf = ({ own, severity, means }: Raised) => `${own} (${severity}): ${means}`;

/** As `alarmsOf`, only what the unit itself calls an alarm, in our words. */
export function raisedNow(
  unit: Unit,
  { record }: Pick<Seen, "record">,
): NonNullable<EncoderReading["raised"]> {
  const rests = record === undefined || record === "idle";
  const alarms = raisedAlarms(unit).map(({ name, severity, own, means }): DeviceAlarm => {
    // An empty slot is an error to the unit, also where nobody wants it to record.
    const isMild = severity === "warning" || (rests && isOfMedia.test(name));
    return { code: codeOf(name), severity: isMild ? "warning" : "error", text: `${own}: ${means}` };
  });
  return { alarms, isWhole: alarmReads.every(isKnownOf(unit)) };
}
const isOfMedia = /Media|Storage|SD_Card|Filesystem|Format_Error|Recording_Path/;

const isKnownOf =
  ({ held }: Unit) =>
  (alarm: Slow) =>
    held.value(alarm) !== undefined || !held.worthReading(alarm.name);

type Raised = { name: AlarmName; severity: Alarm["severity"]; own: string; means: string };
function raisedAlarms(unit: Unit): Raised[] {
  const { held, options } = unit;
  const secrets = [
    options.password,
    held.value(destinationReads(unit).streamName),
    ...unit.context.knownTargets().map(({ streamKey }) => streamKey),
  ];
  return alarmReads.flatMap((alarm) => {
    const { name } = alarm;
    const { raised, text, severity } = decodeAlarm(held.value(alarm) ?? "") ?? {};
    if (!raised || !severity || !isAlarmName(name)) return [];
    return [
      { name, severity, own: withoutSecrets(text || name, secrets), means: alarmWords[name] },
    ];
  });
}

/** Why the unit would not take a stream over now; empty where nothing is known against it. */
export function unfitReasons({ held }: Unit): string[] {
  const reasons: string[] = [];
  if (held.value(slow.mediaState) === mediaStateDataLan)
    reasons.push("Media state is Data-LAN: the unit neither records nor streams");
  if (flagOf(held.value(slow.safeboot)) === true)
    reasons.push("it runs its safeboot image: it is not used until it runs its own again");
  const update = firmwareUpdates.get(held.value(slow.firmwareUpdate) ?? "");
  if (update !== undefined)
    reasons.push(`its firmware is being updated (${update}): it is not used until that is done`);
  return reasons;
}

/** `FirmwareUpdateState` without 0 idle and 8 aborted. */
const firmwareUpdates: ReadonlyMap<string, string> = new Map([
  ["1", "uploading"],
  ["2", "uploaded"],
  ["3", "verifying"],
  ["4", "verified"],
  ["5", "committing"],
  ["6", "committed"],
  ["7", "rebooting"],
]);

/** Why it sends a test pattern and no programme, whatever comes in. */
export function ownPattern({ held }: Pick<Unit, "held">): string | undefined {
  if (flagOf(held.value(slow.mute)) === true)
    return "A/V Mute is on: it sends a test pattern and silence instead of its input";
  return held.value(slow.videoIn) === videoInTestPattern
    ? "its input is set to Test Pattern: it sends that instead of a programme"
    : undefined;
}

/** What it will do without being told, or beside what it is told. */
function ownWill({ held, options }: Unit, { record }: Seen): string[] {
  const lines: string[] = [];
  if (held.value(slow.link) === linkStartStopOn) {
    lines.push("Link Start/Stop is on: starting or stopping the stream does so to the recording");
    if (record === "streaming" && !options.ownSelfStart)
      lines.push("it is recording, and stopping its stream will end that recording too");
  }
  const calendar = ownCalendar({ held });
  if (calendar) {
    const when = calendar.next === undefined ? "" : `, next: ${calendar.next}`;
    lines.push(`its own calendar is on, this unit will ${calendar.does} on its own${when}`);
  }
  const powerUp = powerUpStates.get(held.value(slow.powerUp) ?? "");
  if (powerUp !== undefined && powerUp !== "idle") {
    const activity = powerUp === "both" ? "record and stream" : powerUp;
    lines.push(`this unit will ${activity} on its own when its power comes back`);
  }
  return lines;
}

export function ownCalendar({ held }: Pick<Unit, "held">): OwnCalendar | undefined {
  if (flagOf(held.value(slow.scheduler)) !== true) return undefined;
  const does = activities.get(held.value(slow.schedulerActivity) ?? "") ?? "record and stream";
  const next = held.value(slow.nextEvent)?.trim();
  return { does, ...(next && { next }) };
}

/** Who sets its clock. Of a time server that does not answer it says nothing (§1.5). */
function ownClock({ held }: Unit): string[] {
  const isAutomatic = flagOf(held.value(slow.timeSource));
  if (isAutomatic === false) {
    return [
      "its clock is set by hand and drifts: set Time Source to Automatic, with an NTP server",
    ];
  }
  const isNamed = held.value(slow.timeServer)?.trim() !== "";
  if (isAutomatic !== true || isNamed) return [];
  return ["no NTP server is named, so nobody sets its clock: name one, or recordings go astray"];
}

/** `SchedulerActivity` */
const activities: ReadonlyMap<string, OwnCalendar["does"]> = new Map([
  ["1", "record"],
  ["2", "stream"],
  ["3", "record and stream"],
]);
