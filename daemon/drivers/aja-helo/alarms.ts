/**
 * The alarms of a HELO: 63 parameters whose value is base64 of a small protobuf message
 * (encoder-devices.md §1.6): 1 `state` (0 normal, 1 alarm), 2 `severity`, 3 repeated
 * { 1 `text`, 2 `short_text` }. They are the only way to learn of dropped frames, heat, lost
 * input and a stream that the far end refused.
 */
export type Alarm = { raised: boolean; severity: "warning" | "error" | "fatal"; text: string };

/** Severity at rest by alarm name. Four names end in `Alarm` without an underscore: as shipped. */
export const alarmNames = {
  error: [
    "HW_Error_Alarm",
    "SW_Error_Alarm",
    "Format_Error_Alarm",
    "Storage_Removed_Alarm",
    "Invalid_Selection_Alarm",
    "Name_In_Use_Alarm",
    "Record_Format_Alarm",
    "Media_Full_Alarm",
    "AV_Mismatch_Alarm",
    "Media_Damaged_Alarm",
    "2_Channel_Format_Alarm",
    "Unsupported_Media_Alarm",
    "No_Media_Installed_Alarm",
    "BitRate_Not_Compatible_Alarm",
    "Change_Encode_Mode_Alarm",
    "Safeboot_Alarm",
    "Remote_Media_Mount_Failed_Alarm",
    "SD_Card_Write_Protected_Alarm",
    "Remote_Media_DNS_Alarm",
    "StreamingFailedAlarm",
    "RecordingFailedAlarm",
    "NetworkNameNotFoundAlarm",
    "NTPNameResolutionFailureAlarm",
    "Remote_Media_Write_Protected_Alarm",
    "Scheduler_Remote_Fetch_Alarm",
    "Scheduler_Takes_Priority_Alarm",
    "Relative_Recording_Path_Alarm",
    "Recording_Path_Alarm",
    "Media_Too_Slow_Alarm",
    "Network_Too_Slow_Alarm",
    "Secondary_Media_Full_Alarm",
    "Secondary_Media_Damaged_Alarm",
    "Secondary_Unsupported_Media_Alarm",
    "Secondary_No_Media_Installed_Alarm",
    "Secondary_Remote_Media_Mount_Failed_Alarm",
    "Secondary_Remote_Media_Write_Protected_Alarm",
    "Secondary_SD_Card_Write_Protected_Alarm",
    "Secondary_Remote_Media_DNS_Alarm",
    "Secondary_Relative_Recording_Path_Alarm",
  ],
  warning: [
    "Dropped_Frames_Alarm",
    "Near_Over_Temp_Alarm",
    "Input_Error_Alarm",
    "Safe_Boot_Mode_Alarm",
    "Media_Low_Alarm",
    "Input_Format_Changed_Alarm",
    "No_Video_Input_Alarm",
    "Frame_Skipped_Alarm",
    "Media_Unformatted_Alarm",
    "No_Clip_Name_Alarm",
    "Record_Inhibited_Alarm",
    "No_Audio_Input_Alarm",
    "Scheduled_Event_Active_Alarm",
    "Scheduled_Event_Failed_Alarm",
    "Scheduled_Event_Canceled_Alarm",
    "Scheduled_Event_Late_Alarm",
    "Scheduled_Event_Discarded_Alarm",
    "Scheduling_Error_Alarm",
    "Secondary_Media_Low_Alarm",
    "Secondary_Media_Unformatted_Alarm",
    "SMB_V1_In_Use_Alarm",
    "Secondary_SMB_V1_In_Use_Alarm",
    "Primary_Filesystem_Incompatible_Alarm",
    "Secondary_Filesystem_Incompatible_Alarm",
  ],
} as const;
export type AlarmName = (typeof alarmNames)["error" | "warning"][number];

const allNames: ReadonlySet<string> = new Set([...alarmNames.error, ...alarmNames.warning]);
/** `Near_Over_Temp_Alarm` → `nearOverTemp` */
export const codeOf = (name: AlarmName): string =>
  name
    .replace(/_?Alarm$/, "")
    .split(/_|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .join("")
    .replace(/^[A-Z]/, (first) => first.toLowerCase());

export const isAlarmName = (name: string): name is AlarmName => allNames.has(name);

/** Those that say most of the stream, which are read more often than the other 53. */
export const watchedAlarms = [
  "StreamingFailedAlarm",
  "Network_Too_Slow_Alarm",
  "NetworkNameNotFoundAlarm",
  "Near_Over_Temp_Alarm",
  "Dropped_Frames_Alarm",
  "No_Video_Input_Alarm",
  "No_Audio_Input_Alarm",
  "RecordingFailedAlarm",
  "Media_Too_Slow_Alarm",
  "Storage_Removed_Alarm",
] as const satisfies AlarmName[];

const severities = ["warning", "error", "fatal"] as const;

/** @returns undefined where the value is not such a message: then the alarm is not known */
export function decodeAlarm(base64: string): Alarm | undefined {
  if (base64 === "" || base64.length > 8_192 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    return undefined;
  }
  const fields = fieldsOf(Buffer.from(base64, "base64"));
  const state = fields?.find(({ number }) => number === 1)?.varint;
  if (!fields || state === undefined) return undefined; // `state` is always written, also when 0
  const severity = fields.find(({ number }) => number === 2)?.varint ?? 0;
  const texts = fields.flatMap(({ number, bytes }) => {
    const text = number === 3 && bytes && fieldsOf(bytes)?.find((field) => field.number === 1);
    return text && text.bytes ? [text.bytes.toString("utf8")] : [];
  });
  return {
    raised: state !== 0,
    severity: severities[severity] ?? "error",
    text: texts.filter((text) => text !== "").join("; "),
  };
}

type Field = { number: number; varint?: number; bytes?: Buffer };

/** The fields of one protobuf message; undefined where it is cut short or not one. */
function fieldsOf(message: Buffer): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number | undefined => {
    let value = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < message.length) {
    const tag = varint();
    if (tag === undefined) return undefined;
    const number = Math.floor(tag / 8);
    const value = varint();
    if (value === undefined) return undefined;
    if (tag % 8 === 0) fields.push({ number, varint: value });
    else if (tag % 8 === 2 && at + value <= message.length) {
      fields.push({ number, bytes: message.subarray(at, at + value) });
      at += value;
    } else return undefined;
  }
  return fields;
}
