import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { itemsOf } from "../../hub/api/items.ts";
import { openFeed } from "../../hub/feed.ts";
import { openIngest } from "../../hub/ingest.ts";
import { openSqliteStore } from "../../hub/store/sqlite.ts";
import type { Store } from "../../hub/store/store.ts";
import { openThumbnails } from "../../hub/thumbnails.ts";
import { openView } from "../../hub/view.ts";
import { encoder, event, incident, info, stream } from "./messages.ts";

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function aHub(store: Store = openSqliteStore(":memory:")) {
  const feed = openFeed(5);
  const view = openView(feed);
  const said: { topic: string; json: Record<string, unknown> }[] = [];
  const clock = { nowMs: 1_767_000_000_000 };
  const ingest = await openIngest({
    ...{ store, view, feed, hub: "main", onResponse: () => undefined },
    thumbnails: openThumbnails(() => clock.nowMs),
    publish: (topic, payload) =>
      void said.push({ topic, json: JSON.parse(payload) as Record<string, unknown> }),
    log: pino({ level: "silent" }),
    now: () => clock.nowMs,
    tickMs: 3_600_000,
  });
  closers.push(() => ingest.close());
  const items = itemsOf(view);
  const bytes = (payload: unknown) =>
    Buffer.isBuffer(payload)
      ? payload
      : Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload));
  return {
    ...{ ingest, store, said, clock },
    hears: (path: string, payload: unknown) =>
      ingest.message(`understudy/v1/studio/${path}`, bytes(payload)),
    seqs: async () => (await store.events({ limit: 500 })).items.map(({ event: e }) => e.seq),
    acks: () => said.filter(({ topic }) => topic.endsWith("/ack/main")).map(({ json }) => json),
    replays: () => said.filter(({ topic }) => topic.endsWith("/replay")).map(({ json }) => json),
    shown: (kind: string) =>
      view.shown(kind).map((a) => JSON.parse(items.actor(a).json) as Record<string, unknown>),
    site: () => view.site("studio"),
  };
}

async function aSiteOnline() {
  const hub = await aHub();
  hub.hears("info", info());
  hub.hears("encoder/helo-a/state", encoder());
  hub.hears("stream/main/state", stream());
  hub.hears("availability", "online");
  return hub;
}

test("an event is acknowledged only after it is in the store, and stored once", async () => {
  const hub = await aSiteOnline();
  hub.hears("event", event(1));
  hub.hears("event", event(1));
  hub.hears("event", event(2));
  hub.ingest.tend();
  expect(hub.acks().at(-1)).toMatchObject({ epoch: "e1", seq: 0 });
  await hub.ingest.flush();
  hub.ingest.tend();
  expect(hub.acks().at(-1)).toEqual({ epoch: "e1", seq: 2, hubTimeMs: hub.clock.nowMs });
  expect(await hub.seqs()).toEqual([2, 1]);
  expect(hub.ingest.counts.duplicates).toBe(1);
});

test("an acknowledgement is repeated every five seconds, so that the site learns our clock", async () => {
  const hub = await aSiteOnline();
  hub.ingest.tend();
  expect(hub.acks()).toHaveLength(1);
  hub.clock.nowMs += 4_999;
  hub.ingest.tend();
  expect(hub.acks()).toHaveLength(1);
  hub.clock.nowMs += 1;
  hub.ingest.tend();
  expect(hub.acks()).toHaveLength(2);
});

test("a gap asks for a replay, and nothing beyond it is stored before it is filled", async () => {
  const hub = await aSiteOnline();
  for (const seq of [1, 4, 5]) hub.hears("event", event(seq));
  await hub.ingest.flush();
  expect(hub.replays()).toEqual([{ epoch: "e1", seq: 2 }]);
  expect(await hub.seqs()).toEqual([1]);
  for (const seq of [2, 3, 4, 5]) hub.hears("event", event(seq));
  await hub.ingest.flush();
  expect(await hub.seqs()).toEqual([5, 4, 3, 2, 1]);
});

test("events that a site had to give up are counted as lost; it is not asked for them for ever", async () => {
  const hub = await aSiteOnline();
  hub.hears("event", event(1));
  const data = { fromSeq: 2, toSeq: 900 };
  hub.hears("event", event(900, { type: "outbox_truncated", data }));
  hub.hears("event", event(901));
  await hub.ingest.flush();
  expect(await hub.seqs()).toEqual([901, 900, 1]);
  expect(hub.site().lostEvents).toBe(899);
  for (let s = 0; s < 60; s++) {
    hub.clock.nowMs += 1_000;
    hub.ingest.tend();
  }
  expect(hub.replays()).toEqual([]);
  expect(hub.acks().at(-1)).toMatchObject({ seq: 901 });
});

test("a late will of an older session does not leave a connected site shown as offline", async () => {
  const hub = await aSiteOnline();
  hub.hears("availability", "offline");
  expect(hub.shown("encoder")).toMatchObject([{ stale: true }]);
  hub.hears("telemetry", { atMs: hub.clock.nowMs, encoders: {}, historical: true });
  expect(hub.site().online).toBe(false);
  hub.hears("telemetry", { atMs: hub.clock.nowMs, encoders: {} });
  expect(hub.site().online).toBe(true);
  expect(hub.shown("encoder")).toMatchObject([{ stale: false }]);
  hub.ingest.linkDown();
  hub.hears("telemetry", { atMs: hub.clock.nowMs, encoders: {} });
  expect(hub.site().online).toBe(null);
});

test("an event that fails its schema is kept aside, counted, and the mark goes on", async () => {
  const hub = await aSiteOnline();
  hub.hears("event", event(1));
  hub.hears("event", { ...event(2), message: 17 });
  hub.hears("event", "{ not json");
  hub.hears("event", event(4));
  await hub.ingest.flush();
  hub.ingest.tend();
  expect(await hub.seqs()).toEqual([4, 1]);
  expect(hub.acks().at(-1)).toMatchObject({ seq: 4 });
  expect(await hub.store.counts()).toEqual([{ site: "studio", quarantined: 2, lostEvents: 0 }]);
  expect(hub.site().quarantined).toBe(2);
});

test("unknown event types, fields and words of a newer site do not hide the rest", async () => {
  const hub = await aSiteOnline();
  hub.hears("event", { ...event(1, { type: "stream.teleported" }), severity: "purple", new: 1 });
  hub.hears("stream/main/state", { ...stream({ seq: 1 }), carriage: "sideways", novelty: [1] });
  await hub.ingest.flush();
  const [stored] = (await hub.store.events({ limit: 1 })).items;
  expect(stored?.event).toMatchObject({ type: "stream.teleported", severity: "unknown" });
  expect(hub.shown("stream")).toMatchObject([
    { carriage: "unknown", carrier: "carried", novelty: [1], stale: false },
  ]);
  expect(hub.site().quarantined).toBe(0);
});

test("a state that cannot be read leaves the last one, marked stale, until a good one comes", async () => {
  const hub = await aSiteOnline();
  hub.hears("encoder/helo-a/state", { ...encoder({ seq: 1 }), outputs: "none" });
  expect(hub.shown("encoder")).toMatchObject([{ link: "reachable", stale: true }]);
  expect(hub.site().quarantined).toBe(1);
  hub.hears("encoder/helo-a/state", encoder({ seq: 2, link: "silent" }));
  expect(hub.shown("encoder")).toMatchObject([{ link: "silent", stale: false }]);
});

test("bytes that are not UTF-8 are kept aside, and the character that stands for them is not", async () => {
  const hub = await aSiteOnline();
  const named = JSON.stringify(encoder({ seq: 1, name: "A\ufffd" }));
  hub.hears("encoder/helo-a/state", named);
  expect(hub.shown("encoder")).toMatchObject([{ name: "A\ufffd", stale: false }]);
  const broken = Buffer.from(named.replace("\ufffd", "?"));
  broken[broken.indexOf("?")] = 0xff;
  hub.hears("encoder/helo-a/state", broken);
  expect(hub.shown("encoder")).toMatchObject([{ name: "A\ufffd", stale: true }]);
  expect(hub.site().quarantined).toBe(1);
});

test("what is in the inventory is shown even before it can be read", async () => {
  const hub = await aHub();
  hub.hears("info", info());
  expect(hub.shown("encoder")).toMatchObject([
    { ref: "studio~helo-a", name: "HELO A", stale: true },
  ]);
});

test("what leaves the inventory leaves the view, and comes back with it", async () => {
  const hub = await aSiteOnline();
  hub.hears("info", info({ inventory: [{ kind: "stream", id: "main" }] }));
  expect(hub.shown("encoder")).toEqual([]);
  hub.hears("encoder/helo-a/state", encoder({ seq: 9 }));
  expect(hub.shown("encoder")).toEqual([]);
  await hub.ingest.flush();
  const { actors } = await hub.store.load();
  expect(actors.find(({ id }) => id === "helo-a")?.goneAtMs).toBe(hub.clock.nowMs);
  hub.hears("info", info());
  expect(hub.shown("encoder")).toHaveLength(1);
});

test("everything of a site that goes offline is stale, and figures stay as last known", async () => {
  const hub = await aSiteOnline();
  expect(hub.shown("stream")).toMatchObject([{ online: true, stale: false }]);
  hub.hears("availability", "offline");
  expect(hub.shown("stream")).toMatchObject([{ online: false, stale: true, carriage: "onAir" }]);
});

test("a state of an older session is stale until the new session has said it again", async () => {
  const hub = await aSiteOnline();
  hub.hears("info", info({ session: "s2" }));
  expect(hub.shown("stream")).toMatchObject([{ stale: true }]);
  hub.hears("stream/main/state", stream({ session: "s2" }));
  hub.hears("stream/main/state", stream({ session: "s1", carriage: "offAir" }));
  expect(hub.shown("stream")).toMatchObject([{ stale: false, carriage: "onAir" }]);
});

test("a state that overtakes its own birth is shown when the birth arrives", async () => {
  const hub = await aSiteOnline();
  hub.hears("stream/main/state", stream({ session: "s2", carriage: "offAir" }));
  expect(hub.shown("stream")).toMatchObject([{ carriage: "onAir" }]);
  hub.hears("info", info({ session: "s2" }));
  expect(hub.shown("stream")).toMatchObject([{ carriage: "offAir", stale: false }]);
});

test("an incident is told whole each time, and the latest telling wins", async () => {
  const hub = await aSiteOnline();
  const open = incident({ outcome: "open", closedAtMs: null, offAirMs: null });
  hub.hears("event", event(1, { data: { incident: open } }));
  hub.hears("event", event(2, { data: { incident: incident() } }));
  hub.hears("event", event(1, { data: { incident: open } }));
  await hub.ingest.flush();
  const { items } = await hub.store.incidents({ limit: 10 });
  expect(items).toMatchObject([
    { site: "studio", incident: { outcome: "tookOver", offAirMs: 1_800 } },
  ]);
  expect(await hub.store.takeovers()).toEqual([
    { site: "studio", cause: "processExited", count: 1 },
  ]);
});

test("a new epoch starts a new mark, and is acknowledged as such", async () => {
  const hub = await aSiteOnline();
  hub.hears("event", event(1));
  await hub.ingest.flush();
  hub.hears("info", info({ epoch: "e2", session: "s2" }));
  hub.hears("event", event(1, { epoch: "e2" }));
  await hub.ingest.flush();
  hub.ingest.tend();
  expect(hub.acks().at(-1)).toMatchObject({ epoch: "e2", seq: 1 });
  expect(await hub.seqs()).toEqual([1, 1]);
});

test("a store that refuses loses nothing and acknowledges nothing", async () => {
  const store = openSqliteStore(":memory:");
  const disk = { full: true };
  const commit: Store["commit"] = async (batch) => {
    if (disk.full) throw new Error("disk full");
    return store.commit(batch);
  };
  const hub = await aHub({ ...store, commit });
  hub.hears("info", info());
  hub.hears("event", event(1));
  await hub.ingest.flush();
  expect(hub.ingest.healthy()).toBe(false);
  hub.hears("event", event(2));
  hub.ingest.tend();
  expect(hub.acks().every(({ seq }) => seq === 0)).toBe(true);
  disk.full = false;
  await hub.ingest.flush();
  await hub.ingest.flush();
  hub.ingest.tend();
  expect(hub.ingest.healthy()).toBe(true);
  expect(hub.acks().at(-1)).toMatchObject({ seq: 2 });
  expect(await hub.seqs()).toEqual([2, 1]);
});

test("a restarted hub shows the last known states as stale and goes on after its mark", async () => {
  const store = openSqliteStore(":memory:");
  const before = await aHub({ ...store, close: async () => undefined });
  before.hears("info", info());
  before.hears("availability", "online");
  before.hears("stream/main/state", stream());
  before.hears("event", event(1));
  await before.ingest.close();
  const after = await aHub(store);
  expect(after.shown("stream")).toMatchObject([{ carriage: "onAir", online: false, stale: true }]);
  after.hears("availability", "online");
  after.hears("event", event(1));
  after.hears("event", event(2));
  await after.ingest.flush();
  expect(after.ingest.counts.duplicates).toBe(1);
  expect(await after.seqs()).toEqual([2, 1]);
});

test("a stored state that this hub cannot read any more is as if none had come", async () => {
  const store = openSqliteStore(":memory:");
  const row = { site: "studio", kind: "encoder", receivedAtMs: 5, goneAtMs: null };
  const empty = { sites: [], events: [], incidents: [], quarantined: [], lost: [], marks: [] };
  const [good, bad] = [encoder({ id: "good" }), { ...encoder({ id: "bad" }), outputs: "none" }];
  const actors = [good, bad].map((state) => {
    return { ...row, id: state.id, state: JSON.stringify(state) };
  });
  await store.commit({ ...empty, actors });
  const hub = await aHub(store);
  const [first, second] = hub.shown("encoder");
  expect(first).toMatchObject({ id: "bad", stale: true });
  expect(first).not.toHaveProperty("link");
  expect(second).toMatchObject({ id: "good", link: "reachable", stale: true });
});

test("a state that was looked at is shown anew each time it changes, and as it was checked", async () => {
  const hub = await aSiteOnline();
  for (const link of ["silent", "unreachable", "asleep"]) {
    hub.hears("encoder/helo-a/state", { ...encoder(), link, novelty: link });
    if (link === "silent") continue;
    const word = link === "asleep" ? "unknown" : link;
    expect(hub.shown("encoder")).toMatchObject([{ link: word, novelty: link }]);
  }
});

test("the first state of an actor is written at once: a hub that is killed leaves the next one that", async () => {
  const hub = await aSiteOnline();
  await hub.ingest.flush();
  const { actors } = await hub.store.load();
  expect(actors.map(({ id, state }) => [id, state !== null])).toEqual(
    expect.arrayContaining([
      ["helo-a", true],
      ["main", true],
    ]),
  );
});

test("a state is written a minute after it changed, and what it says by then", async () => {
  const hub = await aSiteOnline();
  const written = async () => {
    const { actors } = await hub.store.load();
    return JSON.parse(actors.find(({ id }) => id === "helo-a")?.state ?? "null") as unknown;
  };
  await hub.ingest.flush();
  hub.hears("encoder/helo-a/state", encoder({ seq: 2, link: "unreachable" }));
  hub.clock.nowMs += 59_999;
  hub.hears("encoder/helo-a/state", encoder({ seq: 3, link: "silent" }));
  await hub.ingest.flush();
  expect(await written()).toMatchObject({ link: "reachable" });
  hub.clock.nowMs += 1;
  await hub.ingest.flush();
  expect(await written()).toMatchObject({ link: "silent" });
});

test("the last states of a site that goes away are written at once: it cannot say them again", async () => {
  const hub = await aSiteOnline();
  hub.hears("availability", "offline");
  await hub.ingest.flush();
  const { actors } = await hub.store.load();
  expect(actors.map(({ id }) => id).sort()).toEqual(["helo-a", "main"]);
});

test("telemetry is shown live, unless it is old", async () => {
  const hub = await aSiteOnline();
  const encoders = { "helo-a": { bitrateBps: 5_000_000 } };
  hub.hears("telemetry", { atMs: 5, historical: true, encoders });
  expect(hub.shown("encoder")[0]).not.toHaveProperty("live");
  hub.hears("telemetry", { atMs: hub.clock.nowMs, encoders });
  expect(hub.shown("encoder")[0]).toMatchObject({ live: { bitrateBps: 5_000_000 } });
});
