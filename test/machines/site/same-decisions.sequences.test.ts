import fc from "fast-check";
import { expect, test } from "vitest";
import { act, effortOf, facility, onAirWith, type Step, stepsOf } from "../facility.ts";
import { replay, type World } from "../world.ts";

const limitMs = 36_000_000;

/** Fails when a machine uses anything but its inputs: a clock, a random number, a shared object. */
test(
  "a replay of the input journal decides the same, byte for byte",
  () => {
    fc.assert(
      fc.property(facility, stepsOf(), (f, steps) => {
        const world = onAirWith(f);
        for (const step of steps) act(world, step);
        expect(replay(world.plan, world.journal)).toEqual(world.rawDecisions());
      }),
      effortOf("replay"),
    );
  },
  limitMs,
);

/** Fails when a deadline or budget is measured by the wall clock (`elapsedMs` of `wallMs`). */
test(
  "a wall clock that jumps changes no decision",
  () => {
    // Across a boot, and for the generation after a lost journal, there is no other clock.
    const steps = stepsOf({ without: ["jump", "reboot", "forget"] });
    const jumps = fc.infiniteStream(fc.constantFrom(3.6e6, -3.6e6, 3.2e11, -3.2e11));
    fc.assert(
      fc.property(facility, steps, jumps, (f, happened, jumpMs) => {
        const control = onAirWith(f);
        const jumped = onAirWith(f);
        for (const step of happened) {
          act(control, step);
          jumped.jumpWallClock(jumpMs.next().value as number);
          act(jumped, step);
        }
        control.leap(6, 3);
        jumped.leap(6, 3);
        expect(types(jumped)).toEqual(types(control));
      }),
      effortOf("wallClock"),
    );
  },
  limitMs,
);

/** Fails when `judge` takes unknown for off, or when late timers count as evidence. */
test(
  "not being able to see or to reach anything never switches anything by itself",
  () => {
    const steps = stepsOf({
      only: ["blind", "see", "unplug", "plug", "stall", "late", "restart", "jump", "nothing"],
    });
    fc.assert(
      fc.property(facility, steps, (f, happened: Step[]) => {
        const world = onAirWith(f);
        const before = world.publishers();
        for (const step of happened) act(world, step);
        world.observed = world.plan.destinations[0]!.observed;
        world.leap(6, 6);
        expect(world.publishers()).toEqual(before);
        for (const type of ["stream.incident", "stream.takingOver", "stream.stopped"]) {
          expect(world.told(type)).toEqual([]);
        }
      }),
      effortOf("blindness"),
    );
  },
  limitMs,
);

const types = (world: World) => world.decisions.map(({ of, type }) => `${of} ${type}`);
