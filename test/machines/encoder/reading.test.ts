import { expect, test } from "vitest";
import { type EncoderReading, withKeptParts } from "../../../machines/encoder/reading.ts";

const reading = (more: Partial<EncoderReading> = {}): EncoderReading => ({
  outputs: { "stream-1": { state: "streaming", target: { destination: "far" } } },
  alarms: ["hot"],
  figures: { bitrateBps: { value: 1, source: "device" } },
  ...more,
});

test("what a reading says again is kept as it was, what it says anew is taken", () => {
  const before = reading();
  const next = reading({ alarms: [], input: "good" });
  const kept = withKeptParts(before, next);
  expect(kept).toEqual(next);
  expect(kept.outputs).toBe(before.outputs);
  expect(kept.figures).toBe(before.figures);
  expect(kept.alarms).toBe(next.alarms);
});

test("what a reading does not say any more is not kept, and neither reading is changed", () => {
  const before = reading({ input: "good" });
  const next = reading();
  expect(withKeptParts(before, next)).toEqual(reading());
  expect(before).toEqual(reading({ input: "good" }));
  expect(next).toEqual(reading());
});
