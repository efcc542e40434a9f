import { expect, test } from "vitest";
import { destinationState } from "../../../machines/destination/destination.published.ts";
import { aPlan, onAir, World } from "../world.ts";

/** What the far end of `world` was last seen to receive: word and media. */
function sees(world: World): string {
  const { value } = world.core.destination("far");
  if (typeof value === "string") return value;
  return `publishing, ${value.publishing.media}`;
}

test("a counter that stands still for a second, as far as was looked, is a stall", () => {
  const w = onAir();
  w.uplink = false;
  w.wait(500);
  w.look("far");
  w.wait(499);
  expect(sees(w)).toBe("publishing, moving");
  w.wait(1);
  expect(sees(w)).toBe("publishing, stalled");
});

test("an observer that takes its time is no stall: nothing was seen to stand still", () => {
  const w = onAir();
  w.wait(2_900);
  expect(sees(w)).toBe("publishing, moving");
});

test("a first look that shows no movement later than a second is a stall at once", () => {
  const w = onAir();
  w.uplink = false;
  w.wait(1_200);
  w.look("far");
  expect(sees(w)).toBe("publishing, stalled");
});

test("a look is worth 3 s and not a moment longer", () => {
  const w = onAir();
  w.wait(2_999);
  expect(sees(w)).not.toBe("unknown");
  w.wait(1);
  expect(sees(w)).toBe("unknown");
});

test("a failed look is unknown, never quiet", () => {
  const w = onAir();
  w.observed = false;
  w.look("far");
  expect(sees(w)).toBe("unknown");
});

test("one look cannot show movement; a second one can", () => {
  const w = new World(aPlan());
  w.box("a").running = { destination: "far", generation: 1 };
  w.look("far");
  expect(sees(w)).toBe("publishing, looking");
  w.pass(0.5);
  expect(sees(w)).toBe("publishing, moving");
});

test("a stall of the decider makes the far end unknown until it is seen again", () => {
  const w = onAir();
  w.stall(300);
  expect(sees(w)).toBe("unknown");
  w.pass(1);
  expect(sees(w)).toBe("publishing, moving");
});

test("quiet for so long counts only without a gap in looking", () => {
  const w = new World(aPlan());
  const quietFor = () => {
    const { context } = w.core.destination("far");
    return context.quietSince && w.now().monoMs - context.quietSince.monoMs;
  };
  w.look("far");
  w.wait(2_000);
  w.look("far");
  expect(quietFor()).toBe(2_000);
  w.wait(3_000);
  expect(quietFor()).toBeNull();
});

/** As the hub is told. */
const told = (w: World) =>
  destinationState(w.core.destination("far"), {
    published: { id: "far", epoch: "e", seq: 1, session: "s", atMs: w.now().wallMs },
    sinceMs: 0,
  });

test("where nobody looks, it refuses by the word of who is refused there, until one is taken", () => {
  const w = onAir();
  w.observed = false;
  w.look("far");
  w.refusing = true;
  w.kill("a");
  w.pass(10);
  expect(told(w)).toMatchObject({ state: "refusing", source: "b", by: null });
  expect(w.told("destination.changed").at(-1)?.message).toBe("far: the far end refuses publishers");
  w.refusing = false;
  w.pass(60);
  expect(w.word()).toBe("carried");
  expect(told(w).state).toBe("unknown");
});

test("a word of 10 min ago does not count, nor does one against what is seen", () => {
  const w = onAir();
  const refused = { to: "destination:far", event: { type: "refusal", by: "a" } } as const;
  w.send(refused);
  expect(told(w).state).toBe("publishing");
  w.observed = false;
  w.look("far");
  w.send(refused);
  w.wait(599_999);
  expect(told(w).state).toBe("refusing");
  w.wait(1);
  expect(told(w)).toMatchObject({ state: "unknown", source: null, observedAtMs: null });
  w.send(refused);
  w.observed = true;
  w.look("far");
  expect(told(w).state).toBe("publishing");
});
