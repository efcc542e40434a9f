import { expect, test } from "vitest";
import { outboxWithoutHub } from "../../../daemon/broker/without-hub.ts";

/** A journal that had events up to `lastSeq` when it was opened. */
function aJournal(kept: { epoch: string; seq: number } | undefined, lastSeq: number) {
  const reads: number[] = [];
  return {
    reads,
    epoch: "e1",
    session: "s",
    lastSeq,
    resume: new Map<string, unknown>(kept ? [["localBroker", kept]] : []),
    readPayloads: (afterSeq: number) => {
      reads.push(afterSeq);
      return Promise.resolve([]);
    },
  };
}

test("a broker that is new gets what happens from now on, not thirty days of history", async () => {
  const journal = aJournal(undefined, 70_000);
  await outboxWithoutHub(journal).readPayloads(0, 64);
  expect(journal.reads).toEqual([70_000]);
});

test("a restarted daemon goes on behind the last event the broker took", async () => {
  const journal = aJournal({ epoch: "e1", seq: 40 }, 45);
  const outbox = outboxWithoutHub(journal);
  await outbox.readPayloads(0, 64);
  expect(journal.reads).toEqual([40]);
  expect(outbox.moved()).toEqual({});
});

test("the cursor moves when the next window is asked for, and is saved once", async () => {
  const outbox = outboxWithoutHub(aJournal({ epoch: "e1", seq: 40 }, 45));
  await outbox.readPayloads(43, 64);
  expect(outbox.cursor("")).toBe(43);
  expect(outbox.moved()).toEqual({ localBroker: { epoch: "e1", seq: 43 } });
  expect(outbox.moved()).toEqual({});
});

test("a broken connection does not lower it: what has its PUBACK is not sent again", async () => {
  const journal = aJournal(undefined, 0);
  const outbox = outboxWithoutHub(journal);
  await outbox.readPayloads(64, 64);
  await outbox.readPayloads(0, 64);
  expect(journal.reads).toEqual([64, 64]);
});

test("a new epoch is told from its first event, also when it began in another run", async () => {
  const journal = aJournal({ epoch: "e0", seq: 900 }, 0);
  const outbox = outboxWithoutHub(journal);
  await outbox.readPayloads(0, 64);
  await outbox.readPayloads(12, 64);
  journal.epoch = "e2";
  await outbox.readPayloads(0, 64);
  expect(journal.reads).toEqual([0, 12, 0]);
  expect(outbox.moved()).toEqual({ localBroker: { epoch: "e2", seq: 0 } });
});

test("what was published here is remembered apart from the uplink's broker", () => {
  const outbox = outboxWithoutHub(aJournal(undefined, 0));
  outbox.rememberTopic("understudy/v1/studio/encoder/a/state");
  expect([...outbox.publishedTopics()]).toHaveLength(1);
  outbox.forgetTopic("understudy/v1/studio/encoder/a/state");
  expect([...outbox.publishedTopics()]).toHaveLength(0);
});
