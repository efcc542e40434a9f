import { expect, test } from "vitest";
import type { MediumReading } from "../../../machines/storage/medium.ts";
import { wordOf, worstOf } from "../../../machines/storage/judge.ts";
import {
  type CycleMedium,
  rebootCycle,
  suspicionOf,
} from "../../../machines/storage/reboot-cycle.ts";
import {
  endsFilesAt4GB,
  freeBytesOf,
  freeRatioOf,
  levelOf,
  usualLevels,
} from "../../../machines/storage/space.ts";
import {
  type Sample,
  secondsToFull,
  withSample,
  writeBytesPerSecond,
} from "../../../machines/storage/write-rate.ts";

const card: MediumReading = {
  ...{ id: "sd", kind: "card", isNetwork: false, condition: "ok", source: "device" },
};
const fresh = { level: null, hasToldSpace: false, levels: usualLevels };
const at = (monoMs: number) => ({ bootId: "b", monoMs, wallMs: monoMs });

test.each([
  { freeRatio: 0.3001, local: "healthy", share: "healthy" },
  { freeRatio: 0.3, local: "filling", share: "healthy" },
  { freeRatio: 0.1501, local: "filling", share: "healthy" },
  { freeRatio: 0.15, local: "nearlyFull", share: "healthy" },
  { freeRatio: 0.14, local: "nearlyFull", share: "filling" },
  { freeRatio: 0.0701, local: "nearlyFull", share: "filling" },
  { freeRatio: 0.07, local: "nearlyFull", share: "nearlyFull" },
  { freeRatio: 0.0101, local: "nearlyFull", share: "nearlyFull" },
  { freeRatio: 0.01, local: "full", share: "full" },
  { freeRatio: 0, local: "full", share: "full" },
])("$freeRatio free is $local on a card and $share on a share", ({ freeRatio, local, share }) => {
  expect(levelOf(freeRatio, null, usualLevels.local)).toBe(local);
  expect(levelOf(freeRatio, null, usualLevels.network)).toBe(share);
});

test.each([
  { was: "nearlyFull", freeRatio: 0.1699, now: "nearlyFull" },
  { was: "nearlyFull", freeRatio: 0.17, now: "filling" },
  { was: "filling", freeRatio: 0.3199, now: "filling" },
  { was: "filling", freeRatio: 0.32, now: "healthy" },
  { was: "full", freeRatio: 0.0299, now: "full" },
  { was: "full", freeRatio: 0.03, now: "nearlyFull" },
  { was: "full", freeRatio: 0.16, now: "nearlyFull" },
  { was: "full", freeRatio: 0.9, now: "healthy" },
] as const)("a card that was $was is $now at $freeRatio free", ({ was, freeRatio, now }) => {
  expect(levelOf(freeRatio, was, usualLevels.local)).toBe(now);
});

test("a percentage, or bytes of bytes; what cannot be true says nothing", () => {
  expect(freeRatioOf({ ...card, freeRatio: 0.5, freeBytes: 1, totalBytes: 100 })).toBe(0.5);
  expect(freeRatioOf({ ...card, freeBytes: 25, totalBytes: 100 })).toBe(0.25);
  for (const nonsense of [
    { freeRatio: 1.01 },
    { freeRatio: -0.01 },
    { freeBytes: 101, totalBytes: 100 },
    { freeBytes: 0, totalBytes: 0 },
    { freeBytes: 5 },
    {},
  ]) {
    expect(freeRatioOf({ ...card, ...nonsense })).toBeUndefined();
  }
  expect(freeBytesOf({ ...card, freeRatio: 0.5, totalBytes: 100 })).toBe(50);
  expect(freeBytesOf({ ...card, freeRatio: 0.5 })).toBeUndefined();
});

test("FAT in any spelling ends files at 4 GB, exFAT does not", () => {
  for (const name of ["FAT32", "fat", "vfat", "FAT16", "msdos"]) {
    expect(endsFilesAt4GB(name)).toBe(true);
  }
  for (const name of ["exFAT", "exfat", "ext4", "ntfs", "", undefined]) {
    expect(endsFilesAt4GB(name)).toBe(false);
  }
});

test("what cannot take anything is named by that, whatever its space", () => {
  const word = (more: Partial<MediumReading>) =>
    wordOf({ ...card, freeRatio: 0.5, ...more }, fresh, 60_000);
  expect(word({})).toBe("healthy");
  expect(word({ condition: "missing" })).toBe("missing");
  expect(word({ condition: "damaged" })).toBe("failing");
  expect(word({ condition: "failing" })).toBe("failing");
  expect(word({ condition: "notSuitable" })).toBe("failing");
  expect(word({ condition: "loading" })).toBe("unknown");
  expect(word({ condition: "degraded" })).toBe("healthy");
  expect(word({ isWriteProtected: true })).toBe("readOnly");
  expect(word({ condition: "damaged", isWriteProtected: true })).toBe("failing");
  expect(word({ isTooSlow: true })).toBe("healthy");
});

test("a reading as old as its limit is unknown", () => {
  const full = { ...card, freeRatio: 0 };
  expect(wordOf({ ...full, ageMs: 59_999 }, fresh, 60_000)).toBe("full");
  expect(wordOf({ ...full, ageMs: 60_000 }, fresh, 60_000)).toBe("unknown");
});

test("without a figure a medium is healthy if it never told one, and unknown if it used to", () => {
  expect(wordOf(card, fresh, 60_000)).toBe("healthy");
  expect(wordOf(card, { ...fresh, level: "full", hasToldSpace: true }, 60_000)).toBe("unknown");
});

test("several media are called by the worst, none by nothing known", () => {
  expect(worstOf(["healthy", "full", "missing"])).toBe("missing");
  expect(worstOf(["healthy", "unknown"])).toBe("unknown");
  expect(worstOf(["healthy", "retired"])).toBe("healthy");
  expect(worstOf([])).toBe("unknown");
});

const filledAt = (bytesPerS: number, seconds: number, everyS: number): Sample[] =>
  Array.from({ length: Math.floor(seconds / everyS) + 1 }, (_, n) => ({
    monoMs: 7_000_000 + n * everyS * 1_000,
    freeBytes: 1e9 - n * everyS * bytesPerS,
  }));

test("the write rate needs five looks over a minute", () => {
  expect(writeBytesPerSecond([])).toBeUndefined();
  expect(writeBytesPerSecond(filledAt(1_000, 59, 5))).toBeUndefined(); // 55 s
  expect(writeBytesPerSecond(filledAt(1_000, 60, 20))).toBeUndefined(); // four
  expect(writeBytesPerSecond(filledAt(1_000, 60, 15))).toBeCloseTo(1_000, 6);
});

test("20 Mbit/s leaves 1 GB for 400 s, and one that empties has no end", () => {
  const samples = filledAt(2.5e6, 100, 10);
  expect(secondsToFull(samples, 0)).toBeCloseTo(300, 6);
  expect(secondsToFull(samples, 0.5e9)).toBeCloseTo(100, 6);
  expect(secondsToFull(samples, 2e9)).toBe(0);
  expect(secondsToFull(filledAt(-2.5e6, 100, 10), 0)).toBeUndefined();
  expect(secondsToFull(filledAt(0, 100, 10), 0)).toBeUndefined();
  expect(writeBytesPerSecond(filledAt(0, 100, 10))).toBe(0);
});

test("a rate is of the last 10 min, and starts anew when somebody made room", () => {
  const every5s = Array.from({ length: 1_000 }, (_, n) => ({
    monoMs: n * 1_000,
    freeBytes: 1e9 - n * 1_000,
  }));
  const kept = every5s.reduce<readonly Sample[]>((all, next) => withSample(all, next, 1e9), []);
  expect(kept.length).toBe(121);
  expect(kept.at(-1)!.monoMs - kept[0]!.monoMs).toBe(600_000);
  const last = kept.at(-1)!;
  const later = last.monoMs + 5_000;
  const little = { monoMs: later, freeBytes: last.freeBytes + 0.02e9 };
  expect(withSample(kept, little, 1e9).length).toBe(121);
  const much = { monoMs: later, freeBytes: last.freeBytes + 0.0201e9 };
  expect(withSample(kept, much, 1e9)).toEqual([much]);
});

const slots: CycleMedium[] = [
  { id: "sd", word: "failing", suspect: { at: at(900_000), why: "damaged" } },
  { id: "usb", word: "filling" },
  { id: "share", word: "healthy" },
];

test("three reboots in 10 min with a suspect card name its slot and the best other path", () => {
  const cycle = (...monoMs: number[]) => rebootCycle(monoMs.map(at), slots, at(1_000_000));
  expect(cycle(400_001, 500_000, 600_000)).toEqual({
    ...{ reboots: 3, slot: "sd", why: "damaged", otherPath: "share" },
  });
  expect(cycle(400_000, 500_000, 600_000)).toBeUndefined();
  expect(cycle(500_000, 600_000)).toBeUndefined();
});

test.each([
  { said: { condition: "damaged" }, wasPresent: false, why: "damaged" },
  { said: { condition: "failing" }, wasPresent: false, why: "failing" },
  { said: { condition: "missing" }, wasPresent: true, why: "missing" },
  { said: { condition: "missing" }, wasPresent: false, why: undefined },
  { said: { isTooSlow: true }, wasPresent: true, why: "too slow" },
  { said: { condition: "degraded" }, wasPresent: true, why: undefined },
  { said: {}, wasPresent: true, why: undefined },
] as const)("a card that says $said, there before: $wasPresent, is suspect: $why", (c) => {
  expect(suspicionOf({ ...card, ...c.said }, c.wasPresent)).toBe(c.why);
});

test("reboots without a suspect card, or with an old suspicion, are no such cycle", () => {
  const reboots = [500_000, 600_000, 700_000].map(at);
  const old = { at: at(400_000), why: "too slow" };
  expect(rebootCycle(reboots, slots.slice(1), at(1_000_000))).toBeUndefined();
  expect(
    rebootCycle(reboots, [{ id: "sd", word: "healthy", suspect: old }], at(1_000_000)),
  ).toBeUndefined();
});

test("a full, unknown or itself suspect medium is no other path", () => {
  const reboots = [500_000, 600_000, 700_000].map(at);
  const bad: CycleMedium[] = [
    slots[0]!,
    { id: "usb", word: "full" },
    { id: "share", word: "unknown" },
    { id: "nas", word: "healthy", suspect: { at: at(900_000), why: "too slow" } },
  ];
  expect(rebootCycle(reboots, bad, at(1_000_000))?.otherPath).toBeNull();
});
