import { expect, test } from "vitest";
import { openSequence } from "../../../hub/ingest/sequence.ts";

function aSequence(seq = 0) {
  const sequence = openSequence([{ site: "studio", epoch: "e1", seq }]);
  let nowMs = 1_000_000;
  return {
    take: (n: number, epoch = "e1") => sequence.take("studio", epoch, n, nowMs).word,
    verdict: (n: number, standsFrom?: number) =>
      sequence.take("studio", "e1", n, nowMs, standsFrom),
    unreadable: () => sequence.unreadable("studio", "e1"),
    known: (n: number) => sequence.known("studio", "e1", n, nowMs),
    taken: () => sequence.taken("studio", "e1"),
    replay: () => sequence.dueReplay("studio", "e1", nowMs),
    pass: (ms: number) => (nowMs += ms),
  };
}

test("events in order are taken, repeated ones are duplicates", () => {
  const s = aSequence();
  expect([1, 2, 2, 1, 3].map((n) => s.take(n))).toEqual([
    ...["next", "next", "duplicate", "duplicate", "next"],
  ]);
  expect(s.replay()).toBeUndefined();
});

test("a restarted hub goes on after its mark", () => {
  const s = aSequence(41);
  expect(s.take(41)).toBe("duplicate");
  expect(s.take(42)).toBe("next");
});

test("a gap asks for what is missing at once, then at most every two seconds", () => {
  const s = aSequence(4);
  expect(s.take(7)).toBe("gap");
  expect(s.replay()).toBe(5);
  expect(s.take(8)).toBe("gap");
  expect(s.replay()).toBeUndefined();
  s.pass(1_999);
  expect(s.replay()).toBeUndefined();
  s.pass(1);
  expect(s.replay()).toBe(5);
  expect([5, 6, 7, 8].map((n) => s.take(n))).toEqual(["next", "next", "next", "next"]);
  s.pass(60_000);
  expect(s.replay()).toBeUndefined();
});

test("a site that says there is more, and sends none, is asked after two quiet seconds", () => {
  const s = aSequence(4);
  s.known(6);
  expect(s.replay()).toBeUndefined();
  s.pass(1_999);
  expect(s.replay()).toBeUndefined();
  s.take(5);
  s.pass(1_999);
  expect(s.replay()).toBeUndefined();
  s.pass(1);
  expect(s.replay()).toBe(6);
});

test("a note that stands for what is missing closes the gap at once, and the loss is told", () => {
  const s = aSequence(4);
  expect(s.verdict(9, 5)).toEqual({ word: "lost", fromSeq: 5, toSeq: 9 });
  expect(s.take(10)).toBe("next");
  s.pass(60_000);
  expect(s.replay()).toBeUndefined();
});

test("a note that reaches back further than our mark counts what we did not have, no more", () => {
  const s = aSequence(7);
  expect(s.verdict(9, 5)).toEqual({ word: "lost", fromSeq: 8, toSeq: 9 });
  expect(s.verdict(9, 5)).toEqual({ word: "duplicate" });
});

test("what is missing before a note's own gap is still asked for", () => {
  const s = aSequence(2);
  expect(s.verdict(9, 5)).toEqual({ word: "gap" });
  expect(s.replay()).toBe(3);
});

test("a silent site is asked less and less often", () => {
  const s = aSequence(4);
  s.known(6);
  let asked = 0;
  for (let second = 0; second < 600; second++) {
    s.pass(1_000);
    if (s.replay() !== undefined) asked += 1;
  }
  expect(asked).toBeGreaterThan(5);
  expect(asked).toBeLessThan(25);
});

test("what a site cannot send again is given up after four requests, from its oldest event on", () => {
  const s = aSequence(4);
  for (let request = 0; request < 4; request++) {
    expect([90, 91, 92].map((n) => s.take(n))).toEqual(["gap", "gap", "gap"]);
    expect(s.replay()).toBe(5);
    s.pass(120_000);
  }
  expect(s.verdict(92)).toEqual({ word: "gap" });
  expect(s.verdict(90)).toEqual({ word: "lost", fromSeq: 5, toSeq: 89 });
  expect([91, 92].map((n) => s.take(n))).toEqual(["next", "next"]);
});

test("a message without a readable number fills a gap of one", () => {
  const s = aSequence(4);
  s.unreadable();
  expect(s.take(6)).toBe("next");
  expect(s.take(8)).toBe("gap");
});

test("a new epoch starts at one", () => {
  const s = aSequence(40);
  expect(s.take(1, "e2")).toBe("next");
  expect(s.take(41, "e1")).toBe("next");
});
