import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { SiteEvent } from "../../../machines/site/site.contract.ts";
import { event, journals, stamp, turn, until, upTo } from "./a-journal.ts";
import { slow } from "../../setup/slow.ts";

const { open, folder } = journals();
const intent = {
  id: "i-1",
  kind: "stopOutput" as const,
  asks: { encoder: "helo-a", output: "stream-1", forgetKey: false },
};

test("a new journal says that nothing is known, and a reopened one does not", async () => {
  const at = folder();
  const first = await open(at);
  expect(first.journal.fresh).toBe(true);
  expect(first.journal.lastSeq).toBe(0);
  await first.journal.close();
  const second = await open(at);
  expect(second.journal.fresh).toBe(false);
  expect(second.journal.epoch).toBe(first.journal.epoch);
  expect(second.journal.session).not.toBe(first.journal.session);
});

test("a restarted daemon finds its last event, resume records and unfinished intents", async () => {
  const at = folder();
  const { journal } = await open(at);
  const begun = { ...turn(1), resume: { "stream:main": { keyGeneration: 7 } } };
  expect(await journal.commit({ ...begun, intents: [intent, { ...intent, id: "i-2" }] })).toBe(
    true,
  );
  const newer = { "stream:main": { keyGeneration: 8 } };
  expect(await journal.commit({ ...turn(2), resume: newer, settledIntents: ["i-2"] })).toBe(true);
  await journal.close();
  const again = await open(at);
  expect(again.journal.lastSeq).toBe(2);
  expect(again.journal.resume.get("stream:main")).toEqual({ keyGeneration: 8 });
  expect(again.journal.openIntents).toEqual([intent]);
});

test("who holds the file for a moment, as a reader does after a crash, is waited for", async () => {
  const at = folder();
  await (await open(at)).journal.close();
  const reader = new Database(join(at, "journal.sqlite"));
  reader.pragma("locking_mode = exclusive");
  reader.exec("begin exclusive");
  setTimeout(() => reader.close(), 200);
  expect((await open(at)).journal.fresh).toBe(false);
});

test("an event that was committed is read back whole and passes the contract", async () => {
  const { journal } = await open(folder());
  await journal.commit(turn(1, 2, 3));
  const events = await journal.readEvents(1, 10);
  expect(events).toEqual(
    [2, 3].map((seq) => ({ ...event(seq), epoch: journal.epoch, session: journal.session })),
  );
  for (const read of events) expect(SiteEvent.parse(read)).toEqual(read);
});

test("an input is on disk soon even when no turn follows it", async () => {
  const at = folder();
  const { journal } = await open(at);
  journal.input({ stamp: stamp(), to: "encoder:helo-a", event: { type: "reading", tempC: 70 } });
  const other = new Database(join(at, "journal.sqlite"), { readonly: true });
  const count = other.prepare<[], number>("select count(*) from input").pluck();
  await until("the input on disk", () => count.get() === 1);
  other.close();
});

test("inputs come back for replay in their order with their stamps", async () => {
  const { journal } = await open(folder());
  const row = (n: number) => ({
    stamp: stamp(1_000 + n, n + 0.25),
    to: "encoder:helo-a",
    event: { type: "reading", n },
  });
  for (const n of [1, 2, 3]) journal.input(row(n));
  await journal.commit(turn());
  expect(await journal.inputs(2, 10)).toEqual([2, 3].map((n) => ({ rowId: n, ...row(n) })));
});

test("a seq that leaves a gap or repeats is refused before anything is written", async () => {
  const { journal } = await open(folder());
  await journal.commit(turn(1));
  await expect(async () => journal.commit(turn(3))).rejects.toThrow("event 3 does not follow 1");
  await expect(async () => journal.commit(turn(1))).rejects.toThrow("event 1 does not follow 1");
  await expect(async () => journal.commit(turn(2, 4))).rejects.toThrow("event 4 does not follow 2");
  expect(await journal.commit(turn(2))).toBe(true);
});

test("a hub that has an event which we never sent has it of another copy of this journal", async () => {
  const at = folder();
  const { journal } = await open(at);
  await journal.commit(turn(1, 2));
  await journal.close();
  const { journal: again } = await open(at);
  // It has counted on past what the hub has, before the hub is heard.
  await again.commit(turn(3, 4, 5));
  expect(await again.acknowledged("main", again.epoch, 2)).toBe("moved");
  expect(await again.acknowledged("main", again.epoch, 3)).toBe("rolledBack");
  await again.readPayloads(2, 2);
  expect(await again.acknowledged("main", again.epoch, 4)).toBe("moved");
  expect(await again.acknowledged("main", again.epoch, 5)).toBe("rolledBack");
});

test("a hub's ack moves its own cursor only forward, and survives a restart", async () => {
  const at = folder();
  const { journal } = await open(at);
  journal.forgetHubsExcept(["main", "second"]);
  await journal.commit(turn(1, 2, 3));
  await journal.readPayloads(0, 10);
  expect(await journal.acknowledged("main", journal.epoch, 2)).toBe("moved");
  expect(await journal.acknowledged("main", journal.epoch, 1)).toBe("old");
  expect(await journal.acknowledged("main", "another-epoch", 3)).toBe("otherEpoch");
  expect(await journal.acknowledged("main", journal.epoch, 4)).toBe("rolledBack");
  expect(journal.counts().unacknowledged).toEqual({ main: 1, second: 3 });
  await journal.close();
  const again = await open(at);
  expect(again.journal.cursor("main")).toBe(2);
  expect(again.journal.cursor("second")).toBe(0);
});

slow("a new epoch counts from 1 again and keeps the old events under their own", async () => {
  const at = folder();
  const { journal } = await open(at);
  await journal.commit(turn(1, 2));
  await journal.acknowledged("main", journal.epoch, 2);
  const before = journal.epoch;
  const epoch = journal.newEpoch("the hub has 900, we have 2");
  expect(epoch).not.toBe(before);
  expect(journal.epoch).toBe(epoch);
  expect(journal.cursor("main")).toBe(0);
  expect(await journal.commit(turn(1))).toBe(true);
  expect(await journal.readEvents(0, 10)).toMatchObject([{ epoch, seq: 1 }]);
  await journal.close();
  const again = await open(at);
  expect(again.journal).toMatchObject({ epoch, lastSeq: 1, fresh: false });
  const db = new Database(join(at, "journal.sqlite"), { readonly: true });
  expect(db.prepare("select count(*) from event").pluck().get()).toBe(3);
  db.close();
});

test("yesterday's copy of the database is noticed: new epoch, nothing to finish", async () => {
  const at = folder();
  const file = join(at, "journal.sqlite");
  const first = await open(at);
  await first.journal.commit({ ...turn(1), intents: [intent] });
  await first.journal.close();
  copyFileSync(file, join(at, "yesterday"));
  const second = await open(at);
  await second.journal.commit(turn(2));
  await second.journal.close();
  copyFileSync(join(at, "yesterday"), file);
  const third = await open(at);
  expect(third.journal.fresh).toBe(true);
  expect(third.journal.epoch).not.toBe(first.journal.epoch);
  expect(third.journal.lastSeq).toBe(0);
  expect(third.journal.openIntents).toEqual([]);
  expect(third.warnings.join()).toContain("ends at event 1, but 2 had been written");
});

test("a damaged file is moved aside with a warning and a new epoch", async () => {
  const at = folder();
  const file = join(at, "journal.sqlite");
  const first = await open(at);
  await first.journal.commit(turn(1));
  await first.journal.close();
  writeFileSync(file, Buffer.concat([Buffer.from("not a database at all"), readFileSync(file)]));
  const second = await open(at);
  expect(second.journal.fresh).toBe(true);
  expect(second.journal.epoch).not.toBe(first.journal.epoch);
  expect(second.warnings.join()).toMatch(/damaged .*moved to .*journal\.sqlite\.damaged-/);
  expect(readdirSync(at).some((name) => name.startsWith("journal.sqlite.damaged-"))).toBe(true);
  expect(await second.journal.commit(turn(1))).toBe(true);
});

slow("a resume record whose bytes changed on disk is not believed", async () => {
  const at = folder();
  const first = await open(at);
  await first.journal.commit({ ...turn(1), resume: { "stream:main": { carrier: "helo-a" } } });
  await first.journal.close();
  const db = new Database(join(at, "journal.sqlite"));
  db.prepare("update resume set body = replace(body, 'helo-a', 'helo-b')").run();
  db.close();
  const second = await open(at);
  expect(second.journal.fresh).toBe(true);
  expect(second.journal.resume.size).toBe(0);
  expect(second.warnings.join()).toContain("stream:main has a wrong checksum");
});

test("a journal of a newer version is refused with a sentence, and left as it is", async () => {
  const at = folder();
  const first = await open(at);
  await first.journal.close();
  const db = new Database(join(at, "journal.sqlite"));
  db.pragma("user_version = 99");
  db.close();
  await expect(open(at)).rejects.toMatchObject({ code: "journal_newer" });
  expect(readdirSync(at).some((name) => name.includes("damaged"))).toBe(false);
});

test("a folder that is not there stops the start with its path", async () => {
  const at = join(folder(), "missing");
  await expect(open(at)).rejects.toMatchObject({
    code: "journal_unusable",
    message: expect.stringContaining(at) as string,
  });
});

slow("many turns at once share commits and all are on disk in order", async () => {
  const { journal } = await open(folder());
  const done = await Promise.all(upTo(1, 2_000).map((seq) => journal.commit(turn(seq))));
  expect(done.every(Boolean)).toBe(true);
  const read = await journal.readPayloads(0, 5_000);
  expect(read.map(({ seq }) => seq)).toEqual(upTo(1, 2_000));
});

test("topics that were published are known after a restart until they are forgotten", async () => {
  const at = folder();
  const { journal } = await open(at);
  journal.rememberTopic("understudy/v1/studio/encoder/a/state");
  journal.rememberTopic("understudy/v1/studio/encoder/b/state");
  journal.forgetTopic("understudy/v1/studio/encoder/a/state");
  await journal.close();
  const again = await open(at);
  expect([...again.journal.publishedTopics()]).toEqual(["understudy/v1/studio/encoder/b/state"]);
});

test("the reserve file is made at the first start, with real blocks", async () => {
  const at = folder();
  await open(at, { reserveBytes: 1024 * 1024 });
  await until("the reserve", () => existsSync(join(at, "journal.sqlite.reserve")));
});
