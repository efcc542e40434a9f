import type { EncoderSettings } from "./encoder/settings.ts";
import type { FenceEvidence } from "./stream/fence-evidence.ts";

/** One output of one encoder. */
export type OutputRef = { encoder: string; output: string };

/** One of the sets of settings that a box keeps under a number, for its stream or its recording. */
export type ProfileChoice = { of: "stream" | "recording"; profile: number; interrupt?: true };

/** One recorded file, as far as its box tells. */
export type Clip = { name: string; durationS?: number; bytes?: number };

/**
 * Everything a machine may ask the world to do. All are absolute ("be streaming to X with key
 * generation 7"), so carrying one out twice is harmless. `asks` goes out, `answer` comes back as
 * the next input; a failure comes back as an error with a code.
 */
export type Intents = {
  /** Be publishing to this destination. Refused by the driver if the generation is older. */
  startOutput: {
    asks: OutputRef & {
      stream: string;
      destination: string;
      keyGeneration: number;
      /** Of its session: for encoders that are set by their start. */
      settings?: EncoderSettings;
    };
    answer: { startedAtMs: number };
  };
  /** Be idle on this output; forget the key when `forgetKey`. */
  stopOutput: { asks: OutputRef & { forgetKey: boolean }; answer: Record<string, never> };
  /** Stop it if it can be reached, then gather proof that it is off the key. */
  fence: {
    asks: OutputRef & { stream: string; destination: string };
    answer: { evidence: FenceEvidence[] };
  };
  /**
   * Have the relay of this stream running, and going by these orders. Answered when it does; refused
   * (`staleOrders`) where it goes by newer ones already.
   */
  orderRelay: {
    asks: { stream: string; generation: number; eligible: string[]; preferred: string | null };
    answer: Record<string, never>;
  };
  /** Have no relay of this stream running. */
  endRelay: { asks: { stream: string }; answer: Record<string, never> };
  /** Switch off what the box would do on its own (auto-recover, power-up, scheduler). */
  ownSelfStart: { asks: { encoder: string }; answer: Record<string, never> };
  /** Boot anew. The answer comes when it was told to, not when it is up. */
  reboot: { asks: { encoder: string }; answer: Record<string, never> };
  /** Work at this cooling step: 0 = full load; what the others mean is its driver's. */
  setLoad: { asks: { encoder: string; step: number }; answer: Record<string, never> };
  /** Be recording. Refused by the driver where that would touch a stream. */
  startRecording: { asks: { encoder: string }; answer: Record<string, never> };
  stopRecording: { asks: { encoder: string }; answer: Record<string, never> };
  /** Be recording to this medium of the box. Its stream is not touched. */
  recordTo: { asks: { encoder: string; medium: string }; answer: Record<string, never> };
  /**
   * Be recording with less bit rate and in shorter files, or be set as before. Its stream is not
   * touched.
   */
  recordLight: { asks: { encoder: string; light: boolean }; answer: Record<string, never> };
  /** Do not use this medium of the box, until it boots again. */
  releaseMedium: { asks: { encoder: string; medium: string }; answer: Record<string, never> };
  /** Work as this preset says, but for where it publishes to: what that was, is put back. */
  recallPreset: {
    asks: { encoder: string; preset: number };
    answer: { restored: string[] };
  };
  /**
   * Work with this profile of the box. Where it publishes to stays as it was. A stream that runs is
   * stopped first where `interrupt` says so, and is not started again; a recording refuses it.
   */
  selectProfile: {
    asks: { encoder: string } & ProfileChoice;
    answer: { name?: string; restored: string[] };
  };
  listClips: { asks: { encoder: string }; answer: { clips: Clip[] } };
  /** Work with these settings. Refused by the driver while a stream runs. */
  applySettings: {
    asks: { encoder: string; settings: EncoderSettings };
    answer: Record<string, never>;
  };
  /**
   * Have the process of this ingest running, as it is configured. Of one that is kept for sessions:
   * with the key of this session, or with none.
   */
  runIngest: { asks: { ingest: string; session?: string }; answer: Record<string, never> };
  /** Have the process of this output of a relayed stream running, as it is configured. */
  runOutput: { asks: { output: string }; answer: Record<string, never> };
  /** Have its outlet on or off, read back. The encoder is the box that hangs on it. */
  turnOutlet: {
    asks: { encoder: string; outlet: string; to: "on" | "off" | "cycle" };
    answer: { atMs: number };
  };
};
export type IntentKind = keyof Intents;

/** One thing to do, as it is written to the journal. */
export type Intent<K extends IntentKind = IntentKind> = K extends IntentKind
  ? { id: string; kind: K; asks: Intents[K]["asks"] }
  : never;
