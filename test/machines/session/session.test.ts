import { expect, test } from "vitest";
import { aDestinationPlan } from "../world.ts";
import { answerTo, aPool, asks, settings, stops, wordOf } from "./a-session.ts";

test("a session gets a box and an understudy, which are set as asked before the first is started", () => {
  const world = aPool(["a", "b", "c"], 1);
  const session = asks(world);
  expect(session).toMatchObject({ stream: "pool-1", encoder: "a", backup: "b" });
  expect(wordOf(world, "pool-1")).toBe("preparing");
  expect(world.publishers("far-pool-1")).toEqual([]);
  world.pass(20);
  expect(world.publishers("far-pool-1")).toEqual(["a"]);
  expect(world.carriage("pool-1")).toBe("onAir");
  for (const box of ["a", "b"]) {
    expect(world.box(box).says.settings).toMatchObject({
      ...{ sizeOf: "settings", widthPx: 1_920, heightPx: 1_080, videoBitrateBps: 5_000_000 },
    });
  }
  expect(world.box("c").says.settings).toMatchObject({ videoBitrateBps: 2_000_000 });
  expect(world.core.stream("pool-1").context.plan.encoders.map((ref) => ref.encoder)).toEqual([
    "a",
    "b",
  ]);
});

test("a stopped session gives its boxes and its stream back, and the next one gets them", () => {
  const world = aPool(["a", "b"], 1);
  const first = asks(world);
  world.pass(20);
  expect(asks(world)).toMatchObject({ code: "no_free_stream" });
  const stop = stops(world, "pool-1");
  world.pass(20);
  expect(answerTo(world, stop).code).toBeUndefined();
  expect(world.publishers("far-pool-1")).toEqual([]);
  expect(wordOf(world, "pool-1")).toBe("free");
  expect(world.told("session.ended")).toHaveLength(1);
  const second = asks(world, { by: "bob" });
  expect(second.stream).toBe("pool-1");
  expect(second.session).not.toBe(first.session);
});

test("a box that stands by for a session is given to no other", () => {
  const world = aPool(["a", "b", "c"], 2);
  expect(asks(world)).toMatchObject({ encoder: "a", backup: "b" });
  const refused = asks(world);
  expect(refused).toMatchObject({ code: "no_understudy" });
  expect(refused.message).toMatch(/c could carry it.*a: its 1 outputs are taken/);
});

test("the box of a session that dies is replaced by the one kept free for it", () => {
  const world = aPool(["a", "b", "c", "d"], 2);
  asks(world);
  asks(world);
  world.pass(20);
  world.box("a").reachable = false;
  world.box("a").running = null;
  world.pass(60);
  expect(world.publishers("far-pool-1")).toEqual(["b"]);
  expect(world.publishers("far-pool-2")).toEqual(["c"]);
});

test("the same word asks for the same session, with other settings it is refused", () => {
  const world = aPool(["a", "b", "c", "d"], 2);
  const first = asks(world, { once: "w" });
  expect(asks(world, { once: "w" })).toMatchObject({ session: first.session, stream: "pool-1" });
  const other = { ...settings, videoBps: 1_000_000 };
  expect(asks(world, { once: "w", settings: other })).toMatchObject({
    code: "idempotency_key_reused",
  });
  expect(asks(world, { once: "v" }).stream).toBe("pool-2");
  expect(world.told("session.opened")).toHaveLength(2);
});

test("a session outlives a restart of the daemon in each of its states", () => {
  const world = aPool(["a", "b"], 1);
  const { session } = asks(world);
  world.restart();
  expect(wordOf(world, "pool-1")).toBe("preparing");
  world.pass(20);
  expect(world.publishers("far-pool-1")).toEqual(["a"]);
  world.restart();
  world.pass(20);
  expect(wordOf(world, "pool-1")).toBe("running");
  expect(world.core.session("pool-1")?.context.session?.id).toBe(session);
  expect(world.core.stream("pool-1").context.plan.encoders).toHaveLength(2);
  expect(asks(world)).toMatchObject({ code: "no_free_stream" });
  stops(world, "pool-1");
  world.restart();
  world.pass(30);
  expect(wordOf(world, "pool-1")).toBe("free");
  expect(world.publishers("far-pool-1")).toEqual([]);
  expect(world.overlaps).toEqual([]);
});

test("a session that was asked for a time ends by itself, also over a restart", () => {
  const world = aPool(["a", "b"], 1);
  asks(world, { endsAfterMs: 60_000 });
  world.pass(40);
  expect(world.publishers("far-pool-1")).toEqual(["a"]);
  world.restart();
  world.pass(15);
  expect(world.publishers("far-pool-1")).toEqual(["a"]);
  world.pass(30);
  expect(world.publishers("far-pool-1")).toEqual([]);
  expect(world.told("session.ended")[0]?.message).toContain("its time was up");
});

test("what cannot be is refused with the reason: too large, no stream, no box, no ingest", () => {
  const world = aPool(["a", "b"], 1);
  expect(asks(world, { input: "push" })).toMatchObject({ code: "no_session_ingests" });
  const odd = { ...settings, widthPx: 1_921 };
  expect(asks(world, { settings: odd })).toMatchObject({ code: "not_valid" });
  for (const id of ["a", "b"]) world.box(id).reachable = false;
  world.pass(30);
  const refused = asks(world);
  expect(refused).toMatchObject({ code: "no_encoder" });
  expect(refused.message).toMatch(/a: it cannot be reached/);
  expect(asks(aPool(["a"], 0))).toMatchObject({ code: "no_session_streams" });
});

test("a box that does not take its settings is started as it is after 20 s, and it is said", () => {
  const world = aPool(["a"], 1);
  world.box("a").says.settings = { videoBitrateBps: 2_000_000 };
  world.box("a").deaf = true;
  expect(asks(world).warnings).toEqual([expect.stringContaining("nobody stands by")]);
  world.pass(15);
  expect(wordOf(world, "pool-1")).toBe("preparing");
  world.pass(10);
  expect(wordOf(world, "pool-1")).toBe("running");
});

test("on air it is not changed but where that is asked for, and then it is on air again as asked", () => {
  const world = aPool(["a", "b"], 1);
  asks(world);
  world.pass(20);
  const change = (id: string, videoBps: number, more = {}, widthPx = settings.widthPx) => {
    const change = { settings: { videoBps, widthPx }, ...more };
    const command = { id, by: "ann" };
    world.send({ to: "site", event: { type: "changeSession", stream: "pool-1", command, change } });
    return answerTo(world, id);
  };
  expect(change("one", 3_000_000)).toMatchObject({ code: "on_air" });
  expect(change("two", 3_000_000, { ifRevision: 7 })).toMatchObject({ code: "changed_meanwhile" });
  expect(change("three", 3_000_000, {}, 1_921)).toMatchObject({ code: "not_valid" });
  expect(change("four", 3_000_000, { restart: true, ifRevision: 0 }).code).toBeUndefined();
  expect(wordOf(world, "pool-1")).toBe("restarting");
  world.pass(30);
  expect(wordOf(world, "pool-1")).toBe("running");
  expect(world.publishers("far-pool-1")).toEqual(["a"]);
  expect(world.box("a").says.settings).toMatchObject({ videoBitrateBps: 3_000_000 });
  expect(world.box("b").says.settings).toMatchObject({ videoBitrateBps: 3_000_000 });
  expect(world.touched).toEqual([]);
});

test("sessions go around the boxes in turn where that is asked for, also after a restart", () => {
  const world = aPool(["a", "b", "c"], 1);
  const next = () => {
    const { encoder, stream } = asks(world, { strategy: "round_robin" });
    world.pass(20);
    stops(world, stream!);
    world.pass(20);
    return encoder;
  };
  expect([next(), next()]).toEqual(["a", "b"]);
  world.restart();
  world.pass(10);
  expect([next(), next()]).toEqual(["c", "a"]);
});

test("the fewest streams decide where that is asked for, and the answer says so", () => {
  const world = aPool(["a", "b", "c"], 2);
  expect(asks(world, { strategy: "least_connections" }).because).toMatch(
    /^a has the fewest streams/,
  );
});

test("a session goes where its picture is taken, and is refused where no destination takes it", () => {
  const at = (profiles: ("twitch" | "rtmp")[]) =>
    aPool(["a", "b"], profiles.length, {
      destinations: profiles.map((profile, i) =>
        aDestinationPlan({ id: `far-pool-${i + 1}`, profile }),
      ),
    });
  const fast = { ...settings, framesPerSecond: 120 };
  expect(asks(at(["twitch", "rtmp"]), { settings: fast })).toMatchObject({ stream: "pool-2" });
  const refused = asks(at(["twitch"]), { settings: fast });
  expect(refused).toMatchObject({ code: "not_valid" });
  expect(refused.message).toContain("Twitch takes up to 60 frames a second, not 120");
});
