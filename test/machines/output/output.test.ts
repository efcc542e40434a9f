import { createActor } from "xstate";
import { expect, test } from "vitest";
import type { Decision } from "../../../machines/decision.ts";
import { type EffectRef, recordEffects } from "../../../machines/effect.ts";
import type { OutputEvent, OutputReading } from "../../../machines/output/output.events.ts";
import { outputMachine } from "../../../machines/output/output.machine.ts";
import { outputState } from "../../../machines/output/output.published.ts";
import { TurnClock } from "../../../machines/site/turn-clock.ts";

const waiting: OutputReading = {
  ...{ state: "waiting", why: null, bytes: 0, pictures: 0, quietMs: null },
  ...{ bitrateBps: null, segments: 0, readers: 0, droppedPictures: null, conformity: null },
};
const sending: OutputReading = {
  ...waiting,
  ...{ state: "sending", bytes: 1_000, pictures: 25, quietMs: 40, bitrateBps: 4e6, segments: 3 },
};

function anOutput() {
  const stamp = (monoMs: number) => ({ bootId: "b", monoMs, wallMs: 1.7e12 + monoMs });
  let nowMs = 0;
  const clock = new TurnClock(stamp(0));
  const told: Decision[] = [];
  const asked: EffectRef<"runOutput">[] = [];
  const actor = createActor(outputMachine, {
    clock: { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout },
    input: { plan: { id: "web", kind: "hls", stream: "main" }, now: clock.now },
  });
  recordEffects(actor.system, {
    began: (_, __, ref) => void asked.push(ref as EffectRef<"runOutput">),
    givenUp: () => undefined,
  });
  actor.on("decided", ({ decision }) => void told.push(decision));
  actor.start();
  return {
    asked,
    state: () =>
      outputState(actor.getSnapshot(), {
        published: { id: "web", epoch: "e", seq: 1, session: "s", atMs: 0 },
        sinceMs: () => 0,
      }),
    told: () => told.map(({ severity, message }) => `${severity} ${message}`),
    send: (event: OutputEvent) => actor.send(event),
    reads: (reading: OutputReading) => actor.send({ type: "reading", reading }),
    begins: () => asked.at(-1)!.send({ type: "effect.done", answer: {} } as never),
    pass(ms: number) {
      nowMs += ms;
      clock.advanceTo(stamp(nowMs), () => undefined);
    },
  };
}

test("where none runs one is started, and what it tells is published", () => {
  const output = anOutput();
  expect(output.state().state).toBe("unknown");
  output.send({ type: "absent" });
  expect([output.asked.length, output.state().state]).toEqual([1, "starting"]);
  output.begins();
  output.reads(waiting);
  output.reads(sending);
  expect(output.state()).toMatchObject({
    ...{ kind: "hls", stream: "main", state: "sending", because: null, warnings: [] },
    figures: { bitrateBps: { value: 4e6, source: "output" }, segments: { value: 3 } },
  });
  expect(output.told()).toEqual(["info web: its stream brings no picture", "info web: sends"]);
});

test("one that runs already is left alone, also while it says nothing", () => {
  const output = anOutput();
  output.send({ type: "found" });
  output.pass(60_000);
  expect(output.asked).toHaveLength(0);
  expect(output.state().warnings).toEqual(["it runs, but does not tell how it goes"]);
  output.reads(sending);
  expect(output.state().state).toBe("sending");
});

test("one that ends is started again, less and less often while it ends at once", () => {
  const output = anOutput();
  output.send({ type: "absent" });
  const rests: number[] = [];
  for (let n = 0; n < 7; n++) {
    output.begins();
    output.send({ type: "ended", because: "SIGKILL" });
    const asked = output.asked.length;
    let restMs = 0;
    for (; output.asked.length === asked; restMs += 250) output.pass(250);
    rests.push(restMs);
  }
  expect(rests).toEqual([250, 1_000, 2_000, 5_000, 15_000, 30_000, 30_000]);
  expect(output.state().restarts).toBe(7);
  expect(output.told()[0]).toBe("warning web: its process ended, and is started again: SIGKILL");
  // One that lived well begins again at once.
  output.begins();
  output.reads(sending);
  output.pass(60_000);
  output.send({ type: "ended", because: "SIGKILL" });
  output.pass(250);
  expect(output.asked).toHaveLength(9);
});

test("what cannot go out is a warning with its reason, and its end is told", () => {
  const output = anOutput();
  output.send({ type: "found" });
  output.reads({ ...sending, state: "failing", why: "ENOSPC: no space left on device" });
  expect(output.state()).toMatchObject({
    ...{ state: "failing", because: "ENOSPC: no space left on device" },
    warnings: ["what comes cannot go out: ENOSPC: no space left on device"],
  });
  output.reads(sending);
  expect(output.told()).toEqual([
    "warning web: what comes cannot go out: ENOSPC: no space left on device",
    "info web: sends",
  ]);
});

test("what players may not get is told once, and once that it is well again for a minute", () => {
  const output = anOutput();
  const looks = (checked: number, fault: string | null = null, faultlessMs: number | null = null) =>
    output.reads({ ...sending, conformity: { checked, fault, faultlessMs } });
  const seen = () => output.state().conformity;
  output.send({ type: "found" });
  output.reads(sending);
  // Nothing was looked at: that is not "ok".
  expect(seen()).toBe(null);
  looks(3);
  expect(seen()).toEqual({ word: "ok", sinceMs: 1.7e12, why: null, checked: 3 });

  output.pass(1_000);
  const fault = "index.m3u8: 7.ts is empty";
  looks(5, fault, 0);
  looks(7, "index.m3u8: 8.ts is empty", 0);
  looks(99, fault, 59_999);
  expect(seen()).toEqual({ word: "faulty", sinceMs: 1.7e12 + 1_000, why: fault, checked: 99 });
  expect(output.state().warnings).toEqual([`players may not get what it writes: ${fault}`]);
  looks(100, fault, 60_000);
  looks(101, fault, 62_000);
  expect(seen()).toMatchObject({ word: "ok", why: null });

  // Another process has to look first, and what is as it was is not told again.
  output.send({ type: "ended", because: "SIGKILL" });
  expect(seen()).toBe(null);
  output.reads(sending);
  looks(1);
  expect(output.told().filter((line) => /players/.test(line))).toEqual([
    "info web: what it writes is as players need it",
    `warning web: players may not get what it writes: ${fault}`,
    "info web: what it writes is as players need it",
  ]);
});
