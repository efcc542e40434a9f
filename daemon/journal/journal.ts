import type { ConnectionPoint, HistoryRange } from "../../machines/encoder/connection-history.ts";
import type { Intent } from "../../machines/intents.ts";
import type { SiteEvent } from "../../machines/site/site.contract.ts";
import type { Stamp } from "../../machines/time.ts";

/** One thing that reached the site: the first step of a turn. */
export type InputRow = {
  stamp: Stamp;
  /** Actor it goes to, for example `encoder:helo-a`. */
  to: string;
  /** The machine event, plain JSON, without secrets. */
  event: { type: string } & Record<string, unknown>;
};

/** What one turn decided; written in one transaction with its input. */
export type TurnRow = {
  events: Omit<SiteEvent, "epoch" | "session">[];
  /** Only the actors that changed: actor → what it needs after a restart. */
  resume: Record<string, unknown>;
  /** Intents that began, and ids of those that got a result or were given up. */
  intents: Intent[];
  settledIntents: string[];
};

export type JournalHealth = "ok" | "slow" | "full" | "failed";

/**
 * The site's memory: input, event and outbox tables, resume records and open intents, in one
 * SQLite file written by a worker thread. The decider never touches the disk itself.
 */
export interface Journal {
  /** Random id of this database. */
  readonly epoch: string;
  /** Of this run of the daemon. */
  readonly session: string;
  /** Highest event seq when opened, of the current epoch. */
  readonly lastSeq: number;
  /** Found at opening: actor → resume record. */
  readonly resume: ReadonlyMap<string, unknown>;
  /** Found at opening: intents that never got a result. */
  readonly openIntents: readonly Intent[];
  /** Why ownership of every key is unknown, if it is: a new or rolled-back database. */
  readonly fresh: boolean;

  /** Write an input down. Durable with the next commit, or within 100 ms. */
  input(row: InputRow): void;
  /**
   * Make a turn durable. Resolves `true` when it is on disk; `false` after 250 ms or when the disk
   * refuses: the rows then stay in memory, are marked `undurable`, and are written when possible.
   */
  commit(turn: TurnRow): Promise<boolean>;
  /**
   * Resolves `true` once the writer's thread has taken this, whatever the disk says; `false` when it
   * died first. While the thread is stuck, it does not resolve.
   */
  answers(): Promise<boolean>;
  /** Tells every change of health, and how many rows wait in memory. */
  onHealth(listener: (health: JournalHealth, rowsInMemory: number) => void): void;
  close(): Promise<void>;
}

/** How boxes were to talk to, for a week; kept by the same worker in a file that may be lost. */
export interface History {
  /** Of now, of each box. Not kept where the disk does not take it. */
  keepSamples(encoders: [encoder: string, sample: Omit<ConnectionPoint, "atMs">][]): void;
  /** Oldest first; undefined: it cannot be read now. */
  connectionHistory(encoder: string, range: HistoryRange): Promise<ConnectionPoint[] | undefined>;
}
