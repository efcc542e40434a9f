import type { ConnectionPoint, HistoryRange } from "../../machines/encoder/connection-history.ts";
import type { Stamp } from "../../machines/time.ts";
import type { Samples } from "./telemetry-ring.ts";

/**
 * What the decider and the writer thread tell each other. Bodies travel as JSON text: a string is
 * copied in one piece, a deep object is walked.
 */
export type WriterData = {
  file: string;
  /** Id of the site actor, for notes that the writer itself leaves. */
  site: string;
  session: string;
  wallMs: number;
  /** Size of the file that is given up when the disk is full, bytes. 0 = none. */
  reserveBytes: number;
  /**
   * An input is sent within this, even when no turn follows, ms; what is written is committed within
   * this at the latest.
   */
  inputFlushMs: number;
  keep: Keep;
  /** Two 64-bit numbers, see `Shared`. */
  shared: SharedArrayBuffer;
};

export type Keep = {
  inputsMs: number;
  inputsMaxBytes: number;
  eventsMs: number;
  eventsMaxBytes: number;
  /** Rows deleted in one go. Small, so that a commit never waits long behind it. */
  chunkRows: number;
};

/**
 * Places in the shared memory. Both sides write their own and then read the other's, so a row that
 * one side gave up is never also taken for durable without its mark.
 */
export const Shared = { durableRow: 0, gaveUpRow: 1 } as const;

export type InputMessage = {
  kind: "input";
  row: number;
  attempt: number;
  id: number;
  stamp: Stamp;
  actor: string;
  body: string;
};
export type EventText = { seq: number; atMs: number; body: string };
export type TurnMessage = {
  kind: "turn";
  row: number;
  attempt: number;
  epoch: string;
  undurable: boolean;
  events: EventText[];
  /** `[actor, JSON]` */
  resume: [string, string][];
  /** `[id, JSON]` */
  intents: [string, string][];
  settled: string[];
};
export type EpochMessage = {
  kind: "epoch";
  row: number;
  attempt: number;
  epoch: string;
  reason: string;
  atMs: number;
};
/** Numbered rows: kept by the decider until the writer says they are durable. */
export type RowMessage = InputMessage | TurnMessage | EpochMessage;

/** What a damaged file is rebuilt from while running. */
export type CarryOver = {
  epoch: string;
  seq: number;
  resume: [string, string][];
  intents: [string, string][];
  topics: string[];
  wallMs: number;
};

export type ToWriter =
  | TurnMessage
  | EpochMessage
  /** Several at once, which nothing has followed for a while: they are committed together. */
  | { kind: "inputs"; rows: InputMessage[] }
  /** Commit what has been sent, now. */
  | { kind: "flush" }
  /** Take rows of this attempt again; look at the file anew first. */
  | { kind: "retry"; attempt: number; carryOver: CarryOver }
  | { kind: "cursor"; hub: string; epoch: string; seq: number }
  | { kind: "hubs"; hubs: string[] }
  | { kind: "topic"; topic: string; published: boolean }
  | { kind: "readEvents"; ask: number; epoch: string; afterSeq: number; limit: number }
  | { kind: "readInputs"; ask: number; fromId: number; limit: number }
  | { kind: "samples"; samples: Samples }
  | { kind: "readHistory"; ask: number; encoder: string; range: HistoryRange }
  | { kind: "retain"; wallMs: number }
  | { kind: "ping"; ask: number }
  | { kind: "close" };

/** Why the disk refused. `damaged`: the file is no longer a sound database. */
export type Refusal = "full" | "failed" | "damaged";

export type EventPayload = { seq: number; payload: string };
export type InputText = {
  id: number;
  stamp: Stamp;
  actor: string;
  body: string;
};

export type FromWriter =
  | {
      kind: "open";
      epoch: string;
      lastSeq: number;
      lastInput: number;
      resume: [string, string][];
      intents: string[];
      cursors: [string, number][];
      topics: string[];
      fresh: string | undefined;
    }
  | { kind: "notOpen"; code: string; message: string }
  /** Rows up to `upTo`, and with them the events of `epoch` up to `seq`. */
  | { kind: "durable"; upTo: number; epoch: string; seq: number }
  | { kind: "refused"; attempt: number; why: Refusal; message: string; retryNow: boolean }
  | { kind: "reserve"; ready: boolean }
  /** The log could not be moved into the database; `why` is undefined when it can be again. */
  | { kind: "trouble"; why: Refusal | undefined; message: string }
  | { kind: "warning"; message: string }
  | { kind: "events"; ask: number; rows: EventPayload[] | undefined }
  | { kind: "inputs"; ask: number; rows: InputText[] | undefined }
  | { kind: "history"; ask: number; points: ConnectionPoint[] | undefined }
  | { kind: "pong"; ask: number }
  | { kind: "truncated"; fromSeq: number; toSeq: number }
  | { kind: "sizes"; inputBytes: number; eventBytes: number }
  | { kind: "closed" };
