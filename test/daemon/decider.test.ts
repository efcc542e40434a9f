import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, expect, test } from "vitest";
import { type Decider, openDecider, type Turned } from "../../daemon/decider.ts";
import type { Journal, TurnRow } from "../../daemon/journal/journal.ts";
import type { EncoderReading } from "../../machines/encoder/reading.ts";
import type { Intent } from "../../machines/intents.ts";
import { openSite } from "../../machines/site/site-core.ts";
import { now } from "../../daemon/clock.ts";
import { aPlan } from "../machines/world.ts";
import { journals, until } from "./journal/a-journal.ts";

const at = journals();
const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean();
});

const idle: EncoderReading = {
  outputs: { "stream-1": { state: "idle", target: "none" } },
  input: "good",
  figures: {},
};
const reading = (id: string) =>
  ({ to: `encoder:${id}`, event: { type: "reading", reading: idle } }) as const;

/** Everybody was seen idle, the far end quiet: now something has to be done. */
async function lookAround(decider: Decider): Promise<Turned> {
  await decider.submit({
    to: "destination:far",
    event: { type: "sight", sight: { word: "quiet" }, source: "test", provesAbsence: true },
  });
  await decider.submit(reading("a"));
  return decider.submit(reading("b"));
}

/** A decider over real machines and a real journal on disk; what it does is noted in order. */
async function aDecider(
  p: { folder?: string; disk?: (journal: Journal) => Journal; skewMs?: () => number } = {},
) {
  const folder = p.folder ?? at.folder();
  const { journal } = await at.open(folder);
  const steps: string[] = [];
  const turns: Turned[] = [];
  const intents: Intent[] = [];
  const noted: Journal = Object.assign(Object.create(journal) as Journal, {
    input(row: Parameters<Journal["input"]>[0]) {
      steps.push(`input ${row.to} ${row.event.type}`);
      journal.input(row);
    },
    async commit(turn: TurnRow) {
      steps.push("commit");
      const durable = await journal.commit(turn);
      steps.push(durable ? "durable" : "not durable");
      return durable;
    },
  });
  const clock = () => {
    const stamp = now();
    return { ...stamp, monoMs: stamp.monoMs + (p.skewMs?.() ?? 0) };
  };
  const core = openSite({ plan: aPlan(), at: clock(), resume: journal.resume });
  const send = core.turn.bind(core);
  core.turn = (input, stamp) => {
    steps.push(`machines ${input.to} ${input.event.type}`);
    return send(input, stamp);
  };
  const decider = openDecider({
    core,
    journal: p.disk?.(noted) ?? noted,
    now: clock,
    begin: (intent) => {
      intents.push(intent);
      steps.push(`begin ${intent.kind} ${intent.id}`);
    },
    giveUp: (id) => void steps.push(`give up ${id}`),
    onTurn: (turned) => void turns.push(turned),
  });
  cleanUp.push(() => decider.close());
  return { decider, journal, core, steps, turns, intents, folder };
}

test("a turn: input written down, machines, commit, and only then the work", async () => {
  const { decider, steps, intents } = await aDecider();
  await lookAround(decider);
  const firstWork = () => steps.findIndex((step) => step.startsWith("begin"));
  await until("something is to be done", () => firstWork() >= 0);
  expect(intents.length).toBeGreaterThan(0);
  // Nothing is begun but right after its commit is on disk.
  const before = steps.slice(0, firstWork());
  expect(before.at(-1)).toBe("durable");
  for (const [i, step] of steps.entries()) {
    if (step.startsWith("machines")) {
      expect(steps[i - 1]).toBe(step.replace("machines", "input"));
    }
  }
  // One at a time: no input is taken while a commit is under way.
  for (const [i, step] of steps.entries()) {
    if (step === "commit") expect(["durable", "not durable"]).toContain(steps[i + 1]);
  }
});

test("what was decided and what is to be done is on disk with it", async () => {
  const { decider, journal, turns, intents, folder } = await aDecider();
  await lookAround(decider);
  await until("something is to be done", () => intents.length > 0);
  await until("it was told", () => turns.some(({ begun }) => begun.length > 0));
  const db = new Database(join(folder, "journal.sqlite"), { readonly: true });
  const ids = db.prepare<[], string>("select id from intent").pluck().all();
  db.close();
  expect(ids.sort()).toEqual(intents.map(({ id }) => `${journal.session}/${id}`).sort());
  const events = turns.flatMap((turned) => turned.events);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  const kept = await journal.readEvents(0, 1_000);
  expect(kept.map(({ seq, type }) => [seq, type])).toEqual(
    events.map(({ seq, type }) => [seq, type]),
  );
  expect(decider.seq()).toBe(events.length);
});

test("a result ends its intent in the journal, and nobody waits for it twice", async () => {
  const { decider, journal, intents, steps } = await aDecider();
  await lookAround(decider);
  await until("something is to be done", () => intents.length > 0);
  const [{ id }] = intents as [Intent];
  const failed = { type: "effect.failed", error: { code: "timeout", message: "silent" } } as const;
  const first = await decider.submit({ to: `intent:${id}`, event: failed });
  expect(first.accepted).toBe(true);
  expect(steps).toContain(`give up ${id}`);
  const again = await decider.submit({ to: `intent:${id}`, event: failed });
  expect(again.accepted).toBe(false);
  expect(journal.counts().commits).toBeGreaterThan(0);
});

test("intents that a run left open are replaced by those of the next, not added to", async () => {
  const folder = at.folder();
  const first = await aDecider({ folder });
  await lookAround(first.decider);
  await until("something is to be done", () => first.intents.length > 0);
  await first.decider.close();
  await first.journal.close();

  const second = await aDecider({ folder });
  expect(second.journal.openIntents.length).toBe(first.intents.length);
  await lookAround(second.decider);
  await until("it is asked for again", () => second.intents.length > 0);
  const db = new Database(join(folder, "journal.sqlite"), { readonly: true });
  const ids = db.prepare<[], string>("select id from intent").pluck().all();
  db.close();
  expect(ids.every((id) => id.startsWith(`${second.journal.session}/`))).toBe(true);
});

test("a timer that fires is a turn like any other", async () => {
  const { decider, core, steps } = await aDecider();
  await decider.submit(reading("a"));
  const dueMs = core.nextDueMs();
  expect(dueMs).toBeDefined();
  await until("the clock ticks", () => steps.includes("machines clock tick"));
  expect(steps[steps.indexOf("machines clock tick") - 1]).toBe("input clock tick");
});

test("after a stall the machines are told of it before anything else, once", async () => {
  let skewMs = 0;
  const { decider, steps } = await aDecider({ skewMs: () => skewMs });
  await decider.submit(reading("a"));
  steps.splice(0);
  skewMs = 5_000; // nobody looked at the clock for five seconds
  await decider.submit(reading("a"));
  const machines = steps.filter((step) => step.startsWith("machines"));
  expect(machines.slice(0, 2)).toEqual(["machines site stalled", "machines encoder:a reading"]);
  expect(machines.filter((step) => step.includes("stalled"))).toHaveLength(1);
});

test("a disk that does not take it holds nothing up: the work is done, and says so", async () => {
  const { decider, intents, turns } = await aDecider({
    disk: (journal) =>
      Object.assign(Object.create(journal) as Journal, { commit: () => Promise.resolve(false) }),
  });
  const turned = await lookAround(decider);
  await until("something is done", () => intents.length > 0);
  await until("it is told", () => turns.length >= 4);
  expect([turned, ...turns].some(({ durable }) => !durable)).toBe(true);
});

test("turns are told in their order, each once", async () => {
  const { decider, turns } = await aDecider();
  const submitted = await Promise.all(
    Array.from({ length: 50 }, (_, n) => decider.submit(reading(n % 2 === 0 ? "a" : "b"))),
  );
  await until("all are told", () => submitted.every((turned) => turns.includes(turned)));
  const places = submitted.map((turned) => turns.indexOf(turned));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(new Set(turns).size).toBe(turns.length);
  const seqs = turns.flatMap(({ events }) => events.map(({ seq }) => seq));
  expect(seqs).toEqual(seqs.map((_, i) => i + 1));
});

test("closing finishes the turn under way and takes nothing more", async () => {
  const { decider, steps } = await aDecider();
  await decider.submit(reading("a"));
  void decider.submit(reading("b"));
  await decider.close();
  const length = steps.length;
  void decider.submit(reading("a"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(steps.length).toBe(length);
  const commits = steps.filter((step) => step === "commit").length;
  expect(steps.filter((step) => step.endsWith("durable")).length).toBe(commits);
});

test("after a new epoch events are counted from one", async () => {
  const { decider, journal } = await aDecider();
  await decider.submit({ to: "site", event: { type: "opened", version: "1", fresh: true } });
  expect(decider.seq()).toBeGreaterThan(0);
  journal.newEpoch("an old copy");
  decider.epochBegan();
  const because = "an old copy";
  const turned = await decider.submit({ to: "site", event: { type: "rolledBack", because } });
  expect(turned.events[0]?.seq).toBe(1);
});

test("an idle decider shows that it is alive", async () => {
  const { decider } = await aDecider();
  await decider.submit(reading("a"));
  const beat = decider.aliveMs();
  await until("the next beat", () => decider.aliveMs() > beat);
});
