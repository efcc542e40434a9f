import { expect, test } from "vitest";
import { openBootMark } from "../../../../daemon/drivers/shared/boot-mark.ts";

function aMark() {
  let nowMs = 0;
  const boot = openBootMark(() => nowMs);
  return { ...boot, pass: (seconds: number) => void (nowMs += seconds * 1_000) };
}

test("a box that tells its uptime is believed: a silence alone is no boot", () => {
  const { contact, silent, pass } = aMark();
  const before = contact({ phase: "up", uptimeS: 5_000 });
  silent();
  pass(120);
  expect(contact({ phase: "up", uptimeS: 5_120 })).toBe(before);
});

test("an uptime that went back is a boot, once", () => {
  const { contact, pass } = aMark();
  const before = contact({ phase: "up", uptimeS: 5_000 });
  pass(60);
  const after = contact({ phase: "up", uptimeS: 4 });
  expect(after).not.toBe(before);
  pass(10);
  expect(contact({ phase: "up", uptimeS: 14 })).toBe(after);
});

test("a boot is seen although the new uptime has already grown beyond a part of the old one", () => {
  const { contact, pass } = aMark();
  const before = contact({ phase: "up", uptimeS: 20 });
  pass(60);
  expect(contact({ phase: "up", uptimeS: 40 })).not.toBe(before);
});

test("without an uptime, a box that went down and is up again has booted", () => {
  const { contact } = aMark();
  const before = contact({ phase: "up" });
  expect(contact({ phase: "goingDown" })).toBe(before);
  expect(contact({ phase: "up" })).not.toBe(before);
});
