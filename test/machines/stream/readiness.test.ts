/** How well an understudy is prepared. */
import { expect, test } from "vitest";
import { isStillWarming, understudies } from "../../../machines/stream/readiness.ts";
import { aPlan, aStreamPlan, onAir } from "../world.ts";

function facility(cold: string[] = []) {
  const streams = [aStreamPlan({ encoders: ["a", "b"], cold })];
  const w = onAir(aPlan({ kinds: { a: "helo", b: "helo" }, streams }));
  for (const id of ["a", "b"]) w.box(id).says = { settings: { videoBitrateBps: 5_000_000 } };
  w.pass(2);
  const stands = () => {
    const { context } = w.core.stream("main");
    return { is: understudies(context)[0]?.is, warming: isStillWarming(context) };
  };
  return { w, stands };
}

test("a warm understudy is set like the primary and has a picture; without one it is still warming", () => {
  const { w, stands } = facility();
  expect(stands()).toEqual({ is: "warm", warming: false });
  w.box("b").input = "lost";
  w.pass(2);
  expect(stands()).toEqual({ is: "cold", warming: true });
  w.box("b").cannotMeasureInput = true;
  w.pass(2);
  expect(stands()).toEqual({ is: "warm", warming: false });
});

test("of a cold understudy nothing but an answer is asked", () => {
  const { w, stands } = facility(["b"]);
  w.box("b").input = "lost";
  w.pass(2);
  expect(stands()).toEqual({ is: "cold", warming: false });
});
