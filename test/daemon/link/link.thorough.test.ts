import { expect, test } from "vitest";
import type { AckOutcome } from "../../../daemon/journal/outbox.ts";
import type { ParsedTopic } from "../../../machines/contract.ts";
import { turn, until, upTo } from "../journal/a-journal.ts";
import { aHub, links, root } from "./a-link.ts";

const { broker, client, link, folder } = links();

test("a connect tells in order: info, every state, online, then the backlog", async () => {
  const b = await broker();
  const { link: l } = await link(b.url(), 3);
  await until("the backlog", () => b.on("event").length === 3);
  expect(l.connected).toBe(true);
  const told = b.topics();
  expect(told[0]).toBe("info");
  expect(told.slice(1, 5).toSorted()).toEqual([
    "encoder/helo-a/availability",
    "encoder/helo-a/state",
    "encoder/helo-b/availability",
    "encoder/helo-b/state",
  ]);
  expect(told.slice(5)).toEqual(["availability", "event", "event", "event"]);
  expect(b.on("availability")).toEqual([
    { topic: `${root}/availability`, payload: "online", retain: true },
  ]);
  expect(b.heard.filter(({ retain }) => retain)).toHaveLength(6);
});

test("whether a box is reached is told when it changes and after each connect, not with each state", async () => {
  const b = await broker();
  const { link: l } = await link(b.url(), 0);
  await until("online", () => l.connected);
  const tell = async (volume: number, availability: "online" | "offline") => {
    const before = b.on("encoder/helo-a/state").length;
    l.publishState("encoder", "helo-a", { id: "helo-a", volume }, availability);
    await until("the state", () => b.on("encoder/helo-a/state").length > before);
  };
  const words = () => b.on("encoder/helo-a/availability").map(({ payload }) => payload);
  await tell(1, "online");
  await tell(2, "online");
  await tell(3, "offline");
  await tell(4, "offline");
  await until("offline", () => words().length === 2);
  expect(words()).toEqual(["online", "offline"]);
  b.cut();
  await until("all of it again", () => words().length === 3);
});

test("a site that stops says offline itself", async () => {
  const b = await broker();
  const { link: l } = await link(b.url(), 0);
  await until("online", () => l.connected);
  await l.close();
  expect(b.on("availability").map(({ payload }) => payload)).toEqual(["online", "offline"]);
  expect(l.state).toBe("offline");
});

test("a site whose connection breaks is said to be offline by the broker", async () => {
  const b = await broker();
  const { link: l } = await link(b.url(), 0, { backoffMs: { least: 60_000, most: 60_000 } });
  await until("online", () => l.connected);
  b.cut();
  await until("the will", () => b.on("availability").at(-1)?.payload === "offline");
  expect(b.on("availability").at(-1)?.retain).toBe(true);
});

test("the late will of an older session is answered: the site is online", async () => {
  const b = await broker();
  const { link: l } = await link(b.url(), 0);
  await until("online", () => l.connected);
  const older = await client(b.url());
  await older.publishAsync(`${root}/availability`, "offline", { qos: 1, retain: true });
  await until("the answer", () => b.on("availability").length === 3);
  expect(b.on("availability").map(({ payload }) => payload)).toEqual([
    "online",
    "offline",
    "online",
  ]);
  expect(l.counts().malformed).toBe(0);
});

test("after a broker lost its memory everything retained is published again", async () => {
  const b = await broker();
  const { link: l } = await link(b.url(), 0);
  await until("online", () => l.connected);
  await b.stop();
  await until("offline", () => !l.connected);
  b.heard.splice(0);
  await b.start();
  // It counts as connected once all is handed to the broker, which has still to take the last of it.
  await until("online again", () => l.connected && b.topics().includes("availability"));
  expect(new Set(b.topics())).toEqual(
    new Set([
      "info",
      "encoder/helo-a/state",
      "encoder/helo-a/availability",
      "encoder/helo-b/state",
      "encoder/helo-b/availability",
      "availability",
    ]),
  );
});

test("only the newest state of one actor goes out of one turn of the loop", async () => {
  const b = await broker();
  const { link: l } = await link(b.url(), 0);
  await until("online", () => l.connected);
  const states = () => b.on("encoder/helo-a/state").map(({ payload }) => payload);
  const before = states().length;
  for (const n of upTo(1, 50)) l.publishState("encoder", "helo-a", { n });
  await until("the state", () => states().includes('{"n":50}'));
  l.publishState("encoder", "helo-a", { n: "later" });
  await until("the later state", () => states().includes('{"n":"later"}'));
  expect(states().slice(before)).toEqual(['{"n":50}', '{"n":"later"}']);
});

test("an actor that is gone from the inventory is cleared, also after a restart", async () => {
  const b = await broker();
  const at = folder();
  const first = await link(b.url(), 0, {}, at);
  await until("online", () => first.link.connected);
  first.actors.pop();
  first.link.publishInfo();
  await until("helo-b cleared", () => b.on("encoder/helo-b/state").at(-1)?.payload === "");
  await until("its availability", () => b.on("encoder/helo-b/availability").at(-1)?.payload === "");
  await first.link.close();
  await first.journal.close();
  b.heard.splice(0);
  const second = await link(b.url(), 0, { states: () => [], info: infoWithout }, at);
  await until("online", () => second.link.connected);
  expect(b.on("encoder/helo-a/state").map(({ payload }) => payload)).toEqual([""]);
  expect(b.on("encoder/helo-b/state")).toEqual([]);
});
const infoWithout = () => ({
  site: "studio",
  epoch: "e",
  session: "s",
  contractMinor: 0,
  version: "0.1.0",
  bootId: "boot-1",
  startedAtMs: 1,
  seq: 0,
  inventory: [],
});

test("a replay request makes the site send again from there", async () => {
  const b = await broker();
  const { journal } = await link(b.url(), 10);
  await until("the backlog", () => b.on("event").length === 10);
  const c = await client(b.url());
  await c.publishAsync(`${root}/replay`, JSON.stringify({ epoch: journal.epoch, seq: 8 }), {
    qos: 1,
  });
  await until("the replay", () => b.on("event").length >= 13);
  expect(b.on("event").map(({ payload }) => (JSON.parse(payload) as { seq: number }).seq)).toEqual([
    ...upTo(1, 10),
    8,
    9,
    10,
  ]);
});

test("events a hub does not acknowledge are sent again, and not once it has them", async () => {
  const b = await broker();
  const { link: l, journal } = await link(b.url(), 3, { resendAfterMs: 100 });
  await until("a second sending", () => b.on("event").length >= 6);
  const hub = await aHub(await client(b.url()), { acks: false });
  hub.ack(journal.epoch, 3);
  await until("the cursor", () => journal.cursor("main") === 3);
  const sent = l.counts().eventsSent;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(l.counts().eventsSent - sent).toBeLessThanOrEqual(3);
  expect(l.counts().eventsSentAgain).toBeGreaterThanOrEqual(3);
});

test("with two hubs the slower one decides where the backlog starts", async () => {
  const b = await broker();
  const at = folder();
  const { journal } = await link(b.url(), 5, { hubs: ["main", "second"] }, at);
  await until("the first sending", () => b.on("event").length === 5);
  await journal.acknowledged("main", journal.epoch, 5);
  await journal.acknowledged("second", journal.epoch, 2);
  b.heard.splice(0);
  b.cut();
  await until("the rest", () => b.on("event").length === 3);
  expect(b.on("event").map(({ payload }) => (JSON.parse(payload) as { seq: number }).seq)).toEqual([
    3, 4, 5,
  ]);
});

test("a hub that is ahead of us is reported, and the new epoch is sent from 1", async () => {
  const b = await broker();
  const outcomes: AckOutcome[] = [];
  const { link: l, journal } = await link(b.url(), 2, {
    onAck: (_hub, _ack, outcome) => {
      outcomes.push(outcome);
    },
  });
  await until("the backlog", () => b.on("event").length === 2);
  const hub = await aHub(await client(b.url()));
  hub.ack(journal.epoch, 900);
  await until("the report", () => outcomes.includes("rolledBack"));
  const epoch = journal.newEpoch("the hub has 900");
  expect(await journal.commit(turn(1))).toBe(true);
  l.eventsCommitted(1);
  await until("the new epoch", () => hub.seen.some((e) => e.epoch === epoch && e.seq === 1));
});
test("an epoch that begins in the midst of the greeting, by a retained ack, is told as well", async () => {
  const b = await broker();
  let epoch: string | undefined;
  const opened = await link(b.url(), 2, {
    // After the info, before all else.
    states: () => {
      epoch ??= opened.journal.newEpoch("the hub has more");
      opened.link.publishInfo();
      return [];
    },
  });
  await until("the new epoch", () => {
    const { payload } = b.on("info").at(-1) ?? { payload: "{}" };
    return epoch !== undefined && (JSON.parse(payload) as { epoch?: string }).epoch === epoch;
  });
});

test("nonsense from the broker is counted and changes nothing", async () => {
  const b = await broker();
  const requests: { topic: ParsedTopic; payload: unknown }[] = [];
  const { link: l, journal } = await link(b.url(), 2, {
    onRequest: (topic, payload) => {
      requests.push({ topic, payload });
    },
  });
  await until("online", () => l.connected);
  const c = await client(b.url());
  const bad: [string, string][] = [
    ["ack/main", "not json"],
    ["ack/main", '{"epoch":1,"seq":"x"}'],
    ["ack/main", `{"epoch":"${journal.epoch}","seq":-1,"hubTimeMs":0}`],
    ["ack/main", "null"],
    ["replay", "[]"],
    ["replay", `{"epoch":"${journal.epoch}","seq":0}`],
    ["replay", `{"epoch":"${journal.epoch}","seq":1e400}`],
    ["request/stream/main/failover", "{"],
    ["request/stream/UPPER/failover", "{}"],
  ];
  for (const [topic, payload] of bad) await c.publishAsync(`${root}/${topic}`, payload, { qos: 1 });
  await until("all counted", () => l.counts().malformed === bad.length);
  await c.publishAsync(`${root}/request/stream/main/failover`, '{"id":"r-1"}', { qos: 1 });
  await until("the sound one", () => requests.length === 1);
  expect(requests[0]?.topic).toMatchObject({ kind: "stream", id: "main", verb: "failover" });
  expect(journal.cursor("main")).toBe(0);
  expect(l.connected).toBe(true);
});

test("a command that a broker kept from earlier is not obeyed", async () => {
  const b = await broker();
  const c = await client(b.url());
  const retained = { qos: 1 as const, retain: true };
  await c.publishAsync(`${root}/request/stream/main/stop`, '{"id":"old"}', retained);
  const requests: unknown[] = [];
  const { link: l } = await link(b.url(), 0, { onRequest: (_, payload) => requests.push(payload) });
  await until("it was seen", () => l.counts().malformed === 1);
  expect(requests).toEqual([]);
});

test("the hub's clock is learned from live acks, not from retained ones", async () => {
  const b = await broker();
  const c = await client(b.url());
  const hub = await aHub(c, { acks: false });
  hub.ack("an-older-epoch", 1, 5);
  await until("the retained ack", () => b.on("ack/main").length === 1);
  let wallMs = 1_000_000;
  const { link: l, journal } = await link(b.url(), 1, { now: () => wallMs, monoMs: () => 7 });
  await until("online", () => l.connected);
  expect(l.clockOffsetMs()).toBeUndefined();
  hub.ack(journal.epoch, 1, 1_000_480);
  hub.ack(journal.epoch, 1, 1_000_500);
  hub.ack(journal.epoch, 1, 1_000_200);
  await until("three acks", () => b.on("ack/main").length === 4 && l.clockOffsetMs() === 500);
  // Our own clock is set: commands are judged rightly at once.
  wallMs += 3_600_000;
  expect(l.clockOffsetMs()).toBe(500 - 3_600_000);
});
