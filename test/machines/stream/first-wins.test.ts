/** Where the first publisher wins: who comes second is refused, and nobody knocks for nothing. */
import { expect, test } from "vitest";
import { aDestinationPlan, aPlan, asks, onAir, World } from "../world.ts";

const aFarEnd = (p: { observed?: boolean } = {}) =>
  aPlan({ destinations: [aDestinationPlan({ takeover: "firstWins", ...p })] });

test("where nobody can look, the backup is started all the same", () => {
  const w = new World(aFarEnd({ observed: false }));
  w.observed = false;
  w.pass(20);
  expect([w.word(), w.carrier()]).toEqual(["carried", "a"]);
  w.kill("a");
  w.pass(20);
  expect([w.word(), w.carrier()]).toEqual(["carried", "b"]);
});

test("where the look is lost it is waited for, and a person need not wait", () => {
  const w = onAir(aFarEnd());
  w.observed = false;
  w.pass(30);
  w.kill("a");
  w.pass(60);
  expect(w.word()).toBe("needsHuman");
  expect(w.told("stream.needsHuman").at(-1)?.message).toMatch(/nobody can see whether/);
  expect(asks(w, "failover")).toBe(true);
  w.pass(20);
  expect([w.word(), w.carrier()]).toEqual(["carried", "b"]);
});

test("after a start that was refused nobody knocks again while a stranger publishes", () => {
  const w = onAir(aFarEnd());
  w.kill("a");
  w.box("b").broken = true;
  w.pass(1);
  expect(w.word()).toBe("takingOver");
  w.refusing = true;
  for (let n = 0; n < 60 && w.word() === "takingOver"; n++) w.pass(1);
  w.refusing = false;
  w.stranger = true;
  w.box("b").broken = false;
  const knocks = () => JSON.stringify(w.core.stream("main").value).includes('"takingOver"');
  for (let n = 0; n < 60; n++) {
    w.pass(1);
    expect(knocks()).toBe(false);
  }
  w.stranger = false;
  w.pass(30);
  w.pass(570);
  expect(w.word()).toBe("carried");
});
