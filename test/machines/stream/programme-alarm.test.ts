/** On air, and not the programme: the far end sees a picture, the viewers see bars. */
import { expect, test } from "vitest";
import { aPlan, aPlanForDays, aStreamPlan, asks, onAir, type World } from "../world.ts";

const sole = () =>
  onAir(aPlan({ kinds: { a: "helo" }, streams: [aStreamPlan({ encoders: ["a"] })] }));
const two = () => onAir(aPlan({ kinds: { a: "helo", b: "helo" } }));
const told = (w: World) =>
  w.told("stream.programme").map(({ severity, message }) => `${severity}: ${message}`);

test("a box that lost its input and that nobody can replace calls a person, once, and says when it is over", () => {
  const w = sole();
  w.box("a").input = "lost";
  w.pass(30);
  expect(told(w)).toEqual([]);
  w.pass(60);
  const alarm =
    "critical: main is on air without its programme: a, its input is lost; nobody else is known to have it";
  expect(told(w)).toEqual([alarm]);
  w.pass(600);
  expect([told(w), w.carriage()]).toEqual([[alarm], "onAir"]);
  w.box("a").input = "good";
  w.pass(85);
  expect(told(w)).toEqual([alarm]);
  w.pass(15);
  expect(told(w)).toEqual([alarm, "info: main sends its programme again"]);
});

test("where both lost it, one alarm says so, and names what has gone", () => {
  const w = two();
  for (const id of ["a", "b"]) w.box(id).input = "lost";
  w.pass(120);
  expect(told(w)).toEqual([
    "critical: main is on air without its programme: a, its input is lost; camera is lost to all that take it (a, b): look there, not at the boxes",
  ]);
  expect(w.told("stream.programme")[0]?.data).toMatchObject({ lostSource: "camera" });
});

test("where the other one shows another source, or does not answer, no source is blamed", () => {
  const other = aPlan({ kinds: { a: "helo", b: "helo" } });
  other.encoders[1]!.source = "slides";
  const silent = two();
  silent.box("b").reachable = false;
  for (const w of [onAir(other), silent]) {
    for (const id of ["a", "b"]) w.box(id).input = "lost";
    w.pass(120);
    expect(told(w)).toEqual([
      "critical: main is on air without its programme: a, its input is lost; nobody else is known to have it",
    ]);
  }
});

test("where the understudy has it, it takes over and nobody is called", () => {
  const w = two();
  w.box("a").input = "lost";
  w.pass(120);
  expect([w.carrier(), told(w)]).toEqual(["b", []]);
});

test("a stream that is stopped misses no programme", () => {
  const w = sole();
  w.box("a").input = "lost";
  w.pass(10);
  asks(w, "stop");
  w.pass(120);
  expect(told(w)).toEqual([]);
});

test("an input that comes and goes for a day calls a few times", () => {
  const w = onAir(aPlanForDays({ a: "helo" }));
  for (let minute = 0; minute < 24 * 60; minute += 4) {
    w.box("a").input = "lost";
    w.leap(120, 12);
    w.box("a").input = "good";
    w.leap(120, 12);
  }
  const calls = told(w).filter((line) => line.startsWith("critical"));
  expect(calls.length).toBeGreaterThan(0);
  expect(calls.length).toBeLessThanOrEqual(6);
});
