/** What is remembered may be older than the world: a lost or restored journal, a clock set back. */
import { expect, test } from "vitest";
import { encoderState } from "../../../machines/encoder/encoder.published.ts";
import { aPlan, asks, onAir, type World } from "../world.ts";

const devices = () => onAir(aPlan({ kinds: { a: "helo", b: "helo" } }));
const yearMs = 365 * 86_400_000;

test("a lost journal and a clock set back: a key that is too old is granted anew, above it", () => {
  const w = onAir();
  for (const to of ["b", "a", "b"]) {
    asks(w, "failover", { to });
    w.pass(10);
  }
  for (const id of ["a", "b"]) w.box(id).highestGeneration = 9_000_000;
  w.box("b").running = null;
  w.jumpWallClock(-10 * yearMs);
  w.restart({ forgetting: true });
  w.pass(20);
  expect([w.word(), w.publishers()]).toEqual(["carried", ["a"]]);
  expect(w.core.site().keys["far"]?.generation).toBe(9_000_001);
  expect(w.told("stream.startFailed")).toEqual([]);
});

const published = { id: "b", epoch: "e", seq: 1, session: "s", atMs: 0 };
const warnings = (w: World, id: string) =>
  encoderState(w.core.encoder(id), { published, heldBy: {}, generations: {}, sinceMs: () => 0 })
    .warnings;

/** `b` took over after the journal was copied, and the copy is back. */
function rolledBackWithoutAMark(): World {
  const w = devices();
  w.pass(30);
  const copy = w.memories();
  asks(w, "failover", { to: "b" });
  w.pass(10);
  expect(w.publishers()).toEqual(["b"]);
  w.restart({ from: copy });
  return w;
}

test("a box on air that an old journal calls benched is adopted, not stopped", () => {
  const w = rolledBackWithoutAMark();
  w.pass(10);
  expect(w.publishers()).toEqual(["b"]);
  expect([w.word(), w.carrier()]).toEqual(["carried", "b"]);
  expect(w.told("site.rolledBack")).toHaveLength(1);
  expect(w.told("encoder.rogue")).toEqual([]);
});

test("the same where the remembered carrier does not answer: nothing is stopped on a guess", () => {
  const w = rolledBackWithoutAMark();
  w.box("a").reachable = false;
  w.pass(60);
  expect(w.told("encoder.rogue")).toEqual([]);
  expect(w.publishers()).toEqual(["b"]);
  expect(warnings(w, "b").join()).toContain("stream-1 publishes, and was benched");
  w.box("a").reachable = true;
  w.pass(10);
  expect(w.carrier()).toBe("b");
  expect(warnings(w, "b")).toEqual([]);
});

test("a benched box that publishes beside the carrier is stopped, also right after a restart", () => {
  const w = devices();
  w.pass(30);
  w.restart();
  w.box("b").running = { destination: "far", generation: 1 };
  w.pass(10);
  expect(w.told("encoder.rogue")).toHaveLength(1);
  expect(w.publishers()).toEqual(["a"]);
});

test("a box that was started by hand while its stream takes over is stopped, whatever was remembered", () => {
  const w = onAir(aPlan({ kinds: { a: "helo", b: "helo", c: "helo" } }));
  w.pass(30);
  w.box("a").says = { outputs: { "stream-1": { state: "failing" } } };
  w.freeze("a");
  for (let i = 0; i < 60 && w.word() !== "takingOver"; i++) w.pass(0.25);
  expect(w.word()).toBe("takingOver");
  w.box("c").running = { destination: "far", generation: 1 };
  w.restart();
  w.box("a").says = {};
  w.pass(20);
  expect(w.told("encoder.rogue").map(({ of }) => of)).toEqual(["encoder:c"]);
  expect([w.carrier(), w.publishers()]).toEqual(["b", ["b"]]);
});
