/** The runs of a daemon that its journal still holds whole; it may be running meanwhile. */
import Database from "better-sqlite3";
import type { SiteEvent } from "../../machines/site/site.contract.ts";
import type { CoreInput } from "../../machines/site/site-core.ts";
import type { Stamp } from "../../machines/time.ts";
import type { Start, Started } from "./started.ts";

export type Entry = { at: Stamp; input: CoreInput };
export type Told = Pick<SiteEvent, "atMs" | "type" | "subject" | "severity" | "message" | "data">;

export type KeptRun = Pick<Started, "session" | "version"> & {
  start: Start;
  inputs(): Generator<Entry>;
  /** What was told in it and is still kept, oldest first. */
  told(): Told[];
};

/** @throws when there is no such file, or no such tables in it */
export function openKeptRuns(file: string) {
  const db = new Database(file, { readonly: true, fileMustExist: true });
  const inputsBetween = db.prepare<[number, number], Row>(
    "select id, boot_id as bootId, mono_ms as monoMs, wall_ms as wallMs, actor, body from input " +
      "join boot on boot.number = input.boot where id >= ? and id < ? order by id limit 1000",
  );
  const begins = db
    .prepare<[], number>(
      "select id from input where actor = 'site' and body like '{\"type\":\"started\"%' order by id",
    )
    .pluck();
  const toldIn = db
    .prepare<[string], string>(
      "select body from event join session on session.number = event.session " +
        "where session.session = ? order by epoch, seq",
    )
    .pluck();

  const allTold = db.prepare<[], string>("select body from event order by epoch, seq").pluck();

  function runAt(id: number, endId: number): KeptRun {
    const [row] = inputsBetween.all(id, id + 1);
    const { session, version, plan, resume } = JSON.parse(row!.body) as Started;
    return {
      ...{ session, version },
      start: { plan, at: stampOf(row!), resume: new Map(Object.entries(resume)) },
      *inputs() {
        // In parts: who reads for minutes would keep the daemon's log from being moved into its file.
        for (let from = id + 1, rows; (rows = inputsBetween.all(from, endId)).length > 0;) {
          for (const each of rows) {
            const event = JSON.parse(each.body) as unknown;
            yield { at: stampOf(each), input: { to: each.actor, event } as CoreInput };
          }
          from = rows.at(-1)!.id + 1;
        }
      },
      told: () => toldIn.all(session).map((body) => JSON.parse(body) as Told),
    };
  }

  return {
    /** Oldest first. */
    runs(): KeptRun[] {
      const ids = begins.all();
      return ids.map((id, n) => runAt(id, ids[n + 1] ?? Number.MAX_SAFE_INTEGER));
    },
    /** All that is still kept, oldest first; for longer than inputs are. */
    told: () => allTold.all().map((body) => JSON.parse(body) as Told),
    close: () => void db.close(),
  };
}

type Row = Stamp & { id: number; actor: string; body: string };
const stampOf = ({ bootId, monoMs, wallMs }: Stamp): Stamp => ({ bootId, monoMs, wallMs });
