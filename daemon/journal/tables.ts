import type Database from "better-sqlite3";
import { checksum, type Found } from "./database.ts";
import type {
  EventPayload,
  InputMessage,
  InputText,
  RowMessage,
  TurnMessage,
} from "./writer-protocol.ts";

/** Writing and reading rows of an open journal. Nothing here begins or ends a transaction. */
export type Tables = ReturnType<typeof openTables>;

export function openTables(db: Database.Database, found: Found, session: string, wallMs: number) {
  const insertInput = db.prepare(
    "insert or ignore into input (id, boot, mono_ms, wall_ms, actor, body, start_byte) " +
      "values (?, ?, ?, ?, ?, ?, ?)",
  );
  const insertEvent = db.prepare(
    "insert or ignore into event (epoch, seq, session, at_ms, undurable, body, start_byte) " +
      "values (?, ?, ?, ?, ?, ?, ?)",
  );
  const upsertResume = db.prepare(
    "insert into resume (actor, body, crc) values (?, ?, ?) " +
      "on conflict (actor) do update set body = excluded.body, crc = excluded.crc",
  );
  const insertIntent = db.prepare("insert or ignore into intent (id, body, crc) values (?, ?, ?)");
  const deleteIntent = db.prepare("delete from intent where id = ?");
  const insertEpoch = db.prepare(
    "insert or ignore into epoch (epoch, reason, at_ms) values (?, ?, ?)",
  );
  const findEpoch = db
    .prepare<[string], number>("select number from epoch where epoch = ?")
    .pluck();
  const upsertCursor = db.prepare(
    "insert into outbox (hub, epoch, seq) values (?, ?, ?) " +
      "on conflict (hub) do update set epoch = excluded.epoch, seq = excluded.seq",
  );
  const markUndurable = db.prepare(
    "update event set undurable = 1 where epoch = ? and seq between ? and ?",
  );
  const selectEvents = db
    .prepare<[number, number, number, number], [number, number, string, string]>(
      "select seq, undurable, body, session.session from event " +
        "join session on session.number = event.session " +
        "where epoch = ? and seq > ? and seq <= ? order by seq limit ?",
    )
    .raw();
  const selectInputs = db
    .prepare<[number, number], [number, string, number, number, string, string]>(
      "select id, boot_id, mono_ms, wall_ms, actor, body from input " +
        "join boot on boot.number = input.boot where id >= ? order by id limit ?",
    )
    .raw();

  const intern = (table: "boot" | "session", value: string): number => {
    const column = table === "boot" ? "boot_id" : "session";
    const more = table === "boot" ? ["", ""] : [", at_ms", `, ${wallMs}`];
    db.prepare(`insert or ignore into ${table} (${column}${more[0]}) values (?${more[1]})`).run(
      value,
    );
    const select = db.prepare<[string], number>(`select number from ${table} where ${column} = ?`);
    return select.pluck().get(value) ?? 0;
  };
  const lastByte = (table: "input" | "event", order: string): number => {
    const sql = `select start_byte + octet_length(body) from ${table} order by ${order} desc limit 1`;
    return db.prepare<[], number>(sql).pluck().get() ?? 0;
  };

  let sessionNumber: number | undefined;
  const boots = new Map<string, number>();
  const epochs = new Map<string, number>([[found.epoch, found.epochNumber]]);
  let inputByte = lastByte("input", "id");
  let eventByte = lastByte("event", "epoch desc, seq");

  function bootNumber(bootId: string): number {
    const known = boots.get(bootId);
    if (known !== undefined) return known;
    const number = intern("boot", bootId);
    boots.set(bootId, number);
    return number;
  }
  function epochNumber(epoch: string): number {
    const number = epochs.get(epoch) ?? findEpoch.get(epoch);
    if (number === undefined) throw new Error(`epoch ${epoch} was never begun`);
    epochs.set(epoch, number);
    return number;
  }
  function writeInput(input: InputMessage): void {
    const { stamp, body } = input;
    const boot = bootNumber(stamp.bootId);
    const { changes } = insertInput.run(
      input.id,
      boot,
      stamp.monoMs,
      stamp.wallMs,
      input.actor,
      body,
      inputByte,
    );
    if (changes > 0) inputByte += Buffer.byteLength(body);
  }
  function writeTurn(turn: TurnMessage): void {
    if (turn.events.length > 0) {
      const epoch = epochNumber(turn.epoch);
      sessionNumber ??= intern("session", session);
      const undurable = turn.undurable ? 1 : 0;
      for (const { seq, atMs, body } of turn.events) {
        const values = [epoch, seq, sessionNumber, atMs, undurable, body, eventByte];
        if (insertEvent.run(...values).changes > 0) eventByte += Buffer.byteLength(body);
      }
    }
    for (const [actor, body] of turn.resume) upsertResume.run(actor, body, checksum(body));
    for (const [id, body] of turn.intents) insertIntent.run(id, body, checksum(body));
    for (const id of turn.settled) deleteIntent.run(id);
  }

  return {
    write(message: RowMessage): void {
      if (message.kind === "input") writeInput(message);
      else if (message.kind === "turn") writeTurn(message);
      else insertEpoch.run(message.epoch, message.reason, message.atMs);
    },
    /** A transaction was undone: what it had added to the tables is not there any more. */
    undone(): void {
      boots.clear();
      epochs.clear();
      sessionNumber = undefined;
      inputByte = lastByte("input", "id");
      eventByte = lastByte("event", "epoch desc, seq");
    },
    markUndurable(epoch: string, fromSeq: number, toSeq: number): void {
      markUndurable.run(epochNumber(epoch), fromSeq, toSeq);
    },
    setCursor(hub: string, epoch: string, seq: number): void {
      upsertCursor.run(hub, epochNumber(epoch), seq);
    },
    setHubs(hubs: readonly string[]): void {
      db.prepare("delete from outbox where hub not in (select value from json_each(?))").run(
        JSON.stringify(hubs),
      );
    },
    setTopic(topic: string, published: boolean): void {
      const sql = published
        ? "insert or ignore into topic (topic) values (?)"
        : "delete from topic where topic = ?";
      db.prepare(sql).run(topic);
    },
    /** The text to send: what the decider wrote, with what only the journal knows put in front. */
    events(epoch: string, afterSeq: number, throughSeq: number, limit: number): EventPayload[] {
      const head = `{"epoch":${JSON.stringify(epoch)},"session":`;
      return selectEvents
        .all(epochNumber(epoch), afterSeq, throughSeq, limit)
        .map(([seq, undurable, body, of]) => ({
          seq,
          payload: `${head}${JSON.stringify(of)}${undurable ? ',"undurable":true' : ""},${body.slice(1)}`,
        }));
    },
    inputs(fromId: number, limit: number): InputText[] {
      return selectInputs.all(fromId, limit).map(([id, bootId, monoMs, wallMs, actor, body]) => ({
        id,
        stamp: { bootId, monoMs, wallMs },
        actor,
        body,
      }));
    },
    epochNumber,
    /** Where the next body starts. */
    sizes: () => ({ inputByte, eventByte }),
    /** Bytes of bodies kept. */
    held() {
      const first = (table: "input" | "event", order: string, end: number): number => {
        const sql = `select start_byte from ${table} order by ${order} limit 1`;
        return end - (db.prepare<[], number>(sql).pluck().get() ?? end);
      };
      return {
        inputBytes: first("input", "id", inputByte),
        eventBytes: first("event", "epoch, seq", eventByte),
      };
    },
  };
}
