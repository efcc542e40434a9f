import { createActor } from "xstate";
import { expect, test } from "vitest";
import type { Decision } from "../../../machines/decision.ts";
import { type EffectRef, recordEffects } from "../../../machines/effect.ts";
import type { IngestEvent, IngestReading } from "../../../machines/ingest/ingest.events.ts";
import { ingestMachine } from "../../../machines/ingest/ingest.machine.ts";
import { ingestState } from "../../../machines/ingest/ingest.published.ts";
import { TurnClock } from "../../../machines/site/turn-clock.ts";

const waiting: IngestReading = {
  ...{ state: "waiting", why: null, publisher: null, bytes: 0, frames: 0, quietMs: null },
  ...{ bitrateBps: null, framesPerSecond: null, video: null, audio: null },
  ...{ readers: 0, readerDrops: 0, refused: { count: 0, last: null } },
};
const receiving: IngestReading = {
  ...waiting,
  ...{ state: "receiving", publisher: { from: "192.0.2.9:4711", sinceMs: 1 } },
  ...{ bytes: 1_000, frames: 25, quietMs: 40, bitrateBps: 4e6, framesPerSecond: 25 },
  video: { codec: "h264", widthPx: 1_280, heightPx: 720 },
};

function anIngest() {
  const stamp = (monoMs: number) => ({ bootId: "b", monoMs, wallMs: 1.7e12 + monoMs });
  let nowMs = 0;
  const clock = new TurnClock(stamp(0));
  const told: Decision[] = [];
  const asked: EffectRef[] = [];
  const actor = createActor(ingestMachine, {
    clock: { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout },
    input: { plan: { id: "stage", kind: "rtmp" }, now: clock.now },
  });
  recordEffects(actor.system, {
    began: (_, __, ref) => void asked.push(ref),
    givenUp: () => undefined,
  });
  actor.on("decided", ({ decision }) => void told.push(decision));
  actor.start();
  const state = () =>
    ingestState(actor.getSnapshot(), {
      published: { id: "stage", epoch: "e", seq: 1, session: "s", atMs: 0 },
      sinceMs: () => 0,
    });
  return {
    asked,
    state,
    told: () => told.map(({ severity, message }) => `${severity} ${message}`),
    send: (event: IngestEvent) => actor.send(event),
    reads: (reading: IngestReading) => actor.send({ type: "reading", reading }),
    begins: () =>
      (asked.at(-1) as EffectRef<"runIngest">).send({ type: "effect.done", answer: {} } as never),
    fails: (message: string) =>
      (asked.at(-1) as EffectRef<"runIngest">).send({
        type: "effect.failed",
        error: { code: "failed", message },
      }),
    pass(ms: number) {
      nowMs += ms;
      clock.advanceTo(stamp(nowMs), () => undefined);
    },
  };
}

test("what was found running is left alone, and believed as soon as it tells", () => {
  const i = anIngest();
  i.send({ type: "found" });
  i.pass(600_000);
  expect(i.state().state).toBe("unknown");
  i.reads(receiving);
  expect(i.state()).toMatchObject({ state: "receiving", figures: { bitrateBps: { value: 4e6 } } });
  expect(i.asked).toHaveLength(0);
});

test("where there is none it is begun, and waits for a publisher", () => {
  const i = anIngest();
  i.send({ type: "absent" });
  expect(i.state().state).toBe("starting");
  i.begins();
  i.reads(waiting);
  expect(i.state().state).toBe("waiting");
  expect(i.told()).toEqual(["info stage: waits for a publisher"]);
});

test("a publisher that goes is a warning, one that comes is not", () => {
  const i = anIngest();
  i.send({ type: "found" });
  i.reads(waiting);
  i.reads(receiving);
  i.reads({ ...receiving, bytes: 2_000 });
  i.reads({ ...waiting, why: "the publisher left" });
  expect(i.told()).toEqual([
    "info stage: waits for a publisher",
    "info stage: receives a picture",
    "warning stage: waits for a publisher: the publisher left",
  ]);
});

test("each publisher that is sent away is told once, those of before a restart are not", () => {
  const i = anIngest();
  const refused = (count: number) => ({
    ...waiting,
    refused: { count, last: { atMs: 1, from: "192.0.2.7:1", why: "has a wrong stream key" } },
  });
  i.send({ type: "found" });
  i.reads(refused(3));
  i.reads(refused(3));
  i.reads(refused(4));
  expect(i.told().filter((told) => told.includes("wrong"))).toEqual([
    "warning stage: 192.0.2.7:1 has a wrong stream key",
  ]);
  expect(i.state().refused).toBe(4);
});

test("one that ends is begun again at once, and less and less often while it goes on", () => {
  const i = anIngest();
  i.send({ type: "absent" });
  const restsMs = [250, 1_000, 2_000, 5_000, 15_000, 30_000, 30_000];
  for (const [before, restMs] of restsMs.entries()) {
    i.begins();
    i.send({ type: "ended", because: "listen EADDRINUSE" });
    i.pass(restMs - 1);
    expect(i.asked).toHaveLength(before + 1);
    i.pass(1);
    expect(i.asked).toHaveLength(before + 2);
  }
  expect(i.state()).toMatchObject({ restarts: restsMs.length, because: "listen EADDRINUSE" });
});

test("one that lived for a minute is begun again at once", () => {
  const i = anIngest();
  i.send({ type: "absent" });
  for (let ends = 0; ends < 4; ends += 1) {
    i.begins();
    i.reads(receiving);
    for (let s = 0; s < 60; s += 10) {
      i.pass(10_000);
      i.reads(receiving);
    }
    i.send({ type: "ended", because: "SIGKILL" });
    i.pass(250);
    expect(i.state().state).toBe("starting");
    expect(i.asked).toHaveLength(ends + 2);
  }
});

test("one that cannot be begun says why, and is tried again", () => {
  const i = anIngest();
  i.send({ type: "absent" });
  i.fails("its process did not start: its folder is missing");
  expect(i.state().because).toContain("its folder is missing");
  i.pass(250);
  expect(i.asked).toHaveLength(2);
});

test("one that is not heard is unknown and is not touched", () => {
  const i = anIngest();
  i.send({ type: "found" });
  i.reads(receiving);
  i.pass(14_999);
  expect(i.state().state).toBe("receiving");
  i.pass(1);
  expect(i.state()).toMatchObject({ state: "unknown", publisher: null, figures: {} });
  expect(i.asked).toHaveLength(0);
});
