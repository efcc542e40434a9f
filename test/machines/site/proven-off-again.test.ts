/** Found by random sequences at their full count. */
import { expect, test } from "vitest";
import { act, type Facility, onAirWith, type Step } from "../facility.ts";

function facility(kinds: Facility["kinds"], more: Partial<Facility> = {}) {
  const world = onAirWith({
    ...{ kinds, takeover: "exclusive", allowUnproven: false, second: false },
    ...{ spare: false, outlets: false, content: "off", observed: true },
    ...more,
  });
  const step = (verb: Step["do"], box: number, s: number) =>
    act(world, { do: verb, box, s, ms: 300 });
  return { world, step };
}

test("a box that was proven off and is started at its front panel is proven off again before another starts", () => {
  const { world, step } = facility(["helo", "soft"]);
  for (const s of [35, 35, 12]) step("claimFailing", 0, s);
  step("press", 0, 3);
  expect([world.word(), world.box("a").running]).toMatchObject([
    "needsHuman",
    { destination: "far" },
  ]);
  const before = world.decisions.length;
  step("kill", 0, 35);
  const since = world.decisions.slice(before).map(({ type }) => type);
  expect(since.indexOf("stream.fenced")).toBeGreaterThanOrEqual(0);
  expect(since.indexOf("stream.fenced")).toBeLessThan(since.indexOf("stream.takingOver"));
  expect([world.overlaps, world.picturesLost]).toEqual([[], []]);
});

test("a box that is being proven off is not set otherwise meanwhile, also where its key is not remembered", () => {
  const { world, step } = facility(["helo", "soft", "soft"]);
  for (const box of [0, 0, 1, 1]) step("overload", box, 35);
  step("deaf", 0, 0);
  step("stop", 0, 0);
  step("rollBack", 0, 0);
  step("kill", 0, 12);
  expect(world.word()).toBe("waitingForFence");
  world.leap(3, 2);
  expect(world.box("a").load).toBeLessThan(2);
  expect(world.picturesLost).toEqual([]);
});

test("who was passed over without proof is not booted while the far end has a picture that may be its own", () => {
  const { world, step } = facility(["helo", "soft", "soft"], { takeover: "lastWins" });
  step("claimFailing", 0, 0);
  step("deaf", 0, 35);
  step("kill", 0, 35);
  expect([world.box("a").running?.destination, world.picturesLost]).toEqual(["far", []]);
});

test("nor where a lost journal and the configuration passed it over", () => {
  const { world, step } = facility(["helo", "soft"], { allowUnproven: true, outlets: true });
  step("kill", 0, 0.25);
  step("deaf", 0, 1);
  step("forget", 0, 35);
  step("unplug", 0, 3);
  step("kill", 0, 35);
  expect(world.picturesLost).toEqual([]);
});
