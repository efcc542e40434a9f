/** Which box is worth a closer look: those that a stream in trouble may need, and only those. */
import { expect, test } from "vitest";
import { attention } from "../../daemon/attention.ts";
import { aDestinationPlan, aPlan, aStreamPlan, asks, onAir } from "../machines/world.ts";

function twoStreams() {
  const world = onAir(
    aPlan({
      kinds: { a: "soft", b: "soft", c: "soft", d: "soft" },
      destinations: [aDestinationPlan(), aDestinationPlan({ id: "far-two" })],
      streams: [
        aStreamPlan({ encoders: ["a", "b"] }),
        aStreamPlan({ id: "two", destination: "far-two", encoders: ["c", "d"] }),
      ],
    }),
  );
  const { isUnderSuspicion, isWantedAt } = attention(world.plan, () => world.core);
  const suspected = () => ["a", "b", "c", "d"].filter(isUnderSuspicion);
  const wanted = () => ["far", "far-two"].filter(isWantedAt);
  return { world, suspected, wanted };
}

test("while all is carried nobody is looked at closely; in trouble it is who the stream may use", () => {
  const { world, suspected } = twoStreams();
  expect(suspected()).toEqual([]);
  world.freeze("a");
  expect(world.word()).toBe("suspect");
  expect(suspected()).toEqual(["a", "b"]);
  world.box("a").frozen = false;
  world.pass(5);
  expect(world.word()).toBe("carried");
  expect(suspected()).toEqual([]);
});

test("a stream that a person has stopped asks for nothing, here or at its far end", () => {
  const { world, suspected, wanted } = twoStreams();
  expect(wanted()).toEqual(["far", "far-two"]);
  asks(world, "stop", { stream: "two" });
  world.pass(30);
  expect(world.word("two")).toBe("stopped");
  expect(suspected()).toEqual([]);
  expect(wanted()).toEqual(["far"]);
});
