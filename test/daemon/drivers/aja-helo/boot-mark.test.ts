import { expect, test } from "vitest";
import { openBootMark } from "../../../../daemon/drivers/aja-helo/boot-mark.ts";

function aMark() {
  let nowMs = 0;
  const boot = openBootMark(() => nowMs);
  return { ...boot, pass: (seconds: number) => void (nowMs += seconds * 1_000) };
}
const running = { systemState: 4 };

test("the mark stays while a unit answers and runs", () => {
  const { contact, pass } = aMark();
  const first = contact(running);
  pass(3_600);
  expect(contact(running)).toBe(first);
});

test("a boot that was watched counts once, from its first sign on", () => {
  const { contact, silent, pass } = aMark();
  const before = contact(running);
  pass(5);
  silent();
  pass(50);
  const starting = contact({ systemState: 1 });
  expect(starting).not.toBe(before);
  pass(5);
  expect(contact({ systemState: 3 })).toBe(starting);
  pass(5);
  expect(contact(running)).toBe(starting);
});

test("a silence that may have been a boot counts as one", () => {
  const { contact, silent, pass } = aMark();
  const before = contact(running);
  silent();
  pass(15);
  expect(contact(running)).not.toBe(before);
});

test("a silence too short for a boot does not count", () => {
  const { contact, silent, pass } = aMark();
  const before = contact(running);
  silent();
  pass(14);
  expect(contact(running)).toBe(before);
});

test("a silence over which the stream ran on was no boot", () => {
  const { contact, silent, pass } = aMark();
  const before = contact({ ...running, streamingS: 100 });
  silent();
  pass(120);
  expect(contact({ ...running, streamingS: 219 })).toBe(before);
});

test("a silence after which the stream is younger was a boot", () => {
  const { contact, silent, pass } = aMark();
  const before = contact({ ...running, streamingS: 100 });
  silent();
  pass(120);
  expect(contact({ ...running, streamingS: 40 })).not.toBe(before);
});

test("a duration that goes back alone is auto-recover or the front panel, no boot", () => {
  const { contact, pass } = aMark();
  const before = contact({ ...running, streamingS: 100 });
  pass(5);
  expect(contact({ ...running, streamingS: 2 })).toBe(before);
});

test("a unit that said it goes down and runs again has booted", () => {
  const { contact, pass } = aMark();
  const before = contact({ systemState: 8 });
  pass(5);
  expect(contact(running)).not.toBe(before);
});

test("a driver that was just opened has a mark of its own", () => {
  expect(aMark().contact(running)).not.toBe(aMark().contact(running));
});
