/**
 * Alarms of a HELO: read-only data parameters whose value is base64 of a protobuf message.
 *   1 varint  state     0 normal, 1 alarm (written even when 0)
 *   2 varint  severity  0 warning, 1 error, 2 fatal
 *   3 message text      1 text, 2 short_text
 */
export type Alarm = { raised: boolean; severity: number; text: string; shortText: string };

/** The device's `/alarm.proto` in our words: names of messages are ours, the numbers are its. */
export const alarmProto = `syntax = "proto2";
message AlarmText { optional string text = 1; optional string short_text = 2; }
message Alarm {
  enum State { NORMAL = 0; ALARM = 1; }
  enum Severity { WARNING = 0; ERROR = 1; FATAL = 2; }
  optional State state = 1;
  optional Severity severity = 2;
  repeated AlarmText description = 3;
}
`;

/** Everything not listed here is an error. */
const warnings = new Set(
  // prettier-ignore
  [
    "Dropped_Frames", "Near_Over_Temp", "Input_Error", "Safe_Boot_Mode", "Media_Low",
    "Input_Format_Changed", "No_Video_Input", "Frame_Skipped", "Media_Unformatted", "No_Clip_Name",
    "Record_Inhibited", "No_Audio_Input", "Scheduled_Event_Active", "Scheduled_Event_Failed",
    "Scheduled_Event_Canceled", "Scheduled_Event_Late", "Scheduled_Event_Discarded",
    "Scheduling_Error", "Secondary_Media_Low", "Secondary_Media_Unformatted", "SMB_V1_In_Use",
    "Secondary_SMB_V1_In_Use", "Primary_Filesystem_Incompatible",
    "Secondary_Filesystem_Incompatible",
  ].map((name) => `eParamID_${name}_Alarm`),
);

/** The default message of an alarm parameter: its catalogue name as text. */
export function alarmAtRest(parameter: { id: string; name: string }): Alarm {
  const severity = warnings.has(parameter.id) ? 0 : 1;
  return { raised: false, severity, text: parameter.name, shortText: parameter.name };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  return Buffer.from([...bytes, left]);
}

/** A length-delimited field: tag, length, bytes. */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

/** `08 <state> 10 <severity> 1a <len> 0a <len> text 12 <len> short_text`, in base64. */
export function encodeAlarm(alarm: Alarm): string {
  const texts = Buffer.concat([
    field(1, Buffer.from(alarm.text)),
    field(2, Buffer.from(alarm.shortText)),
  ]);
  const head = Buffer.from([0x08, alarm.raised ? 1 : 0, 0x10, alarm.severity]);
  return Buffer.concat([head, field(3, texts)]).toString("base64");
}

/** Raises and clears alarms on a device's parameters. */
export type Alarms = {
  /** `detail` is added to the default text, as a real unit may do. */
  raise(id: string, detail?: string): void;
  clear(id: string): void;
};

/** @param nameOf text of an alarm in the catalogue; @param write sets the parameter */
export function openAlarms(
  nameOf: (id: string) => string,
  write: (id: string, value: string) => void,
): Alarms {
  const full = (id: string) => `eParamID_${id}`;
  return {
    raise: (id, detail) => {
      const rest = alarmAtRest({ id: full(id), name: nameOf(full(id)) });
      const text = detail === undefined ? rest.text : `${rest.text}: ${detail}`;
      write(full(id), encodeAlarm({ ...rest, raised: true, text }));
    },
    clear: (id) =>
      write(full(id), encodeAlarm(alarmAtRest({ id: full(id), name: nameOf(full(id)) }))),
  };
}
