import { once } from "node:events";
import { randomUUID } from "node:crypto";
import type { Intent } from "../../machines/intents.ts";
import type { SiteEvent } from "../../machines/site/site.contract.ts";
import { elapsedMs } from "../../machines/time.ts";
import { holdRows } from "./held-rows.ts";
import type { History, InputRow, Journal, JournalHealth, TurnRow } from "./journal.ts";
import type { AckOutcome, Outbox } from "./outbox.ts";
import { openQuestions } from "./questions.ts";
import { type JournalOptions, newWriter, startWriter, writerDataOf } from "./start-writer.ts";
import type { CarryOver, FromWriter, InputMessage, ToWriter } from "./writer-protocol.ts";

const betweenRetentionMs = 60_000;
/** How far a wall clock set forward can make rows look older than they are, ms. */
const clockSlackMs = 3_600_000;
const respawnMs = 1_000;
const closeWithinMs = 5_000;

/** Rejects with `JournalError` when the file cannot be opened; a damaged one is moved aside. */
export async function openJournal(options: JournalOptions): Promise<Journal & Outbox & History> {
  const { now } = options;
  const session = randomUUID();
  const openedAt = now();
  const shared = new SharedArrayBuffer(16);
  const warn = options.warn ?? (() => undefined);
  const data = writerDataOf(options, { session, shared, wallMs: openedAt.wallMs });

  const writer = await startWriter(options, data);
  const { opening } = writer;
  let { worker } = writer;

  let { epoch, lastSeq } = opening;
  let lastInput = opening.lastInput;
  let durableSeq = lastSeq;
  let openedSeq = lastSeq;
  /** Up to here a hub may know of our events: what was there before, and what was read to be sent. */
  let tellableSeq = lastSeq;
  const openIntents = opening.intents.map((body) => JSON.parse(body) as Intent);
  const resume = new Map(
    opening.resume.map(([actor, body]) => [actor, JSON.parse(body) as unknown]),
  );
  /** What a damaged file would be rebuilt from: the newest of each. */
  const resumeText = new Map(opening.resume);
  const intentText = new Map(
    openIntents.map((intent, at) => [intent.id, opening.intents[at] ?? ""]),
  );
  const cursors = new Map(opening.cursors);
  let hubs: string[] = [...cursors.keys()];
  const topics = new Set(opening.topics);
  const healthListeners: ((health: JournalHealth, rowsInMemory: number) => void)[] = [];
  const truncatedListeners: ((fromSeq: number, toSeq: number) => void)[] = [];
  const sizes = { inputBytes: 0, eventBytes: 0 };
  let closing = false;
  let respawning: NodeJS.Timeout | undefined;

  /** Sent together: a message to the writer costs as much as what is in it, and wakes it up. */
  let inputs: InputMessage[] = [];
  let sendingInputs: NodeJS.Timeout | undefined;
  function sendInputs(): void {
    clearTimeout(sendingInputs);
    sendingInputs = undefined;
    if (inputs.length > 0) worker.postMessage({ kind: "inputs", rows: inputs } satisfies ToWriter);
    inputs = [];
  }
  function post(message: ToWriter | InputMessage): void {
    if (message.kind === "input") {
      inputs.push(message);
      sendingInputs ??= setTimeout(sendInputs, data.inputFlushMs);
      return;
    }
    sendInputs();
    worker.postMessage(message);
  }
  const questions = openQuestions(post);
  const carryOver = (): CarryOver => ({
    epoch,
    seq: durableSeq,
    resume: [...resumeText],
    intents: [...intentText],
    topics: [...topics],
    wallMs: now().wallMs,
  });
  const rows = holdRows({
    post,
    shared,
    retry: (attempt) => {
      post({ kind: "retry", attempt, carryOver: carryOver() });
      // Cursors are not rows: the newest of each is enough, and a lost one only sends again.
      for (const [hub, seq] of cursors) post({ kind: "cursor", hub, epoch, seq });
      post({ kind: "hubs", hubs });
      for (const topic of topics) post({ kind: "topic", topic, published: true });
    },
    onHealth: (health, rowsInMemory) => {
      for (const listener of healthListeners) listener(health, rowsInMemory);
    },
    commitWithinMs: options.commitWithinMs ?? 250,
    maxInputs: options.maxInputsInMemory ?? 50_000,
  });

  function hear(message: FromWriter): void {
    switch (message.kind) {
      case "durable":
        if (message.epoch === epoch) durableSeq = message.seq;
        return rows.durable(message.upTo);
      case "refused":
        if (message.attempt !== rows.attempt) return;
        warn(`the journal cannot write: ${message.message}`);
        return rows.refused(message.why, message.retryNow);
      case "reserve":
        return rows.reserve(message.ready);
      case "trouble":
        if (message.why) warn(`the journal's log cannot be moved: ${message.message}`);
        return rows.trouble(message.why);
      case "warning":
        return warn(message.message);
      case "events":
      case "inputs":
      case "history":
      case "pong":
        return questions.answered(message);
      case "truncated":
        for (const listener of truncatedListeners) listener(message.fromSeq, message.toSeq);
        return;
      case "sizes":
        sizes.inputBytes = message.inputBytes;
        sizes.eventBytes = message.eventBytes;
        return;
      case "open": // a writer that took the place of one that died
        return rows.refused("failed", true);
      case "notOpen":
        warn(`the journal cannot be opened again: ${message.message}`);
        return;
      case "closed":
        return;
    }
  }

  function attach(): void {
    worker.on("message", hear);
    worker.on("error", (error) => warn(`the journal's writer failed: ${error.message}`));
    worker.on("exit", () => {
      questions.giveUp();
      if (closing) return;
      // They are held, too, and come again with all the others.
      inputs = [];
      rows.lostWriter();
      respawning = setTimeout(respawn, respawnMs).unref();
    });
  }
  function respawn(): void {
    clearTimeout(respawning);
    respawning = undefined;
    // What was asked since then went to one that was gone.
    questions.giveUp();
    worker = newWriter(options.writerUrl);
    worker.postMessage(data);
    attach();
  }
  attach();

  const retention = setInterval(retain, betweenRetentionMs);
  retention.unref();
  function retain(): void {
    post({ kind: "retain", wallMs: nowOfAges() });
  }
  /**
   * Age is counted by the monotonic clock since the start: a wall clock that jumps ten years ahead
   * must not empty the journal.
   */
  function nowOfAges(): number {
    const at = now();
    return Math.min(at.wallMs, openedAt.wallMs + elapsedMs(openedAt, at) + clockSlackMs);
  }

  async function readPayloads(afterSeq: number, limit: number) {
    const of = epoch;
    const answer = await questions.put((ask) => {
      return { kind: "readEvents", ask, epoch: of, afterSeq, limit };
    });
    const rows = answer?.kind === "events" ? (answer.rows ?? []) : [];
    if (of === epoch) tellableSeq = Math.max(tellableSeq, rows.at(-1)?.seq ?? 0);
    return rows;
  }

  function commit(turn: TurnRow): Promise<boolean> {
    let last = lastSeq;
    for (const { seq } of turn.events) {
      if (seq !== last + 1) throw new RangeError(`event ${seq} does not follow ${last}`);
      last = seq;
    }
    lastSeq = last;
    const changed = Object.entries(turn.resume).map(([actor, record]): [string, string] => [
      actor,
      JSON.stringify(record),
    ]);
    const begun = turn.intents.map((intent): [string, string] => [
      intent.id,
      JSON.stringify(intent),
    ]);
    for (const [actor, body] of changed) resumeText.set(actor, body);
    for (const [id, body] of begun) intentText.set(id, body);
    for (const id of turn.settledIntents) intentText.delete(id);
    rows.countCommit();
    return new Promise((resolve) => {
      rows.add(
        {
          kind: "turn",
          epoch,
          undurable: false,
          events: turn.events.map((event) => ({
            seq: event.seq,
            atMs: event.atMs,
            body: JSON.stringify(event),
          })),
          resume: changed,
          intents: begun,
          settled: turn.settledIntents,
        },
        resolve,
      );
    });
  }

  return {
    get epoch() {
      return epoch;
    },
    session,
    get lastSeq() {
      return openedSeq;
    },
    resume,
    openIntents,
    fresh: opening.fresh !== undefined,
    input({ stamp, to, event }: InputRow) {
      lastInput += 1;
      const body = JSON.stringify(event);
      rows.add({ kind: "input", id: lastInput, stamp, actor: to, body });
    },
    commit,
    async answers() {
      return (await questions.put((ask) => ({ kind: "ping", ask }))) !== undefined;
    },
    onHealth: (listener) => void healthListeners.push(listener),
    async close() {
      if (closing) return;
      // What a dead writer left is written by another one, now or never.
      if (respawning) respawn();
      closing = true;
      clearInterval(retention);
      // A disk that does not answer must not keep the daemon from stopping.
      let patience: NodeJS.Timeout | undefined;
      const outOfPatience = new Promise<void>((resolve) => {
        patience = setTimeout(resolve, closeWithinMs);
      });
      const exited = once(worker, "exit");
      await Promise.race([rows.empty().then(() => post({ kind: "flush" })), exited, outOfPatience]);
      post({ kind: "close" });
      await Promise.race([exited, outOfPatience]);
      clearTimeout(patience);
      await worker.terminate();
      const lost = rows.close();
      if (lost > 0) warn(`${lost} rows were never written, because the disk did not take them`);
    },
    readPayloads,
    async readEvents(afterSeq, limit) {
      const rows = await readPayloads(afterSeq, limit);
      return rows.map(({ payload }) => JSON.parse(payload) as SiteEvent);
    },
    async acknowledged(hub, ofEpoch, seq): Promise<AckOutcome> {
      if (ofEpoch !== epoch) return "otherEpoch";
      // Also where our new events have counted on past what the hub has: those it cannot have.
      if (seq > tellableSeq) return "rolledBack";
      if (seq <= (cursors.get(hub) ?? 0)) return "old";
      cursors.set(hub, seq);
      post({ kind: "cursor", hub, epoch, seq });
      return "moved";
    },
    cursor: (hub) => cursors.get(hub) ?? 0,
    forgetHubsExcept(configured) {
      hubs = [...configured];
      for (const hub of cursors.keys()) if (!hubs.includes(hub)) cursors.delete(hub);
      post({ kind: "hubs", hubs });
    },
    counts: () => ({
      ...rows.counts(),
      ...sizes,
      lastSeq,
      durableSeq,
      unacknowledged: Object.fromEntries(
        hubs.map((hub) => [hub, lastSeq - (cursors.get(hub) ?? 0)]),
      ),
    }),
    async inputs(fromRowId, limit) {
      const answer = await questions.put((ask) => {
        return { kind: "readInputs", ask, fromId: fromRowId, limit };
      });
      const rows = answer?.kind === "inputs" ? (answer.rows ?? []) : [];
      return rows.map(({ id, stamp, actor, body }) => ({
        rowId: id,
        stamp,
        to: actor,
        event: JSON.parse(body) as InputRow["event"],
      }));
    },
    keepSamples(encoders) {
      const samples = { wallMs: now().wallMs, ageMs: nowOfAges(), encoders };
      post({ kind: "samples", samples });
    },
    async connectionHistory(encoder, range) {
      const answer = await questions.put((ask) => ({ kind: "readHistory", ask, encoder, range }));
      return answer?.kind === "history" ? answer.points : undefined;
    },
    newEpoch(reason) {
      epoch = randomUUID();
      lastSeq = 0;
      openedSeq = 0;
      tellableSeq = 0;
      durableSeq = 0;
      cursors.clear();
      rows.add({ kind: "epoch", epoch, reason, atMs: now().wallMs });
      return epoch;
    },
    onTruncated: (listener) => void truncatedListeners.push(listener),
    publishedTopics: () => topics,
    rememberTopic(topic) {
      if (topics.has(topic)) return;
      topics.add(topic);
      post({ kind: "topic", topic, published: true });
    },
    forgetTopic(topic) {
      if (topics.delete(topic)) post({ kind: "topic", topic, published: false });
    },
  };
}
