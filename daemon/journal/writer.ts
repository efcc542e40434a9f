/**
 * The writer thread: the only place that touches the journal's file. It writes rows as they come
 * into an open transaction, commits once for everything that waits (group commit), and answers
 * with the number of the last durable row. It remembers nothing: rows that could not be written
 * are kept by the decider and come again.
 */
import { dirname, join } from "node:path";
import { parentPort, receiveMessageOnPort } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { logMover } from "./checkpoint.ts";
import { isDamage, isFull, moveAside, openFile, readFound } from "./database.ts";
import { openHighWaterMark } from "./high-water-mark.ts";
import { migrations } from "./migrations.ts";
import { codeOf, messageOf, openWhatIsThere, type Opened } from "./opening.ts";
import { rebuild } from "./rebuild.ts";
import { openReserve } from "./reserve.ts";
import { openRetention } from "./retention.ts";
import { openTables } from "./tables.ts";
import { openTelemetryRing } from "./telemetry-ring.ts";
import {
  Shared,
  type CarryOver,
  type FromWriter,
  type Refusal,
  type RowMessage,
  type ToWriter,
  type WriterData,
} from "./writer-protocol.ts";

/** Messages taken before a commit, so that a flood cannot put it off for ever. */
const largestGroup = 2_000;
/** The log is moved into the database after this many rows, when no message waits. */
const rowsPerCheckpoint = 1_000;
const betweenRetentionStepsMs = 20;
const betweenReserveTriesMs = 1_000;

function startWriter(port: MessagePort, data: WriterData): void {
  const post = (message: FromWriter): void => port.postMessage(message);
  const shared = new BigInt64Array(data.shared);
  const mark = openHighWaterMark(`${data.file}.mark`);
  const reserve = openReserve(`${data.file}.reserve`, data.reserveBytes);
  const warn = (message: string): void => post({ kind: "warning", message });
  const ring = openTelemetryRing(join(dirname(data.file), "telemetry.db"), warn);

  function openFirst(): Opened {
    const open = () => openWhatIsThere(data.file, data.wallMs, mark.found, warn);
    try {
      return open();
    } catch (error) {
      if (!isFull(error) || !reserve.free()) throw error;
      return open();
    }
  }

  const first = openFirst();
  let { db, found } = first;
  let tables = openTables(db, found, data.session, data.wallMs);
  let retention = openRetention(db, data.keep, data.site);
  let epoch = found.epoch;
  let durableSeq = found.lastSeq;

  let attempt = 0;
  let refusal: Refusal | undefined;
  let open = false;
  let lastRow = 0;
  let turnWaits = false;
  let rowsSinceCheckpoint = 0;
  /** Turns in the open transaction that decided something. */
  let batch: { row: number; epoch: string; fromSeq: number; toSeq: number }[] = [];
  /** What no turn waits for. */
  const later: (() => void)[] = [];
  let flushTimer: NodeJS.Timeout | undefined;
  const cursors = new Map<string, number>(found.cursors);
  let hubs: string[] | undefined;

  function begin(): void {
    if (open) return;
    db.exec("begin immediate");
    open = true;
    flushTimer ??= setTimeout(commit, data.inputFlushMs);
  }

  function refuse(error: unknown): void {
    undo();
    refusal = isDamage(error) ? "damaged" : isFull(error) ? "full" : "failed";
    const retryNow = refusal === "full" && reserve.free();
    if (retryNow) {
      post({ kind: "reserve", ready: false });
      setTimeout(refillReserve, betweenReserveTriesMs).unref();
    }
    post({ kind: "refused", attempt, why: refusal, message: messageOf(error), retryNow });
    attempt = -1;
  }

  function undo(): void {
    clearTimeout(flushTimer);
    flushTimer = undefined;
    open = false;
    turnWaits = false;
    batch = [];
    try {
      if (db.inTransaction) db.exec("rollback");
      tables.undone();
    } catch {
      // Whatever is wrong with the file will be found again, and reported, when it is reopened.
      refusal = "failed";
    }
  }

  function commit(): void {
    clearTimeout(flushTimer);
    flushTimer = undefined;
    turnWaits = false;
    if (!open) return;
    try {
      db.exec("commit");
    } catch (error) {
      refuse(error);
      return;
    }
    open = false;
    Atomics.store(shared, Shared.durableRow, BigInt(lastRow));
    const gaveUp = Number(Atomics.load(shared, Shared.gaveUpRow));
    const late = batch.filter(({ row }) => row <= gaveUp);
    const newest = batch.at(-1);
    batch = [];
    if (newest) {
      epoch = newest.epoch;
      durableSeq = newest.toSeq;
      mark.write(epoch, durableSeq);
    }
    post({ kind: "durable", upTo: lastRow, epoch, seq: durableSeq });
    // Acted on before it was on disk. The mark goes to disk with the next commit; readers see it
    // at once, because they are answered from this connection.
    if (late.length > 0) {
      inTransaction(() => {
        for (const turn of late) tables.markUndurable(turn.epoch, turn.fromSeq, turn.toSeq);
      });
    }
  }

  /** Work that is not a row: lost without harm if the disk refuses, so only reported. */
  function inTransaction(work: () => void): void {
    if (attempt < 0) return;
    try {
      begin();
      work();
    } catch (error) {
      refuse(error);
    }
  }

  function row(message: RowMessage): void {
    if (message.attempt !== attempt) return;
    try {
      begin();
      tables.write(message);
      lastRow = message.row;
      rowsSinceCheckpoint += 1;
      if (message.kind === "epoch") {
        epoch = message.epoch;
        durableSeq = 0;
        cursors.clear();
      }
      if (message.kind !== "turn") return;
      turnWaits = true;
      const [first] = message.events;
      if (first) {
        const toSeq = first.seq + message.events.length - 1;
        batch.push({ row: message.row, epoch: message.epoch, fromSeq: first.seq, toSeq });
      }
    } catch (error) {
      refuse(error);
    }
  }

  function retry(next: number, carryOver: CarryOver): void {
    try {
      if (refusal !== "full") reopen(carryOver);
      refusal = undefined;
      attempt = next;
      // Something that must reach the disk, so that the next answer says what the disk does.
      begin();
      db.pragma(`user_version = ${migrations.length}`);
    } catch (error) {
      attempt = next;
      refuse(error);
    }
  }

  /** After an I/O error nothing the connection believes about the file can be relied on. */
  function reopen(carryOver: CarryOver): void {
    db.close();
    const damaged = refusal === "damaged";
    if (damaged) {
      warn(
        `the journal was damaged while in use; moved to ${moveAside(data.file, carryOver.wallMs)}`,
      );
    }
    db = openFile(data.file);
    const again = readFound(db) ?? rebuild(db, carryOver, cursors, data);
    found = again;
    tables = openTables(db, again, data.session, data.wallMs);
    retention = openRetention(db, data.keep, data.site);
    if (!damaged) durableSeq = again.lastSeq;
  }

  const moveLog = logMover(post);
  function checkpoint(): void {
    if (open || attempt < 0 || rowsSinceCheckpoint < rowsPerCheckpoint) return;
    rowsSinceCheckpoint = 0;
    moveLog(db);
  }

  let retaining = false;
  function retain(nowMs: number): void {
    let more = false;
    inTransaction(() => {
      const { inputByte, eventByte } = tables.sizes();
      const acknowledged = (hubs ?? []).map((hub) => cursors.get(hub) ?? 0);
      const acknowledgedSeq = hubs === undefined ? 0 : Math.min(...acknowledged, durableSeq);
      const epochNumber = tables.epochNumber(epoch);
      const step = retention.step({ nowMs, epochNumber, acknowledgedSeq, inputByte, eventByte });
      more = step.more;
      if (step.truncated) post({ kind: "truncated", ...step.truncated });
    });
    retaining = more;
    if (more) setTimeout(() => retain(nowMs), betweenRetentionStepsMs);
    else post({ kind: "sizes", ...tables.held() });
  }

  function refillReserve(): void {
    void reserve.restore().then((ready) => {
      post({ kind: "reserve", ready });
      if (!ready) setTimeout(refillReserve, betweenReserveTriesMs).unref();
    });
  }

  function answer<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      warn(`the journal could not be read: ${messageOf(error)}`);
      return undefined;
    }
  }

  function take(message: ToWriter): void {
    switch (message.kind) {
      case "turn":
      case "epoch":
        return row(message);
      case "inputs":
        for (const input of message.rows) row(input);
        turnWaits = true;
        return;
      case "flush":
        turnWaits = true;
        return;
      case "retry":
        return retry(message.attempt, message.carryOver);
      case "cursor":
        cursors.set(message.hub, message.seq);
        return inTransaction(() => tables.setCursor(message.hub, message.epoch, message.seq));
      case "hubs":
        ({ hubs } = message);
        for (const hub of cursors.keys()) if (!message.hubs.includes(hub)) cursors.delete(hub);
        return inTransaction(() => tables.setHubs(message.hubs));
      case "topic":
        return inTransaction(() => tables.setTopic(message.topic, message.published));
      case "readEvents": {
        const { ask, afterSeq, limit } = message;
        later.push(() => {
          const known = message.epoch === epoch && durableSeq > afterSeq;
          const rows = known ? answer(() => tables.events(epoch, afterSeq, durableSeq, limit)) : [];
          post({ kind: "events", ask, rows });
        });
        return;
      }
      case "readInputs": {
        const { ask, fromId, limit } = message;
        later.push(() =>
          post({ kind: "inputs", ask, rows: answer(() => tables.inputs(fromId, limit)) }),
        );
        return;
      }
      case "samples":
        // What room there is left is the journal's.
        later.push(
          () => void (refusal === undefined && reserve.ready && ring.keep(message.samples)),
        );
        return;
      case "readHistory": {
        const { ask, encoder, range } = message;
        later.push(() => post({ kind: "history", ask, points: ring.read(encoder, range) }));
        return;
      }
      case "retain":
        if (!retaining) retain(message.wallMs);
        return;
      case "ping":
        return post({ kind: "pong", ask: message.ask });
      case "close":
        return close();
    }
  }

  function close(): void {
    commit();
    attempt = -1;
    try {
      db.close(); // also moves the log into the database
    } catch (error) {
      warn(`the journal did not close cleanly: ${messageOf(error)}`);
    }
    ring.close();
    mark.close();
    post({ kind: "closed" });
    port.close();
  }

  port.on("message", (waking: ToWriter) => {
    let message: ToWriter | undefined = waking;
    for (let taken = 0; message && taken < largestGroup; taken++) {
      take(message);
      const next: { message: ToWriter } | undefined = receiveMessageOnPort(port);
      message = next?.message;
    }
    if (message) take(message);
    if (turnWaits) commit();
    for (const work of later.splice(0)) work();
    if (rowsSinceCheckpoint >= rowsPerCheckpoint) setImmediate(checkpoint);
  });
  const { lastInput, resume, intents, topics } = found;
  post({
    kind: "open",
    epoch,
    lastSeq: durableSeq,
    lastInput,
    resume,
    intents,
    cursors: [...cursors],
    topics,
    fresh: first.fresh,
  });
  refillReserve();
}

const port = parentPort;
if (!port) throw new Error("the journal's writer runs as a worker thread");
port.once("message", (data: WriterData) => {
  try {
    startWriter(port, data);
  } catch (error) {
    const why = { code: codeOf(error), message: messageOf(error) };
    port.postMessage({ kind: "notOpen", ...why } satisfies FromWriter);
    port.close();
  }
});
