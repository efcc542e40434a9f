import type { MediumReading } from "../storage/medium.ts";
import { isSame } from "../plain-json.ts";
import type { EncoderSettings } from "./settings.ts";

/**
 * What a driver reports, in our words. A field that a device cannot tell is left out; the reader
 * treats "left out" as unknown, never as zero, off or fine.
 */
export type OutputReading = {
  /** What the device (or the process table) says of this output. */
  state: "unknown" | "idle" | "starting" | "streaming" | "failing" | "stopping";
  /** Whether frames, time or bytes advance. Left out where the device cannot tell. */
  progress?: "moving" | "frozen";
  /** Whether the kernel or device gets rid of what was encoded. `stuck` = the network's fault. */
  sendQueue?: "draining" | "stuck";
  /** The device says that the network takes less than it makes. Left out where it does not tell. */
  isNetworkTooSlow?: boolean;
  /** It does not keep up with its programme, or leaves frames out. Left out where it cannot tell. */
  isOverloaded?: boolean;
  /** Where it publishes to, if the device tells: which of the destinations it was told about. */
  target?: { destination: string } | "elsewhere" | "none";
  /** At rest, some place of the box holds a stream key of ours, selected or not. */
  holdsKey?: true;
  /** Of the run that is under way, if it was started by us. */
  keyGeneration?: number;
  /** How the last process ended (software encoders): seen once per end. */
  exit?: { code: number | null; signal: string | null; gone?: SeenGone };
  /** Told with what fails, or has ended: the far end did not take it. */
  refusal?: Refusal;
};

/**
 * `refused`: the far end said so: the key is wrong, or somebody still publishes there.
 * `maybeRefused`: it hung up without a word, or the device cannot tell that from one it does not reach.
 */
export type Refusal = "refused" | "maybeRefused";

/** Right after its end no process of it lived, and nothing of it was still being sent. */
export type SeenGone = {
  /** The destination whose key it had. */
  destination: string;
  /** Monotonic. */
  atMs: number;
};

/** What a box does on its own. Read back since its last boot, or left out. */
export type SelfStart = {
  autoRecover: boolean;
  powerUp: "idle" | "record" | "stream" | "both";
  scheduler: boolean;
};

/** What is recorded beside the streams. Left out where a box does not record. */
export type RecordingReading = {
  /** The one of `outputs` that records. */
  output: string;
  /** Starting or stopping the stream does so to the recording, and the other way round. */
  isLinked?: boolean;
  /** The medium it goes to: its id in `media`. */
  medium?: string;
  /** A second medium that the same is recorded to. */
  also?: string;
  /** One of these two does not keep up, and the box does not say which. */
  isOneTooSlow?: boolean;
  /** What it is set to write at most, sound and all, bit/s. */
  bitrateBps?: number;
};

/** A calendar in the box, by which it starts and stops by itself. */
export type OwnCalendar = {
  does: "record" | "stream" | "record and stream";
  /** When it begins next, as the box writes it. */
  next?: string;
};

/** `number` counts from 1, as on the box. */
export type Profile = {
  number: number;
  name?: string;
  /** Of all that may be selected, the first is number 1. */
  names?: string[];
};

/** What a device complains of, in our words. */
export type DeviceAlarm = {
  /** As `nearOverTemp`: the same over languages and firmwares. */
  code: string;
  /** By its device: an error costs something, a warning may. */
  severity: "warning" | "error";
  /** What it means, for people. */
  text: string;
};

/** The clock of the device minus this host's, ms, and how exactly and by what that is known. */
export type DeviceClock = {
  aheadMs: number;
  exactToMs: number;
  /** Since the newest answer it was taken from. */
  ageMs: number;
  source: string;
};

export type FigureName =
  | "temperatureC"
  | "cpuUsageRatio"
  | "memoryUsageRatio"
  | "fanSpeedRpm"
  | "bitrateBps"
  | "framesPerSecond"
  | "droppedFrames"
  | "outputBytes"
  /** Of all its processes, since the first of them. */
  | "cpuSeconds"
  | "memoryBytes"
  /** From and to disks. */
  | "ioReadBytes"
  | "ioWrittenBytes"
  | "clientCount"
  /** Through its interface, everything; and what that could carry each way. */
  | "networkSentBps"
  | "networkReceivedBps"
  | "networkLinkBps";

export type EncoderReading = {
  outputs: Record<string, OutputReading>;
  input?: "good" | "lost" | "black" | "frozen" | "silent";
  /** The source this input takes, so that two encoders losing one source is a source fault. */
  source?: string;
  identity?: { vendor: string; model?: string; serialNumber?: string; firmware?: string };
  /** Encoders of the host's hardware that a trial has proven. Left out where none was tried. */
  hardwareEncoders?: string[];
  /** Where there is a choice: by what it encodes, and why by that. */
  encodes?: { by: string; because?: string };
  selfStart?: SelfStart;
  /** Left out where it is off, or where the box does not tell. */
  calendar?: OwnCalendar;
  /** Changes whenever the device has booted since the last reading. */
  bootMark?: string;
  /** The device is starting up and will not obey yet. */
  booting?: boolean;
  /** Why it could not take over, though it runs. Says `booting`, too. */
  unfit?: string;
  /** What an operator should know of it, in sentences. */
  alarms?: string[];
  /** Of these, what the device itself calls an alarm; `isWhole`: all that it has were asked for. */
  raised?: { alarms: readonly DeviceAlarm[]; isWhole: boolean };
  /** It says itself that it is nearly too hot, or not; left out where it does not say. */
  isNearlyTooHot?: boolean;
  /** What it records to. Left out where the device tells nothing of its media. */
  media?: MediumReading[];
  recording?: RecordingReading;
  /** What it is set up to do, by the names that people gave it. */
  profiles?: { streaming?: Profile; recording?: Profile };
  /** At which step of its load it was last told to work. Left out where it has none. */
  loadStep?: number;
  /** What it is set to make of its input, as far as it tells. */
  settings?: EncoderSettings;
  /** Which picture it is told to take, in the words of the box. */
  inputSelect?: string;
  /** Which of its layouts it shows. These are switched within a programme: no hand but its own. */
  layout?: string;
  /** Its media are lent to the network: it neither records nor streams. */
  isDataLan?: boolean;
  clock?: DeviceClock;
  figures: Partial<Record<FigureName, { value: number; source: string }>>;
};

/**
 * The same reading, with those parts of the one before that say the same: whoever compares the two
 * afterwards is done at once, and what is kept from second to second is only what moved.
 */
export function withKeptParts(
  before: EncoderReading | undefined,
  reading: EncoderReading,
): EncoderReading {
  if (!before) return reading;
  const next: Record<string, unknown> = { ...reading };
  for (const part in next) {
    const known = before[part as keyof EncoderReading];
    if (known !== undefined && isSame(known, next[part])) next[part] = known;
  }
  return next as EncoderReading;
}

/** Why a device could not be read. */
export type PollFailure = "timeout" | "refused" | "unauthorized" | "malformed";
