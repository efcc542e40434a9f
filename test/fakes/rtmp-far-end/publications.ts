import { performance } from "node:perf_hooks";
import type { MediaInfo } from "./media-info.ts";

/** What the far end does when a key that is being published is asked for once more. */
export type Behaviour =
  /** nginx-rtmp: the second is told "Already publishing". */
  | "refuseSecond"
  /** MediaMTX: the second gets the key, the first is disconnected. */
  | "kickFirst"
  /** Reported of some nginx-rtmp builds: both lose. */
  | "dropBoth"
  /** A CDN that does not care. The worst case, and the one that makes overlap measurable. */
  | "acceptBoth";

export type EndReason =
  /** The publisher said so (FCUnpublish, deleteStream, closeStream). */
  | "unpublished"
  /** The TCP connection ended without a word: cable, kill -9, power. */
  | "disconnected"
  | "refused"
  | "unknownKey"
  | "blocked"
  | "kickedBySecond"
  | "droppedWithSecond"
  /** By `kick` or the control URL. */
  | "kicked"
  | "protocolError"
  | "closed";

/**
 * Somebody who asked for a key. All times are milliseconds of CLOCK_MONOTONIC, the same in every
 * process of this machine (`process.hrtime`); add `wallOffsetMs` for Unix time.
 */
export type PublisherRecord = {
  id: number;
  key: string;
  /** `host:port` of the other end. */
  address: string;
  flashVer: string;
  wallOffsetMs: number;
  connectedAtMs: number;
  /** Asked for the key. */
  requestedAtMs: number;
  /** Was given the key; null = never. */
  publishedAtMs: number | null;
  firstMediaAtMs: number | null;
  lastMediaAtMs: number | null;
  endedAtMs: number | null;
  endedBecause: EndReason | null;
  /** Audio and video payload, without RTMP headers. */
  bytes: number;
  videoFrames: number;
  /** Somebody else was publishing on this key when this one asked for it. */
  metAnother: boolean;
  /** Where the FLV of this publication is written, when recording. */
  recordingPath: string | null;
};

/** One connection that wants to publish, as the rules see it. */
export type Publisher = {
  record: PublisherRecord;
  media: MediaInfo;
  /** Cut the connection at once. */
  disconnect(): void;
};

export type Rules = {
  behaviour: Behaviour;
  keys: Record<string, string> | undefined;
  ghostSessionMs: number;
};

/** Who is kept off a key: everybody, or one mark of ours, or one host. */
export type Block = { key: string; mark?: string; host?: string };

function blocks({ key, mark, host }: Block, record: PublisherRecord): boolean {
  if (key !== record.key) return false;
  if (mark !== undefined) return record.flashVer === mark;
  return host === undefined || hostOf(record.address) === host;
}

export function hostOf(address: string): string {
  return address.replace(/:\d+$/, "");
}

type Slot = { publishers: Publisher[]; ghost: { publisher: Publisher; untilMs: number } | null };

/** Milliseconds of CLOCK_MONOTONIC: comparable with other processes of this machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/** Who may publish what, and who did. The only place that judges. */
export class Publications {
  readonly rules: Rules;
  readonly records: PublisherRecord[] = [];
  readonly #slots = new Map<string, Slot>();
  #blocks: Block[] = [];
  readonly #onChange: (key: string) => void;
  #nextId = 1;

  /** @param onChange called after the publisher of a key has changed */
  constructor(rules: Rules, onChange: (key: string) => void) {
    this.rules = rules;
    this.#onChange = onChange;
  }

  newRecord(key: string, who: { address: string; flashVer: string; connectedAtMs: number }) {
    const record: PublisherRecord = {
      id: this.#nextId++,
      key,
      ...who,
      wallOffsetMs: performance.timeOrigin + performance.now() - monotonicMs(),
      requestedAtMs: monotonicMs(),
      publishedAtMs: null,
      firstMediaAtMs: null,
      lastMediaAtMs: null,
      endedAtMs: null,
      endedBecause: null,
      bytes: 0,
      videoFrames: 0,
      metAnother: false,
      recordingPath: null,
    };
    this.records.push(record);
    return record;
  }

  /** Gives the key to `publisher`, or says why not. Those who lose theirs are disconnected. */
  ask(publisher: Publisher): "accepted" | EndReason {
    const { record } = publisher;
    const verdict = this.#judge(record);
    if (verdict !== "accepted") {
      record.endedAtMs = monotonicMs();
      record.endedBecause = verdict;
      return verdict;
    }
    record.publishedAtMs = monotonicMs();
    this.#slot(record.key).publishers.push(publisher);
    this.#onChange(record.key);
    return "accepted";
  }

  #judge(record: PublisherRecord): "accepted" | EndReason {
    const { key } = record;
    const slot = this.#slot(key);
    record.metAnother = slot.publishers.length > 0;
    if (this.rules.keys && !Object.hasOwn(this.rules.keys, key)) return "unknownKey";
    if (this.#blocks.some((block) => blocks(block, record))) return "blocked";
    if (slot.publishers.length === 0 && this.#ghost(slot) === null) return "accepted";
    switch (this.rules.behaviour) {
      case "refuseSecond":
        return "refused";
      case "kickFirst":
        this.#empty(key, "kickedBySecond");
        return "accepted";
      case "dropBoth":
        this.#empty(key, "droppedWithSecond");
        return "droppedWithSecond";
      case "acceptBoth":
        slot.ghost = null;
        return "accepted";
    }
  }

  /** A publication is over. Only the first reason counts. */
  end(publisher: Publisher, because: EndReason): void {
    const { record } = publisher;
    if (record.endedAtMs !== null) return;
    record.endedAtMs = monotonicMs();
    record.endedBecause = because;
    const slot = this.#slot(record.key);
    slot.publishers = slot.publishers.filter((other) => other !== publisher);
    if (because === "disconnected" && this.rules.ghostSessionMs > 0) {
      slot.ghost = { publisher, untilMs: record.endedAtMs + this.rules.ghostSessionMs };
    }
    this.#onChange(record.key);
  }

  /** Disconnects whoever holds the key and frees a ghost's slot. Answers how many held it. */
  kick(key: string, because: EndReason = "kicked"): number {
    const slot = this.#slot(key);
    const holders = slot.publishers.length + (this.#ghost(slot) === null ? 0 : 1);
    this.#empty(key, because);
    return holders;
  }

  block(block: Block): void {
    this.#blocks.push(block);
  }

  unblock(key: string): void {
    this.#blocks = this.#blocks.filter((block) => block.key !== key);
  }

  /** Keys that somebody holds, with the holders; a ghost session holds its key as well. */
  held(): { key: string; publishers: Publisher[]; ghost: Publisher | null }[] {
    return [...this.#slots]
      .map(([key, slot]) => ({ key, publishers: slot.publishers, ghost: this.#ghost(slot) }))
      .filter(({ publishers, ghost }) => publishers.length > 0 || ghost !== null);
  }

  /** The one whose picture counts: the first that still holds the key. */
  current(key: string): Publisher | undefined {
    return this.#slots.get(key)?.publishers[0];
  }

  #empty(key: string, because: EndReason): void {
    const slot = this.#slot(key);
    slot.ghost = null;
    for (const publisher of slot.publishers) {
      this.end(publisher, because);
      publisher.disconnect();
    }
  }

  #ghost(slot: Slot): Publisher | null {
    if (slot.ghost && slot.ghost.untilMs <= monotonicMs()) slot.ghost = null;
    return slot.ghost?.publisher ?? null;
  }

  #slot(key: string): Slot {
    const slot = this.#slots.get(key) ?? { publishers: [], ghost: null };
    this.#slots.set(key, slot);
    return slot;
  }
}

/** Milliseconds during which two or more of these spans were open. An open end means "now". */
export function overlapOf(
  spans: { fromMs: number | null; toMs: number | null }[],
  nowMs: number,
): number {
  const edges = spans
    .filter((span): span is { fromMs: number; toMs: number | null } => span.fromMs !== null)
    .flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, step: 1 },
      { atMs: toMs ?? nowMs, step: -1 },
    ])
    .sort((a, b) => a.atMs - b.atMs || a.step - b.step);
  let open = 0;
  let sinceMs = 0;
  let overlapMs = 0;
  for (const { atMs, step } of edges) {
    if (open >= 2) overlapMs += atMs - sinceMs;
    open += step;
    sinceMs = atMs;
  }
  return overlapMs;
}
