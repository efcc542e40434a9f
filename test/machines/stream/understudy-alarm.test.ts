import { expect, test } from "vitest";
import { aPlan, aPlanForDays, onAir, type World } from "../world.ts";

const devices = () => onAir(aPlan({ kinds: { a: "helo", b: "helo" } }));
const told = (w: World) => w.told("stream.understudy").map(({ message }) => message);

test("a programme that nobody could take over for 30 s is an alarm that says why, and is over", () => {
  const w = devices();
  w.pass(5);
  w.box("b").reachable = false;
  w.pass(28);
  expect(told(w)).toEqual([]);
  w.pass(8);
  const alarm = "main has no understudy: nobody can take over from a (b does not answer)";
  expect(told(w)).toEqual([alarm]);
  w.box("b").reachable = true;
  w.pass(85);
  expect(told(w)).toEqual([alarm]);
  w.pass(15);
  expect(told(w)).toEqual([alarm, "main has an understudy again: b"]);
});

test("a programme with one encoder has no understudy by design, and no alarm", () => {
  const w = onAir(aPlan({ kinds: { a: "helo" } }));
  w.pass(60);
  expect(told(w)).toEqual([]);
});

test("after a takeover from a dead box the new carrier's want of an understudy is told", () => {
  const w = devices();
  w.box("a").reachable = false;
  w.box("a").running = null;
  w.pass(120);
  expect(w.carrier()).toBe("b");
  expect(told(w)).toEqual([
    "main has no understudy: nobody can take over from b (a does not answer)",
  ]);
});

test("an understudy that comes and goes for six hours calls a few times, and its state is always true", () => {
  const w = onAir(aPlanForDays({ a: "helo", b: "helo" }));
  for (let i = 0; i < 120; i++) {
    w.box("b").reachable = false;
    w.leap(60, 12);
    w.box("b").reachable = true;
    w.leap(120, 24);
    expect(w.core.stream("main").value).toMatchObject({ understudy: "ready" });
  }
  const calls = w.told("stream.understudy").filter(({ severity }) => severity === "critical");
  expect(calls.length).toBeGreaterThan(0);
  expect(calls.length).toBeLessThanOrEqual(6);
});
