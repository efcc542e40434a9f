import fc from "fast-check";
import { expect, test } from "vitest";
import {
  encoderFacts,
  encoderResume,
  encoderState,
} from "../../../machines/encoder/encoder.published.ts";
import type { EncoderSnapshot } from "../../../machines/encoder/encoder.published.ts";
import { isToldAlike } from "../../../machines/encoder/told-alike.ts";
import type { EncoderReading } from "../../../machines/encoder/reading.ts";
import { aPlan, World } from "../world.ts";
import { slow } from "../../setup/slow.ts";

const published = { id: "a", epoch: "e1", seq: 1, session: "s1", atMs: 0 };

/** All that is told of it, without the measured numbers themselves. */
function toldOf(snapshot: EncoderSnapshot): unknown {
  const { figures, ...state } = encoderState(snapshot, {
    published,
    heldBy: {},
    generations: {},
    sinceMs: () => 0,
  });
  return { ...state, figures: Object.keys(figures) };
}

const number = fc.integer({ min: 0, max: 100 });
const reading: fc.Arbitrary<EncoderReading> = fc.record(
  {
    outputs: fc.record({
      "stream-1": fc.record(
        {
          state: fc.constantFrom("idle", "streaming", "failing"),
          progress: fc.constantFrom("moving", "frozen"),
          target: fc.constantFrom("none", { destination: "far" }, "elsewhere"),
        },
        { requiredKeys: ["state"] },
      ),
    }),
    input: fc.constantFrom("good", "lost"),
    bootMark: fc.constantFrom("1", "2"),
    hardwareEncoders: fc.constantFrom([], ["h264_nvenc"]),
    encodes: fc.constantFrom({ by: "h264_nvenc" }, { by: "libx264", because: "NVENC refused" }),
    alarms: fc.constantFrom([], ["hot"]),
    raised: fc.constantFrom(
      { alarms: [], isWhole: true },
      { alarms: [{ code: "hot", severity: "error", text: "hot" } as const], isWhole: true },
    ),
    selfStart: fc.record({
      autoRecover: fc.boolean(),
      powerUp: fc.constantFrom("idle", "stream"),
      scheduler: fc.boolean(),
    }),
    settings: fc.record({ bitrateBps: number }),
    clock: fc.record({
      aheadMs: fc.constantFrom(1, 2, 90_000, 95_000),
      exactToMs: fc.constant(1),
      ageMs: number,
      source: fc.constant("date"),
    }),
    figures: fc.record(
      {
        temperatureC: fc.record({ value: number, source: fc.constant("device") }),
        bitrateBps: fc.record({ value: number, source: fc.constant("device") }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ["outputs", "figures"] },
) as fc.Arbitrary<EncoderReading>;

function measuredAgain(last: EncoderReading, value: number): EncoderReading {
  const again = structuredClone(last);
  for (const figure of Object.values(again.figures)) figure.value = value;
  return again;
}

const step = fc.oneof(
  { weight: 6, arbitrary: reading.map((read) => ({ reads: read })) },
  // The same again, but for what is measured: what boxes do all day.
  { weight: 6, arbitrary: number.map((value) => ({ measures: value })) },
  { weight: 1, arbitrary: fc.constant({ fails: true }) },
  { weight: 1, arbitrary: fc.constantFrom(1, 15).map((passes) => ({ passes })) },
);

slow("where a box is called told alike, the outside would hear nothing but other numbers", () => {
  let alike = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const world = new World(aPlan());
      const snapshots = [world.core.encoder("a")];
      let last: EncoderReading = { outputs: { "stream-1": { state: "idle" } }, figures: {} };
      for (const one of steps) {
        if ("passes" in one) world.pass(one.passes);
        else if ("fails" in one) {
          const event = { type: "unreadable", failure: "timeout", detail: "no answer" } as const;
          world.core.turn({ to: "encoder:a", event }, world.now());
        } else {
          last = "reads" in one ? one.reads : measuredAgain(last, one.measures);
          const event = { type: "reading", reading: last, sinceOursMs: 1e6 } as const;
          world.core.turn({ to: "encoder:a", event }, world.now());
        }
        snapshots.push(world.core.encoder("a"));
      }
      const told = snapshots.map((snapshot) => toldOf(snapshot));
      for (const [at, snapshot] of snapshots.entries()) {
        if (at === 0 || !isToldAlike(snapshots[at - 1]!, snapshot)) continue;
        if (snapshots[at - 1] !== snapshot) alike += 1;
        expect(told[at]).toEqual(told[at - 1]);
        const [before, now] = [snapshots[at - 1]!, snapshot];
        expect(encoderFacts(now)).toEqual(encoderFacts(before));
        if (before.context.hands.changes === now.context.hands.changes)
          expect(encoderResume(now)).toEqual(encoderResume(before));
      }
    }),
    { numRuns: 100 },
  );
  expect(alike).toBeGreaterThan(30);
});

test("a box at rest that is read again with other figures is told alike each time", () => {
  const world = new World(aPlan({ kinds: { a: "helo", b: "helo" } }));
  world.pass(120);
  const measured = (value: number) => {
    const figure = (of: number) => ({ value: of, source: "device" });
    const [temperatureC, bitrateBps] = [figure(40 + value), figure(5e6 + value)];
    const figures = { temperatureC, bitrateBps, cpuUsageRatio: figure(0.3 + value / 100) };
    world.box("a").says = { figures };
    world.read("a");
    return world.core.encoder("a");
  };
  measured(1);
  const [first, ...others] = Array.from({ length: 20 }, (_, at) => measured(at % 7));
  const alike = others.filter((snapshot, at) => isToldAlike([first!, ...others][at]!, snapshot));
  expect(alike).toHaveLength(19);
});
