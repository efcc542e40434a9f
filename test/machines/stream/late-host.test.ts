/** A decider that comes late must not take its own lateness for the fault of an encoder. */
import { expect, test } from "vitest";
import { aDestinationPlan, aPlan, onAir, World } from "../world.ts";

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

test("a host that stood still while it started waits for the first encoder to be read again", () => {
  const w = starting();
  w.stall(400);
  readOnly(w, "b", 1.5);
  w.pass(5);
  expect(w.carrier()).toBe("a");
});

test("an encoder that is not read again by then is not waited for", () => {
  const w = starting();
  w.stall(400);
  readOnly(w, "b", 4);
  expect(w.carrier()).toBe("b");
});

function readOnly(w: World, encoder: string, seconds: number) {
  for (let i = 0; i < seconds * 4; i += 1) {
    w.read(encoder);
    w.passUnread(250);
  }
}

/** Everybody was seen, and who may hold the key is being proven off. */
function starting(): World {
  const w = new World(aPlan());
  for (let i = 0; i < 100; i += 1) {
    const { carrier } = w.core.stream("main").value as { carrier: string | object };
    if (carrier === "fencing") return w;
    w.pass(0.25);
  }
  throw new Error("it proves nobody off");
}
