/** Sessions whose picture is pushed to the site: by one publisher, with a key for that session. */
import { expect, test } from "vitest";
import type { IngestReading } from "../../../machines/ingest/ingest.events.ts";
import { aDestinationPlan, anEncoderPlan, aPlan, aStreamPlan, World } from "../world.ts";
import { answerTo, asks, stops, wordOf } from "./a-session.ts";

const waiting: IngestReading = {
  ...{ state: "waiting", why: null, publisher: null, bytes: 0, frames: 0, quietMs: null },
  ...{ bitrateBps: null, framesPerSecond: null, video: null, audio: null },
  ...{ readers: 0, readerDrops: 0, refused: { count: 0, last: null } },
};

/** Each ingest feeds two programs, and each stream may have any of them. */
function aSite(p: { ingests?: string[]; streams?: number } = {}): World {
  const { ingests = ["in-1"], streams = 1 } = p;
  const kinds = Object.fromEntries(
    ingests.flatMap((id) => [`${id}-a`, `${id}-b`].map((e) => [e, "soft" as const])),
  );
  const ids = Array.from({ length: streams }, (_, at) => `pool-${at + 1}`);
  const plan = aPlan({
    kinds,
    destinations: ids.map((id) => aDestinationPlan({ id: `far-${id}` })),
    streams: ids.map((id) =>
      aStreamPlan({
        ...{ id, destination: `far-${id}`, encoders: Object.keys(kinds) },
        ...{ sessions: true, autoStart: false },
      }),
    ),
  });
  const encoders = Object.keys(kinds).map((id) => ({
    ...anEncoderPlan(id, "soft"),
    ingest: id.slice(0, -2),
  }));
  const doors = ingests.map((id) => ({ id, kind: "rtmp" as const, sessions: true }));
  const world = new World({ ...plan, encoders, ingests: doors });
  for (const id of Object.keys(kinds)) world.box(id).says.settings = { videoBitrateBps: 2_000_000 };
  for (const id of ingests) world.send({ to: `ingest:${id}`, event: { type: "absent" } });
  world.pass(10);
  return world;
}

/** Whoever is let in publishes to it, or leaves. */
function publisher(world: World, ingest: string, state: "receiving" | "waiting" = "receiving") {
  const reading = { ...waiting, state };
  world.send({ to: `ingest:${ingest}`, event: { type: "reading", reading } });
}

test("a session's ingest lets its publisher in, and it goes on air with the picture, not before", () => {
  const world = aSite();
  expect(world.doors).toEqual({ "in-1": null });
  const session = asks(world, { input: "push" });
  expect(session).toMatchObject({ stream: "pool-1", encoder: "in-1-a", backup: "in-1-b" });
  world.pass(60);
  expect(world.doors).toEqual({ "in-1": session.session });
  expect(wordOf(world, "pool-1")).toBe("waiting");
  expect(world.publishers("far-pool-1")).toEqual([]);
  expect(world.told("session.notSetUp")).toEqual([]);
  publisher(world, "in-1");
  world.pass(10);
  expect(wordOf(world, "pool-1")).toBe("running");
  expect(world.publishers("far-pool-1")).toEqual(["in-1-a"]);

  const stop = stops(world, "pool-1");
  world.pass(20);
  expect(answerTo(world, stop).code).toBeUndefined();
  expect(world.doors).toEqual({ "in-1": null });
  // What its publisher still sends while its process ends is nobody's.
  publisher(world, "in-1");
  expect(asks(world, { input: "push" }).session).not.toBe(session.session);
  world.pass(30);
  expect(wordOf(world, "pool-1")).toBe("waiting");
});

test("whoever does not say how is asked to push where the site can, and warned where it cannot", () => {
  const either = { input: "device", anyInput: true } as const;
  expect(asks(aSite(), either)).toMatchObject({ input: "push", ingest: "in-1", warnings: [] });
  const world = aSite();
  const plan = {
    ...world.plan,
    ingests: [],
    encoders: world.plan.encoders.map(({ ingest: _, ...box }) => box),
  };
  const without = new World(plan);
  for (const { id } of plan.encoders)
    without.box(id).says.settings = { videoBitrateBps: 2_000_000 };
  without.pass(10);
  const answer = asks(without, { ...either, once: "w" });
  expect(answer).toMatchObject({ input: "device" });
  expect(answer.warnings).toEqual([expect.stringMatching(/^do not publish to this address/)]);
  expect(asks(without, { ...either, once: "w" }).warnings).toEqual(answer.warnings);
  expect(asks(without, { input: "push" })).toMatchObject({ code: "no_session_ingests" });
});

test("without a free ingest it is refused, and one that is given back is free again", () => {
  const world = aSite({ streams: 2 });
  asks(world, { input: "push" });
  const refused = asks(world, { input: "push" });
  expect(refused).toMatchObject({ code: "no_free_ingest" });
  expect(refused.message).toBe("all 1 ingests for sessions are taken");
  expect(asks(world, { input: "device" })).toMatchObject({ code: "no_encoder" });
  world.pass(30);
  stops(world, "pool-1");
  world.pass(10);
  expect(wordOf(world, "pool-1")).toBe("free");
  expect(asks(world, { input: "push" }).ingest).toBe("in-1");
});

test("two sessions have an ingest and encoders each", () => {
  const world = aSite({ ingests: ["in-1", "in-2"], streams: 2 });
  const [one, two] = [asks(world, { input: "push" }), asks(world, { input: "push" })];
  expect([one.ingest, two.ingest].toSorted()).toEqual(["in-1", "in-2"]);
  for (const { ingest, encoder, backup } of [one, two])
    expect([encoder, backup].toSorted()).toEqual([`${ingest}-a`, `${ingest}-b`]);
});

test("a session that waits for its publisher ends when its time is up, also over a restart", () => {
  const world = aSite();
  const { session } = asks(world, { input: "push", endsAfterMs: 120_000 });
  world.pass(60);
  world.restart();
  world.send({ to: "ingest:in-1", event: { type: "found" } });
  world.pass(30);
  expect(wordOf(world, "pool-1")).toBe("waiting");
  expect(world.doors).toEqual({ "in-1": session });
  world.pass(40);
  expect(wordOf(world, "pool-1")).toBe("free");
  world.pass(5);
  expect(world.doors).toEqual({ "in-1": null });
});

test("on air it outlives a restart, and lets nobody else in meanwhile", () => {
  const world = aSite();
  const { session } = asks(world, { input: "push" });
  world.pass(10);
  publisher(world, "in-1");
  world.pass(10);
  world.restart();
  world.send({ to: "ingest:in-1", event: { type: "found" } });
  publisher(world, "in-1");
  world.pass(20);
  expect(wordOf(world, "pool-1")).toBe("running");
  expect(world.doors).toEqual({ "in-1": session });
  expect(world.publishers("far-pool-1")).toEqual(["in-1-a"]);
});

test("a publisher who leaves takes the programme off air without a fault, and puts it on again", () => {
  const world = aSite();
  asks(world, { input: "push" });
  world.pass(10);
  publisher(world, "in-1");
  world.pass(20);
  publisher(world, "in-1", "waiting");
  world.pass(10);
  expect(wordOf(world, "pool-1")).toBe("waiting");
  expect(world.publishers("far-pool-1")).toEqual([]);
  expect(world.told("session.abandoned")[0]?.message).toBe(
    "pool-1: nobody publishes to in-1 any more: it is on air again when ann does",
  );
  publisher(world, "in-1");
  world.pass(10);
  expect(wordOf(world, "pool-1")).toBe("running");
  expect(world.publishers("far-pool-1")).toEqual(["in-1-a"]);
  expect(world.told("stream.incident")).toEqual([]);
});

test("an ingest that does not tell how it goes takes nothing off air", () => {
  const world = aSite();
  asks(world, { input: "push" });
  world.pass(10);
  publisher(world, "in-1");
  world.pass(60);
  expect(world.core.ingest("in-1").value).toBe("untold");
  expect(wordOf(world, "pool-1")).toBe("running");
  expect(world.publishers("far-pool-1")).toEqual(["in-1-a"]);
});
