/** An exit that was seen to leave nothing behind is proof by itself. */
import { expect, test } from "vitest";
import type { OutputReading } from "../../../machines/encoder/reading.ts";
import { onAir, type World } from "../world.ts";

const certificates = (w: World) =>
  w.told("stream.fenced").map(({ data }) => data["certificates"] as { level: number }[]);

/** `a` has ended, and this is what its driver tells of that. */
function ended(w: World, exit: NonNullable<OutputReading["exit"]>) {
  Object.assign(w.box("a"), { running: null, exit });
  w.read("a");
}

test("the takeover is decided in the turn of the exit, with its certificate", () => {
  const w = onAir();
  const before = certificates(w).length;
  w.kill("a", true);
  expect(w.word()).toBe("takingOver");
  const [made] = certificates(w).slice(before);
  expect(made).toMatchObject([{ encoder: "a", level: 2, destination: "far" }]);
  w.pass(5);
  expect(w.carrier()).toBe("b");
  expect(w.publishers()).toEqual(["b"]);
});

test("an exit of which that was not seen is followed by the question", () => {
  const w = onAir();
  w.kill("a");
  expect(w.word()).toBe("fencing");
});

test("what was seen of another key proves nothing for this one", () => {
  const w = onAir();
  const gone = { destination: "elsewhere", atMs: w.now().monoMs };
  ended(w, { code: 1, signal: null, gone });
  expect(w.word()).toBe("fencing");
});

test.each([
  ["a second ago and more", -1_001],
  ["in the time to come", 1],
])("what was seen %s proves nothing", (_, ms) => {
  const w = onAir();
  const gone = { destination: "far", atMs: w.now().monoMs + ms };
  ended(w, { code: 1, signal: null, gone });
  expect(w.word()).toBe("fencing");
});
