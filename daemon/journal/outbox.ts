import type { SiteEvent } from "../../machines/site/site.contract.ts";
import type { InputRow } from "./journal.ts";

/**
 * What an ack says about us. `rolledBack`: the hub has more of this epoch than we have, so our
 * database is older than what was already told; call `newEpoch`.
 */
export type AckOutcome = "moved" | "old" | "rolledBack" | "otherEpoch";

export type JournalCounts = {
  /** Rows that wait in memory because the disk does not take them. */
  rowsInMemory: number;
  /** Inputs given up because too many waited. Events are never given up. */
  droppedInputs: number;
  undurableEvents: number;
  /** Turns that waited for the disk, and how many of them in vain. */
  commits: number;
  commitsGivenUp: number;
  /** Highest `seq` given out, and the highest that is on disk, of this epoch. */
  lastSeq: number;
  durableSeq: number;
  inputBytes: number;
  eventBytes: number;
  /** Per configured hub: events it has not acknowledged. */
  unacknowledged: Record<string, number>;
};

/** The events that wait for the hubs: a cursor per hub, moved only by that hub's own ack. */
export interface Outbox {
  readonly epoch: string;
  readonly session: string;
  /** Events on disk after `afterSeq` of the current epoch, in order. */
  readEvents(afterSeq: number, limit: number): Promise<SiteEvent[]>;
  /** The same as the text to send, so that the decider neither parses nor prints it. */
  readPayloads(afterSeq: number, limit: number): Promise<{ seq: number; payload: string }[]>;
  acknowledged(hub: string, epoch: string, seq: number): Promise<AckOutcome>;
  /** Highest `seq` of the current epoch that this hub has; 0 for a hub not heard of. */
  cursor(hub: string): number;
  /** These hubs are configured: rows wait for them, and for no other. */
  forgetHubsExcept(hubs: readonly string[]): void;
  counts(): JournalCounts;
  /** Inputs in the order they arrived, for replay. The row after the last has `fromRowId` + 1. */
  inputs(fromRowId: number, limit: number): Promise<(InputRow & { rowId: number })[]>;
  /**
   * Start a new epoch, because what the hubs know is ahead of us. Events so far stay under the
   * old one; the next has `seq` 1. The new id is in `epoch` at once.
   */
  newEpoch(reason: string): string;
  /** Unacknowledged events had to go to keep the budget; a note stands in the place of the last. */
  onTruncated(listener: (fromSeq: number, toSeq: number) => void): void;
  /** Retained topics published by any run of this site. Known before they are published. */
  publishedTopics(): ReadonlySet<string>;
  rememberTopic(topic: string): void;
  forgetTopic(topic: string): void;
}

/** Events on disk after `seq`, oldest first. */
export async function* eventsAfter(
  outbox: Pick<Outbox, "readEvents">,
  seq: number,
): AsyncIterable<SiteEvent> {
  for (;;) {
    const page = await outbox.readEvents(seq, 500);
    yield* page;
    const last = page.at(-1);
    if (!last) return;
    ({ seq } = last);
  }
}
