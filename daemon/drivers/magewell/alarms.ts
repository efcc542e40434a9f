import type { DeviceAlarm, EncoderReading } from "../../../machines/encoder/reading.ts";
import { oneByCode } from "../shared/raised.ts";
import type { BoxStatus, LiveSession } from "./answers.ts";
import type { State } from "./sessions.ts";
import type { Unit } from "./unit.ts";
import { live, record } from "./words.ts";

/** `text` is what people read; with a code it is an alarm of the box. */
type Fault = { text: string } & Partial<Omit<DeviceAlarm, "text">>;

const liveFaults: ReadonlyMap<number, Fault> = new Map<number, Fault>([
  [live.notSet, { text: "Live: no address set" }],
  [
    live.refused,
    { text: "Live: the far end refused the login", code: "streamingFailed", severity: "error" },
  ],
  [live.noSignal, { text: "Live: no input signal", code: "noVideoInput", severity: "warning" }],
  [-9, { text: "Live: busy" }],
  [-21, { text: "Live: network fault", code: "streamingFailed", severity: "error" }],
]);
const recordFaults: ReadonlyMap<number, Fault> = new Map<number, Fault>([
  [
    record.tooSlow,
    { text: "Record: the medium is too slow", code: "mediaTooSlow", severity: "error" },
  ],
  [4, { text: "Record: little space left", code: "mediaLow", severity: "warning" }],
  [-5, { text: "Record: medium fault", code: "mediaDamaged", severity: "error" }],
  [-16, { text: "Record: no space left", code: "mediaFull", severity: "error" }],
]);

/**
 * What the box complains of, and the settings that make it do something on its own. Undefined while
 * nothing is wrong so far but the settings are not known. No text of the box is repeated: it has
 * numbers only, and its settings hold keys.
 */
export function alarmsOf(
  { settings, wasConnected, reboots }: Unit,
  { recordings }: BoxStatus,
  session?: LiveSession,
): string[] | undefined {
  const known = settings.value();
  const lines = [
    liveFaults.get(session?.result ?? 0)?.text,
    ...recordings.map(({ result }) => recordFaults.get(result ?? 0)?.text),
    wasConnected &&
      session?.result === live.connecting &&
      "Live: connection lost, connecting again",
    session?.result === live.resolving && "Live: looking up the name of the server",
    known?.startsAtPowerUp && "Starts to stream by itself at power-up (is-startup-live)",
    reboots.alarm(),
    known && known.schedules > 0 && `Has ${known.schedules} schedules: may start by itself`,
  ].filter((line) => typeof line === "string");
  return lines.length > 0 || known ? [...new Set(lines)] : undefined;
}

/** As `alarmsOf`, only what the box itself says is wrong, in our words; a session at rest is not. */
export function raisedNow(
  { sessions, recordings }: BoxStatus,
  state: State,
  session?: LiveSession,
): NonNullable<EncoderReading["raised"]> {
  const faults = [
    state === "failing" ? liveFaults.get(session?.result ?? 0) : undefined,
    ...recordings.map(({ isInUse, result }) =>
      isInUse === false ? undefined : recordFaults.get(result ?? 0),
    ),
  ];
  const alarms = faults.flatMap((fault): DeviceAlarm[] => {
    const { code, severity, text = "" } = fault ?? {};
    return code && severity ? [{ code, severity, text }] : [];
  });
  return { alarms: oneByCode(alarms), isWhole: sessions !== undefined };
}
