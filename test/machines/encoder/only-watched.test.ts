import { expect, test } from "vitest";
import { encoderState } from "../../../machines/encoder/encoder.published.ts";
import { aPlan, onAir, type World } from "../world.ts";

const stateOf = (world: World) =>
  encoderState(world.core.encoder("a"), {
    ...{ published: { id: "a", epoch: "e", seq: 1, session: "s", atMs: 1 }, heldBy: {} },
    ...{ generations: {}, sinceMs: () => 0 },
  });

test("a stream that a box tells of and that cannot be commanded is said to be only watched", () => {
  const world = onAir(aPlan({ kinds: { a: "helo", b: "helo" } }));
  expect(stateOf(world)).not.toHaveProperty("onlyWatched");
  const { outputs } = world.core.encoder("a").context.reading!;
  const second = { state: "streaming", progress: "moving" } as const;
  world.box("a").says = { outputs: { ...outputs, "stream-2": second } };
  world.pass(5);
  expect(stateOf(world).onlyWatched).toEqual({ "stream-2": "streaming" });
  // What cannot be commanded carries nothing of ours.
  expect(stateOf(world).outputs.map(({ id }) => id)).toEqual(["stream-1"]);
});
