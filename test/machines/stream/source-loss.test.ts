import { expect, test } from "vitest";
import { encoderFacts } from "../../../machines/encoder/encoder.published.ts";
import type { SitePlan } from "../../../machines/site/plan.ts";
import type { Incident } from "../../../machines/stream/stream.contract.ts";
import { streamState } from "../../../machines/stream/stream.published.ts";
import { aDestinationPlan, aPlan, aRelayedPlan, onCam, replay, World } from "../world.ts";

const header = { id: "main", epoch: "e", seq: 1, session: "s", atMs: 0 };
const state = (world: World) =>
  streamState(world.core.stream("main"), { published: header, backupLeg: undefined });
const incidents = (world: World) =>
  world.told("stream.incident").map(({ data }) => data["incident"] as Incident);

function worldOn(plan: SitePlan): World {
  const world = new World(plan);
  for (const box of Object.values(world.boxes)) box.cannotMeasureInput = true;
  world.pass(12);
  expect(world.word()).toBe("carried");
  return world;
}

const grants = (world: World) => world.told("key.granted").length;

test.each([
  ["seen at the far end", true],
  ["nobody looks", false],
])("a source that falls silent moves nobody (%s)", (_, observed) => {
  const world = worldOn(onCam(aPlan({ destinations: [aDestinationPlan({ observed })] })));
  const before = grants(world);
  world.silence("cam");
  world.pass(60);
  expect(state(world)).toMatchObject({ carrier: "suspect", encoder: "a" });
  expect(state(world).because).toMatch(/^the source 'cam' sends nothing since \d\d:\d\d:\d\d UTC$/);
  expect(state(world).incident).toMatchObject({ cause: "sourceLost", outcome: "open", from: "a" });
  expect(encoderFacts(world.core.encoder("a")).input).toBe("lost");
  expect(world.told("stream.programme").at(-1)!.message).toMatch(
    /^main has no programme: the source 'cam' sends nothing since/,
  );

  world.sendAgain("cam");
  world.pass(10);
  expect(state(world)).toMatchObject({ carrier: "carried", encoder: "a" });
  expect(incidents(world).at(-1)).toMatchObject({ cause: "sourceLost", outcome: "recovered" });
  expect(incidents(world).at(-1)!.offAirMs).toBeGreaterThan(59_000);
  expect(incidents(world).at(-1)!.offAirMs).toBeLessThan(66_000);
  expect(grants(world)).toBe(before);
  expect(encoderFacts(world.core.encoder("a")).input).toBe("unknown");
  expect(replay(world.plan, world.journal)).toEqual(world.rawDecisions());
});

test("an encoder that does not find its way back into its source is an encoder that fails", () => {
  const world = worldOn(onCam(aPlan()));
  world.silence("cam");
  world.pass(20);
  world.freeze("a");
  world.sendAgain("cam");
  world.pass(9);
  expect(state(world).encoder).toBe("a");
  world.pass(20);
  expect(state(world)).toMatchObject({ carrier: "carried", encoder: "b" });
  const own = incidents(world).filter(({ cause }) => cause === "sourceLost");
  expect(new Set(own.map(({ id }) => id)).size).toBe(1);
  expect(own.at(-1)).toMatchObject({ outcome: "tookOver", from: "a", to: "b" });
});

test("whose process ends while its source is silent is started anew, and no incident stays open", () => {
  const world = worldOn(onCam(aPlan()));
  world.silence("cam");
  world.pass(10);
  world.kill("a", true);
  world.pass(20);
  world.sendAgain("cam");
  world.pass(90);
  expect(world.word()).toBe("carried");
  expect(state(world).incident!.outcome).not.toBe("open");
  expect(world.overlaps).toEqual([]);
});

test("who has another source takes over from one whose source is lost", () => {
  const world = worldOn(onCam(aPlan(), (encoder) => (encoder === "a" ? "cam" : "spare-cam")));
  world.silence("cam");
  world.pass(20);
  expect(state(world)).toMatchObject({ carrier: "carried", encoder: "b" });
  expect(world.overlaps).toEqual([]);
});

test("a daemon that starts while the source is silent, and one that was away when it came back", () => {
  const world = worldOn(onCam(aPlan()));
  world.silence("cam");
  world.pass(10);
  world.restart();
  world.pass(20);
  expect(state(world)).toMatchObject({ carrier: "suspect", encoder: "a" });
  expect(state(world).because).toMatch(/^the source 'cam' sends nothing/);
  world.sendAgain("cam");
  world.restart({ downMs: 5_000 });
  world.pass(10);
  expect(state(world)).toMatchObject({ carrier: "carried", incident: { outcome: "recovered" } });
  expect(grants(world)).toBe(1);
});

test("a relayed stream holds, its encoders are left alone, and the source is named", () => {
  const world = worldOn(onCam(aRelayedPlan()));
  const before = grants(world);
  world.silence("cam");
  world.pass(60);
  expect(state(world)).toMatchObject({ carrier: "holding", incident: { cause: "sourceLost" } });
  expect(state(world).because).toMatch(/^the source 'cam' sends nothing since/);
  expect(world.publishers("main-relay-a")).toEqual(["a"]);
  world.sendAgain("cam");
  world.pass(10);
  expect(state(world)).toMatchObject({
    carrier: "carried",
    incident: { cause: "sourceLost", outcome: "recovered" },
  });
  expect(grants(world)).toBe(before);
});

test("with both encoders dead the source is not blamed", () => {
  const world = worldOn(onCam(aRelayedPlan()));
  for (const id of ["a", "b"]) world.freeze(id);
  world.pass(1.5);
  expect(state(world)).toMatchObject({ carrier: "holding" });
  expect(state(world).because).toBe("no encoder brings pictures to its relay");
});
