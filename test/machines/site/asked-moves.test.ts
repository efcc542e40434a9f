import { expect, test } from "vitest";
import { act, onAirWith, type Step } from "../facility.ts";

test("a move that a person asks for, away from a black picture, is no use of the budget", () => {
  const world = onAirWith({
    ...{ kinds: ["soft", "soft"], takeover: "exclusive", allowUnproven: false, second: false },
    ...{ spare: false, outlets: false, content: "act", observed: true },
  });
  const step = (verb: Step["do"], box: number, s: number) =>
    act(world, { do: verb, box, s, ms: 300 });
  const used = () => world.core.stream("main").context.memory.switches.length;
  step("goBlack", 0, 35);
  expect(world.word()).toBe("suspect");
  const before = used();
  step("failover", 1, 5);
  expect(world.carrier()).toBe("b");
  expect(used()).toBe(before);
});
