/** Storage within its site: what boxes say reaches it, is remembered, and replays. */
import { expect, test } from "vitest";
import type { MediumReading } from "../../../machines/storage/medium.ts";
import { StorageState } from "../../../machines/storage/storage.contract.ts";
import { storageState } from "../../../machines/storage/storage.published.ts";
import { aPlan, World } from "../world.ts";

const card = (freeRatio: number): MediumReading => ({
  ...{ id: "sd", kind: "card", isNetwork: false, condition: "ok", source: "device" },
  freeRatio,
});

function aWorld() {
  const plan = {
    ...aPlan({ kinds: { a: "helo", b: "helo" } }),
    storages: [
      { id: "a", readingMaxAgeMs: 144_000 },
      { id: "nas", readingMaxAgeMs: 60_000 },
    ],
  };
  const world = new World(plan);
  const state = (id: string) => {
    const published = { id, epoch: "e", seq: 1, session: "s", atMs: world.now().wallMs };
    return storageState(world.core.storage(id), { published, sinceMs: () => 0 });
  };
  return { world, state };
}

test("what a box says of its card is its storage's; a box without one has none", () => {
  const { world, state } = aWorld();
  world.box("a").says.media = [card(0.1)];
  world.box("b").says.media = [card(0.1)];
  world.pass(6);
  expect(state("a")).toMatchObject({ state: "nearlyFull", media: [{ id: "sd" }], warnings: [] });
  expect(StorageState.safeParse(state("a")).error).toBeUndefined();
  expect(world.told("storage.changed").map(({ of }) => of)).toEqual(["storage:a"]);
  expect(state("nas")).toMatchObject({ state: "unknown", media: [] });
});

test("a box out of reach: why is said at once, its card is unknown when its word is too old", () => {
  const { world, state } = aWorld();
  world.box("a").says.media = [card(0.5)];
  world.pass(6);
  world.box("a").reachable = false;
  world.pass(60);
  expect(state("a").state).toBe("healthy");
  expect(state("a").warnings[0]).toMatch(/^does not tell of its media: /);
  world.pass(100);
  expect(state("a").state).toBe("unknown");
});

test("a storage of its own is read beside the boxes, and remembered over a restart", () => {
  const { world, state } = aWorld();
  const share = { ...card(0.07), id: "volume1", kind: "raid" as const, isNetwork: true };
  world.send({ to: "storage:nas", event: { type: "reading", reading: { media: [share] } } });
  expect(state("nas").state).toBe("nearlyFull");
  const kept = world.core.resumeOf("storage:nas");
  expect(kept).toMatchObject({ media: { volume1: { told: "nearlyFull", level: "nearlyFull" } } });
  expect(JSON.parse(JSON.stringify(kept))).toEqual(kept);
});
