/** The journal's file is damaged, or its writer dies, while the daemon runs. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import Database from "better-sqlite3";
import { expect, test, vi } from "vitest";
import type { Journal } from "../../../daemon/journal/journal.ts";
import type { Intent } from "../../../machines/intents.ts";
import { journals, stamp, turn, until, upTo } from "./a-journal.ts";

const at = journals();
const intent: Intent = { id: "i1", kind: "ownSelfStart", asks: { encoder: "helo-a" } };
const file = (folder: string) => join(folder, "journal.sqlite");

/** As a failing disk or a foreign program would do it: the table's pages are not where they were. */
function damage(folder: string): void {
  const db = new Database(file(folder));
  db.unsafeMode(true);
  db.pragma("writable_schema = on");
  db.exec("update sqlite_schema set rootpage = 99999 where name = 'event'");
  const version = Number(db.pragma("schema_version", { simple: true }));
  db.pragma(`schema_version = ${version + 1}`);
  db.close();
}

/** The real writer, which ends as a crash would end it when the file `kill` appears. */
function aMortalWriter(folder: string) {
  const wrapper = join(folder, "writer.mjs");
  const trigger = join(folder, "kill");
  writeFileSync(
    wrapper,
    `import { existsSync, rmSync } from "node:fs";
     await import(${JSON.stringify(at.writerUrl().href)});
     setInterval(() => {
       if (!existsSync(${JSON.stringify(trigger)})) return;
       rmSync(${JSON.stringify(trigger)});
       process.exit(7);
     }, 2).unref();`,
  );
  return {
    writerUrl: pathToFileURL(wrapper),
    async kill(): Promise<void> {
      writeFileSync(trigger, "");
      await until("the writer is dead", () => !existsSync(trigger));
    },
  };
}

/** A row that took long counts as slow until the next one; in a daemon there always is one. */
async function untilWell(journal: Journal, healths: string[]): Promise<void> {
  await until("it is well again", () => {
    if (healths.at(-1) === "ok") return true;
    journal.input({ stamp: stamp(), to: "site", event: { type: "poke" } });
    return false;
  });
}

test("a file damaged in use is moved aside and rebuilt: nothing that is open is forgotten", async () => {
  const folder = at.folder();
  const { journal, warnings, healths } = await at.open(folder);
  const { epoch } = journal;
  journal.forgetHubsExcept(["main"]);
  await journal.commit({
    ...turn(1, 2, 3),
    resume: { "stream:main": { carrier: "a" } },
    intents: [intent],
  });
  await journal.readPayloads(0, 10);
  await journal.acknowledged("main", epoch, 2);
  journal.rememberTopic("encoder/helo-a/state");

  damage(folder);
  await journal.commit(turn(4));
  await until("it is on disk after all", () => journal.counts().durableSeq === 4);
  await untilWell(journal, healths);
  expect(healths).toContain("failed");
  expect(warnings.some((line) => line.includes("damaged while in use"))).toBe(true);
  expect(readdirSync(folder).some((name) => name.includes(".damaged-"))).toBe(true);
  // The count goes on: no number is used twice, and the hub is told what is missing.
  expect(journal.epoch).toBe(epoch);
  const events = await journal.readEvents(2, 10);
  expect(events.map(({ seq, type }) => [seq, type])).toEqual([
    [3, "outbox_truncated"],
    [4, "carrier_changed"],
  ]);
  await journal.commit(turn(5));
  await journal.close();

  const again = await at.open(folder);
  expect(again.journal).toMatchObject({ epoch, lastSeq: 5, fresh: false });
  expect(again.journal.resume.get("stream:main")).toEqual({ carrier: "a" });
  expect(again.journal.openIntents).toEqual([intent]);
  expect(again.journal.cursor("main")).toBe(2);
  expect([...again.journal.publishedTopics()]).toEqual(["encoder/helo-a/state"]);
});

test("a file that is damaged twice is rebuilt twice", async () => {
  const folder = at.folder();
  const { journal, healths } = await at.open(folder);
  for (const [round, seqs] of [upTo(1, 3), upTo(4, 6)].entries()) {
    for (const seq of seqs) await journal.commit(turn(seq));
    damage(folder);
    journal.input({ stamp: stamp(), to: "site", event: { type: "poke" } });
    await until("it was noticed", () => healths.filter((h) => h === "failed").length > round);
    await untilWell(journal, healths);
  }
  await journal.commit(turn(7));
  await until("it is on disk", () => journal.counts().durableSeq === 7);
  expect(readdirSync(folder).filter((name) => /damaged-\d+(-\d+)?$/.test(name))).toHaveLength(2);
});

test("a writer that dies is replaced, and what it had not written is written", async () => {
  const folder = at.folder();
  const writer = aMortalWriter(folder);
  const { journal, healths } = await at.open(folder, { writerUrl: writer.writerUrl });
  await journal.commit(turn(1));
  await writer.kill();
  // Turns do not wait for the next writer; their rows do.
  const results = await Promise.all(upTo(2, 40).map((seq) => journal.commit(turn(seq))));
  expect(results).toContain(false);
  await until("all is on disk", () => journal.counts().durableSeq === 40);
  await untilWell(journal, healths);
  expect(healths).toContain("failed");
  const events = await journal.readEvents(0, 100);
  expect(events.map(({ seq }) => seq)).toEqual(upTo(1, 40));
  // Those that were acted on before they were on disk say so.
  expect(events.some((event) => event.undurable === true)).toBe(true);
  expect(events[0]?.undurable).not.toBe(true);
});

test("a question while there is no writer is answered with nothing, too", async () => {
  const folder = at.folder();
  const writer = aMortalWriter(folder);
  const { journal, healths } = await at.open(folder, { writerUrl: writer.writerUrl });
  await writer.kill();
  await vi.waitUntil(() => healths.includes("failed"), { interval: 1 });
  expect(await journal.readEvents(0, 10)).toEqual([]);
  await untilWell(journal, healths);
}, 30_000);

test("a question to a writer that dies is answered with nothing, and can be asked again", async () => {
  const folder = at.folder();
  const writer = aMortalWriter(folder);
  const { journal, healths } = await at.open(folder, { writerUrl: writer.writerUrl });
  await journal.commit(turn(1));
  await writer.kill();
  const asked = journal.readEvents(0, 10);
  expect([0, 1]).toContain((await asked).length);
  await journal.commit(turn(2));
  await until("it is on disk", () => journal.counts().durableSeq === 2);
  await untilWell(journal, healths);
  expect((await journal.readEvents(0, 10)).map(({ seq }) => seq)).toEqual([1, 2]);
});

test("a writer that dies again and again loses no event and no intent", async () => {
  const folder = at.folder();
  const writer = aMortalWriter(folder);
  const { journal } = await at.open(folder, { writerUrl: writer.writerUrl });
  let seq = 0;
  for (let round = 0; round < 3; round++) {
    const seqs = upTo(seq + 1, seq + 50);
    seq += 50;
    const written = seqs.map((n) =>
      journal.commit({ ...turn(n), intents: [{ ...intent, id: `i${n}` }] }),
    );
    await writer.kill();
    await Promise.all(written);
  }
  await until("all is on disk", () => journal.counts().durableSeq === seq);
  await journal.close();
  const again = await at.open(folder);
  expect(again.journal).toMatchObject({ lastSeq: seq, fresh: false });
  expect((await again.journal.readEvents(0, 1_000)).map((e) => e.seq)).toEqual(upTo(1, seq));
  expect(again.journal.openIntents).toHaveLength(seq);
});

test("closing while the writer is dead writes the rest with another one", async () => {
  const folder = at.folder();
  const writer = aMortalWriter(folder);
  const { journal, warnings, healths } = await at.open(folder, { writerUrl: writer.writerUrl });
  await journal.commit(turn(1));
  await writer.kill();
  await journal.commit(turn(2));
  await until("it is known to be dead", () => healths.includes("failed"));
  await journal.close();
  expect(warnings.filter((line) => line.includes("never written"))).toEqual([]);
  const again = await at.open(folder);
  expect(again.journal.lastSeq).toBe(2);
});
