/** A decider that comes late must not take its own lateness for the fault of an encoder. */
import { expect, test } from "vitest";
import { aDestinationPlan, aPlan, onAir } from "../world.ts";

for (const lagMs of [300, 1_500, 2_400, 5_000, 60_000]) {
  test(`a decider that stood still for ${lagMs} ms switches nothing`, () => {
    const w = onAir();
    w.stall(lagMs);
    w.pass(20);
    expect(w.told("stream.incident")).toEqual([]);
    expect(w.carrier()).toBe("a");
  });

  test(`timers that fire ${lagMs} ms late switch nothing when the picture was there all along`, () => {
    const w = onAir();
    w.wait(lagMs);
    w.pass(20);
    expect(w.told("stream.incident")).toEqual([]);
    expect(w.carrier()).toBe("a");
  });
}

test("after a time of blindness one quiet look is not enough for a switch", () => {
  const w = onAir();
  w.observed = false;
  w.pass(30);
  w.send({
    to: "destination:far",
    event: { type: "sight", sight: { word: "quiet" }, source: "statistics", provesAbsence: true },
  });
  w.wait(250);
  w.observed = true;
  w.pass(10);
  expect(w.told("stream.incident")).toEqual([]);
});

test("after a long congestion, a freeze has to last as long as any other", () => {
  const w = onAir(aPlan({ destinations: [aDestinationPlan({ observed: false })] }));
  w.uplink = false;
  w.observed = false;
  w.pass(30);
  expect(w.word()).toBe("suspect");
  w.uplink = true;
  w.freeze("a");
  w.wait(1_900);
  expect(w.word()).toBe("suspect");
  w.wait(101);
  expect(w.word()).toBe("fencing");
});

test("a restart does not start the countdown to the end of the event again", () => {
  const w = onAir(aPlan({ destinations: [aDestinationPlan({ offAirEndsEventAfterMs: 90_000 })] }));
  w.box("a").broken = true;
  w.box("b").broken = true;
  w.kill("a");
  w.pass(20);
  const endsAt = () => w.core.stream("main").context.memory.eventEnds?.wallMs;
  const before = endsAt();
  expect(before).toBeDefined();
  w.restart();
  w.pass(5);
  expect(w.carriage()).toBe("offAir");
  expect(endsAt()).toBe(before);
  w.box("a").broken = false;
  w.pass(180);
  expect(w.carriage()).toBe("onAir");
  expect(endsAt()).toBeUndefined();
});
