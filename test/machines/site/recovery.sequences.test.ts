import fc from "fast-check";
import { expect, test } from "vitest";
import { act, effortOf, facility, mend, onAirWith, schedule, stepsOf } from "../facility.ts";
import { asks, type World } from "../world.ts";

const limitMs = 36_000_000;
/** The longest back-off is 15 min; a wall clock that jumped must not make it longer. */
const longestS = 16 * 60;

/** Fails, for one, when `nextCarrier` waits for a wish, or tries of an earlier boot never age. */
test(
  "when everything works again, the programme is back on air without anybody's help",
  () => {
    fc.assert(
      fc.property(facility, stepsOf(), (f, steps) => {
        const world = onAirWith(f);
        for (const step of steps) act(world, step);
        mend(world);
        // Outside its hours, and within them after a stop, it waits for a person.
        schedule(world, null);
        world.leap(30, 30);
        for (const { id, autoStart } of world.plan.streams) {
          if (autoStart && world.word(id) === "stopped") asks(world, "start", { stream: id });
        }
        for (let s = 0; s < longestS && !isWell(world); s += 5) world.leap(5, 5);
        expect(states(world)).toEqual(states(world).map(() => "carried"));
        expect(isWell(world)).toBe(true);
      }),
      effortOf("recovery"),
    );
  },
  limitMs,
);

const wanted = (world: World) => world.plan.streams.filter((s) => s.autoStart);
const states = (world: World) => wanted(world).map(({ id }) => world.word(id));

function isWell(world: World): boolean {
  return wanted(world).every(
    ({ id, destination }) =>
      world.word(id) === "carried" &&
      (world.carriage(id) === "onAir" || !world.observed) &&
      world.publishers(destination).join() === world.carrier(id),
  );
}
