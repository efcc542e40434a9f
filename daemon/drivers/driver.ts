import type { Exchange } from "../../machines/encoder/connection-health.ts";
import type { EncoderReading, PollFailure } from "../../machines/encoder/reading.ts";
import type { EncoderSettings } from "../../machines/encoder/settings.ts";
import type { Clip, ProfileChoice } from "../../machines/intents.ts";
import type { FenceEvidence } from "../../machines/stream/fence-evidence.ts";

/** How a destination is reached by SRT. `passphrase` is a secret: never log, never throw. */
export type SrtAccess = {
  mode: "caller" | "listener";
  passphrase?: string | undefined;
  latencyMs: number;
};

/** Where and as what an output shall publish. `streamKey` is a secret: never log, never throw. */
export type PublishTarget = {
  stream: string;
  destination: string;
  /** For example `rtmp://host:1935/live`, without the key. */
  address: string;
  streamKey: string;
  /** Of an SRT destination that says more than its address. */
  srt?: SrtAccess;
  /** The fencing token. A driver refuses a start with a lower one than it has seen. */
  keyGeneration: number;
  /** Of a session: whoever is set by its start works so, and others are set before. */
  settings?: EncoderSettings;
};

/** A destination as a driver may meet it configured in a box, so it can name what it finds. */
export type KnownTarget = {
  destination: string;
  address: string;
  streamKey: string;
  srt?: SrtAccess;
};

/**
 * All that a vendor must do to join. A driver translates and nothing else: no retry, no
 * thresholds, no logging, no decision. The supervisor never lets two calls to one device overlap.
 * Every method rejects only with `DriverError`, at the latest when `signal` aborts.
 */
export interface EncoderDriver {
  /** Ask the device once. */
  poll(signal: AbortSignal): Promise<EncoderReading>;
  /** Be publishing to `target`. Absolute: asking twice is harmless. */
  startOutput(output: string, target: PublishTarget, signal: AbortSignal): Promise<void>;
  /** Work a start out without making one, so that the first after weeks is not the slow one. */
  rehearseStart?(): void;
  /** Be idle. With `forgetKey` the address and key are also taken out of the box. */
  stopOutput(output: string, forgetKey: boolean, signal: AbortSignal): Promise<void>;
  /**
   * Stop the output if it can be reached, and say what was seen. An empty list means: nothing
   * could be proven. Never rejects because the device is silent.
   */
  proveOff(output: string, address: string, signal: AbortSignal): Promise<FenceEvidence[]>;
  /** Switch off auto-recover, power-up action and scheduler, and read them back. */
  ownSelfStart(signal: AbortSignal): Promise<void>;
  /** Tell it to boot anew; resolves when it was told, not when it is up. */
  reboot?(signal: AbortSignal): Promise<void>;
  /**
   * Work at this cooling step of the vendor's list: 0 is full load. Absolute, and kept over a
   * restart of the daemon.
   */
  setLoad?(step: number, signal: AbortSignal): Promise<void>;
  /**
   * Work with these settings, and read them back. Never address or key; refuses (`notPossible`)
   * while anything runs, and for a value that the vendor does not have.
   */
  applySettings?: (settings: EncoderSettings, signal: AbortSignal) => Promise<void>;
  /**
   * Be recording, or not. Refuses (`notPossible`) where that would start or stop a stream, and
   * resolves when the box says so.
   */
  startRecording?: (signal: AbortSignal) => Promise<void>;
  stopRecording?: (signal: AbortSignal) => Promise<void>;
  /**
   * Be recording to this one of the box's media. Never touches a stream; where it cannot be done
   * the box is left as it was found. Resolves when the box says that it records there.
   */
  recordTo?: (medium: string, signal: AbortSignal) => Promise<void>;
  /**
   * Record with less bit rate and in shorter files, or again as it was set before. A recording that
   * runs is stopped and begun again for the first, and refuses (`notPossible`) the second. Never
   * touches a stream.
   */
  recordLight?: (light: boolean, signal: AbortSignal) => Promise<void>;
  /**
   * Do not use this one of the box's media, until it boots again. Refuses (`notPossible`) while
   * anything is recorded.
   */
  releaseMedium?: (medium: string, signal: AbortSignal) => Promise<void>;
  /**
   * Work as this preset of the box says, but for the address and key: what the preset changed of
   * those is put back, and named in `restored` in words. Refuses while a stream runs.
   */
  recallPreset?: (preset: number, signal: AbortSignal) => Promise<{ restored: string[] }>;
  /**
   * Work with this profile of the box, but for the address and key: where the profile has others,
   * these are replaced, and named in `restored` in words. `name`: what the box calls it.
   */
  selectProfile?: (
    choice: ProfileChoice,
    signal: AbortSignal,
  ) => Promise<{ name?: string; restored: string[] }>;
  listClips?: (signal: AbortSignal) => Promise<Clip[]>;
  /**
   * For drivers that see changes without being asked (process exit, progress): call `report`
   * with a whole reading on every change of class, and at most once a second otherwise.
   */
  watch?(report: (reading: EncoderReading) => void): void;
  /** It reports by itself all there is to know, and each second: then it need not be asked. */
  reportsAll?: true;
  /** Let go of timers and sockets. Never touches the media process or the device's output. */
  close(): Promise<void>;
}

/** What every driver gets. */
/** The connections to one box, now. */
export type Pool = {
  socketsOpen: number;
  /** Of these, with a request on them. */
  socketsBusy: number;
  /** Requests that wait for one. */
  requestsWaiting: number;
};

export type DriverContext = {
  encoder: string;
  /** Called each time, because destinations and keys may change. */
  knownTargets: () => KnownTarget[];
  /** Monotonic milliseconds. */
  now: () => number;
  /** It has its power back and has not answered yet: it is to be asked without any rest. */
  isRising?: () => boolean;
  /** What can wait may be done now: no event is near, and nothing about it is in doubt. */
  mayProbe?: () => boolean;
  /** Told of each exchange with the box over the network; of one given up by ourselves nothing. */
  exchanged?: (exchange: Exchange) => void;
  /** Told once of each of its connections, where to see how they are used. */
  pooled?: (look: () => Pool) => void;
  /** A directory of this encoder's own, kept over restarts. */
  stateDir: string;
};

/** A device did not do what was asked. `code` is for machines, `message` for people. */
export class DriverError extends Error {
  override readonly name = "DriverError";
  readonly code: PollFailure | DriverRefusal;
  /** `staleKey`: the generation that was seen, so that the next can be above it. */
  readonly highestGeneration: number | undefined;
  constructor(
    code: PollFailure | DriverRefusal,
    message: string,
    options: ErrorOptions & { highestGeneration?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.highestGeneration = options.highestGeneration;
  }
}
/** `staleKey`: a newer key generation was seen. `notPossible`: this box cannot do that now. */
export type DriverRefusal = "staleKey" | "notPossible" | "failed";

/** It was asked enough of late, so that a poll was not made: that says nothing of the device. */
export class NotAsked extends DriverError {
  constructor(message: string) {
    super("notPossible", message);
  }
}
