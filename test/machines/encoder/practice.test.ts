/** A box that stands by and never carries anything may not be able to: people are told to try it. */
import { expect, test } from "vitest";
import { encoderState } from "../../../machines/encoder/encoder.published.ts";
import { aPlan, asks, onAir, type World } from "../world.ts";

const day = 24 * 3_600;

function facility() {
  const plan = aPlan({ kinds: { a: "helo", b: "helo" } });
  return onAir({ ...plan, encoders: plan.encoders.map((box) => ({ ...box, standsBy: true })) });
}
function stateOf(w: World, id: string) {
  const published = { id, epoch: "e", seq: 1, session: "s", atMs: w.now().wallMs };
  return encoderState(w.core.encoder(id), {
    ...{ published, heldBy: {}, generations: {}, sinceMs: () => 0 },
  });
}

test("an understudy that has carried nothing for a week is a warning, over a restart too, until it has", () => {
  const w = facility();
  w.leap(6.9 * day, 20);
  expect(stateOf(w, "b").practice).toMatchObject({ lastOnAirAtMs: null, isOverdue: false });
  expect(stateOf(w, "b").warnings).toEqual([]);
  w.restart();
  w.leap(0.2 * day, 4);
  expect(stateOf(w, "b").practice?.isOverdue).toBe(true);
  expect(stateOf(w, "b").warnings.join()).toContain("has carried nothing for 7 days");
  expect(stateOf(w, "a").practice?.isOverdue).toBe(false);
  asks(w, "failover");
  w.pass(15);
  expect(w.carrier()).toBe("b");
  expect(stateOf(w, "b").practice).toMatchObject({
    lastOnAirAtMs: expect.any(Number) as number,
    isOverdue: false,
  });
  expect(stateOf(w, "b").warnings).toEqual([]);
});

test("a box that is alone on its programme is always in use, or nobody needs it", () => {
  const w = onAir(aPlan({ kinds: { a: "helo" } }));
  w.leap(8 * day, 10);
  expect(stateOf(w, "a").practice).toBeUndefined();
});
