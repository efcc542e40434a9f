import fc from "fast-check";
import { expect, test } from "vitest";
import { act, effortOf, facility, onAirWith, schedule, stepsOf } from "../facility.ts";

const commands = ["failover", "return", "drill", "start", "release"] as const;
const windows = ["openWindow", "noWindows"] as const;

const isOfStream = ({ of }: { of: string }) => of !== "site";

test("a stream that is not expected on air gives its key to nobody, whatever happens", () => {
  let looked = 0;
  fc.assert(
    fc.property(facility, stepsOf({ without: [...commands, ...windows] }), (f, steps) => {
      const world = onAirWith(f);
      schedule(world, []);
      // What is under way is finished first; what was decided before counts for nothing here.
      world.leap(40, 8);
      const before = world.told("key.granted").length;
      for (const step of steps) {
        act(world, { ...step, s: 0 });
        // As the daemon does it after each start, before anything else.
        schedule(world, []);
        if (step.s > 0) world.leap(step.s, 3);
      }
      world.leap(40, 8);
      looked += 1;
      expect(world.told("key.granted").length).toBe(before);
      // Who asks for a stop is told when it cannot be proven, also when the host slept meanwhile.
      const asked = steps.some((step) => step.do === "stop");
      if (!asked) expect(world.told("stream.needsHuman").filter(isOfStream)).toEqual([]);
      expect(world.stuck).toEqual([]);
    }),
    effortOf("events"),
  );
  expect(looked).toBeGreaterThan(0);
}, 36_000_000);
