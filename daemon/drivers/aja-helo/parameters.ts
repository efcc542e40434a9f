import { z } from "zod";
import type {
  EncoderReading,
  OutputReading,
  SelfStart,
} from "../../../machines/encoder/reading.ts";
import { DriverError } from "../driver.ts";
import { jsonOrUndefined } from "../shared/http/json.ts";

/**
 * The parameters of a HELO (classic, 4.3.0.8) that this driver uses are named without the prefix
 * `eParamID_`: encoder-devices.md §1.5 and Appendix A. `_N` families have a member per profile.
 */
export type ProfileFamily =
  | "StreamType"
  | "RTMPServerURL"
  | "RTMPStreamName"
  | "StreamingVideoBitrate"
  | "StreamingAudioBitrate"
  | "StreamingFrameRate"
  | "StreamingFrameGeometryType"
  | "StreamingWidth"
  | "StreamingHeight"
  | "StreamingGOPSize"
  | "StreamingH264Profile"
  /** Its members are recording profiles. */
  | "RecordingDestination"
  | "RecordingVideoBitrate"
  | "RecordingDurationExtent"
  | "SegmentRecordDurationMinutes";

/** `profile` 0..9 as `StreamingProfileSel` counts; the members count 1..10. */
export const memberOf = (family: ProfileFamily, profile: number) => `${family}_${profile + 1}`;

export const replicatorCommand = {
  record: "1",
  stopRecording: "2",
  stream: "3",
  stopStreaming: "4",
} as const;
export const streamTypeRtmp = "0";
/** In Data-LAN a unit neither records nor streams. */
export const mediaStateDataLan = "1";
/** `VideoInSelect`: the unit makes its own picture. */
export const videoInTestPattern = "2";
/** `VideoInSelect`, in the unit's words. */
export const videoIns: ReadonlyMap<string, string> = new Map([
  ["0", "SDI"],
  ["1", "HDMI"],
  [videoInTestPattern, "Test Pattern"],
]);
export const linkStartStopOn = "1";
/** `DetectCaptioning`: 0 disabled, 1 not detected. */
export const captionsDetected = "2";

/** `SystemState` 4; below it the unit is starting, 7 to 9 it is going down, 10 is a fatal error. */
export const systemRunning = 4;
export const isBooting = (systemState: number) => systemState < systemRunning;
export const isGoingDown = (systemState: number) => systemState >= 7 && systemState <= 9;
export const systemFatalError = 10;

/**
 * `ReplicatorStreamState` and `ReplicatorRecordState` count alike. 3 (`…FailingInIdle`) is at rest
 * with a fault: AJA's own texts show 3 as "Idle" and 4 as "Stopped", and a unit without a card
 * answers 3 for ever. So 3 is idle, and the fault is told by its alarm.
 */
export const replicatorStates: ReadonlyMap<string, OutputReading["state"]> = new Map([
  ["0", "unknown"],
  ["1", "idle"],
  ["2", "streaming"],
  ["3", "idle"],
  ["4", "failing"],
  ["5", "stopping"],
] as const);

export const powerUpStates: ReadonlyMap<string, SelfStart["powerUp"]> = new Map([
  ["0", "idle"],
  ["1", "record"],
  ["2", "stream"],
  ["3", "both"],
] as const);

export const shutdownOverTemp = "4";
/** `ShutdownMessageII`, in the unit's words. */
export const shutdownMessages: ReadonlyMap<string, string> = new Map([
  ["1", "Shutdown: 2 seconds"],
  ["2", "Shutdown: 1 second"],
  ["3", "Shutting down now."],
  [shutdownOverTemp, "Over Temp"],
  ["5", "Firmware Update: Rebooting"],
]);

/**
 * `DetectInputFormat`: 0 no input, 1 an input that cannot be decoded (no picture either), 2..22 and
 * 23..40 (without 31 and 32) formats. Another number is a newer firmware's word: unknown.
 */
export function inputOf(format: number | undefined): EncoderReading["input"] {
  if (format === undefined) return undefined;
  if (format === 0 || format === 1) return "lost";
  return format >= 2 && format <= 40 && format !== 31 && format !== 32 ? "good" : undefined;
}

/** The device answers numbers as decimal strings; `Number("")` would be 0, so look first. */
export function integerOf(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

/** `DD:HH:MM:SS` → seconds. */
export function secondsOf(duration: string | undefined): number | undefined {
  const parts = /^(\d{2,4}):(\d{2}):(\d{2}):(\d{2})$/.exec(duration ?? "");
  if (!parts) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map(Number);
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

export function flagOf(value: string | undefined): boolean | undefined {
  return value === "0" ? false : value === "1" ? true : undefined;
}

const Answer = z.object({
  name: z.string().startsWith("eParamID_"),
  value: z.union([z.string(), z.number().transform(String)]),
});
export type ParameterAnswer = { name: string; value: string };

/**
 * `{"paramid","name","value","value_name"}`, judged by what it holds: a HELO labels JSON as HTML.
 * No text of the answer goes into the error, because values are keys and passwords too.
 */
export function parseAnswer(where: string, name: string, body: string): ParameterAnswer {
  const answer = Answer.safeParse(jsonOrUndefined(body));
  if (answer.success) return answer.data;
  throw new DriverError("malformed", `${where} gave no parameter when asked for ${name}`);
}
