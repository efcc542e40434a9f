/** A far end that ends the event when nothing has come for long enough: how long is left. */
import { expect, test } from "vitest";
import { aDestinationPlan, aPlan, asks, onAir, type World } from "../world.ts";

const aFarEnd = () =>
  aPlan({ destinations: [aDestinationPlan({ offAirEndsEventAfterMs: 90_000 })] });
const endsInMs = (w: World): number | null => {
  const { eventEnds } = w.core.stream("main").context.memory;
  return eventEnds && eventEnds.monoMs - w.now().monoMs;
};
function broken(): World {
  const w = onAir(aFarEnd());
  for (const id of ["a", "b"]) w.box(id).broken = true;
  w.kill("a");
  w.pass(20);
  return w;
}

test("off air it is counted down, and told once when it is over", () => {
  const w = broken();
  const left = endsInMs(w)!;
  expect(left).toBeGreaterThan(60_000);
  expect(left).toBeLessThan(90_000);
  w.pass(Math.floor(left / 1_000) - 1);
  expect(w.told("stream.eventEnded")).toEqual([]);
  w.pass(120);
  expect(w.told("stream.eventEnded")).toMatchObject([
    { severity: "critical", data: { destination: "far", afterMs: 90_000 } },
  ]);
  w.restart();
  w.pass(20);
  expect(w.told("stream.eventEnded")).toHaveLength(1);
});

test("what a person stopped ends nothing that is missed; started again it counts from then", () => {
  const w = broken();
  expect(asks(w, "stop")).toBe(true);
  w.pass(5);
  expect([w.word(), endsInMs(w)]).toEqual(["stopped", null]);
  w.pass(200);
  expect(w.told("stream.eventEnded")).toEqual([]);
  expect(asks(w, "start")).toBe(true);
  w.pass(2);
  expect(endsInMs(w)).toBeGreaterThan(80_000);
  for (const id of ["a", "b"]) w.box(id).broken = false;
  w.pass(180);
  expect([w.carriage(), endsInMs(w)]).toEqual(["onAir", null]);
});

test("a stream on air that a person stops is counted down for nobody", () => {
  const w = onAir(aFarEnd());
  asks(w, "stop");
  w.pass(20);
  expect([w.word(), w.carriage(), endsInMs(w)]).toEqual(["stopped", "offAir", null]);
});
