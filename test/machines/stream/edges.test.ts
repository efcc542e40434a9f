/** The exact moments: one millisecond before, at, and after. */
import { expect, test } from "vitest";
import { anEncoderPlan, aPlan, aStreamPlan, onAir, type World } from "../world.ts";

/** The carrier region as it stands, without its substates. */
const state = (w: World) => {
  const { carrier } = w.core.stream("main").value as { carrier: string | object };
  return typeof carrier === "string" ? carrier : Object.keys(carrier)[0];
};
const isStarted = (w: World) => w.core.stream("main").context.memory.startedAt !== null;
/** `b` was told to start and brings no picture. */
function takingOver(encoders = [anEncoderPlan("a", "soft"), anEncoderPlan("b", "soft")]): World {
  const w = onAir({ ...aPlan(), encoders });
  w.box("b").broken = true;
  w.observed = false;
  w.look("far");
  w.kill("a");
  for (let i = 0; i < 100 && state(w) !== "takingOver"; i++) w.passUnread(50);
  expect(state(w)).toBe("takingOver");
  return w;
}

for (const [kind, graceMs] of [
  ["soft", 10_000],
  ["helo", 30_000],
] as const) {
  test(`a ${kind} encoder has ${graceMs} ms for its first picture, and not one more`, () => {
    const encoders = [anEncoderPlan("a", "soft"), anEncoderPlan("b", kind)];
    for (const [ms, expected] of [
      [graceMs - 1, "takingOver"],
      [graceMs, "fencing"],
      [graceMs + 1, "fencing"],
    ] as const) {
      const w = takingOver(encoders);
      w.wait(ms);
      expect([ms, state(w)]).toEqual([ms, expected]);
    }
  });
}

test("a far end may keep the old session for 90,000 ms after the proof, and not one more", () => {
  const patient = { ...anEncoderPlan("b", "soft"), firstFrameGraceMs: 200_000 };
  for (const [ms, expected] of [
    [89_999, "ghostWaiting"],
    [90_000, "fencing"],
    [90_001, "fencing"],
  ] as const) {
    const w = takingOver([anEncoderPlan("a", "soft"), patient]);
    const { certifiedAt } = w.core.stream("main").context.memory;
    w.wait(ms - (w.now().monoMs - certifiedAt!.monoMs));
    w.refuse("b");
    expect([ms, state(w)]).toEqual([ms, expected]);
    expect(w.told("stream.startFailed").length).toBe(expected === "fencing" ? 1 : 0);
  }
});

test.each(["fails", "is refused"])(
  "a far end that is quiet after the start keeps no ghost: a start that %s has failed",
  (what) => {
    const w = takingOver();
    w.observed = true;
    w.look("far");
    if (what === "is refused") w.refuse("b");
    w.box("b").claims = "failing";
    w.read("b");
    expect(state(w)).toBe("fencing");
  },
);

test("a device that failed has 5,000 ms to say otherwise once it is started again, and not one more", () => {
  for (const [ms, expected] of [
    [4_999, "takingOver"],
    [5_000, "ghostWaiting"],
    [5_001, "ghostWaiting"],
  ] as const) {
    const w = onAir(aPlan({ kinds: { a: "helo" } }));
    Object.assign(w, { observed: false, refusing: true });
    w.box("a").running = null;
    for (let i = 0; i < 100 && state(w) !== "ghostWaiting"; i++) w.pass(0.25);
    const { memory } = w.core.stream("main").context;
    expect(memory.startedAt).toBe(null);
    for (let i = 0; i < 100 && !isStarted(w); i++) w.passUnread(50);
    expect(state(w)).toBe("takingOver");
    w.wait(ms);
    expect([ms, state(w)]).toEqual([ms, expected]);
  }
});

test("who cannot tell a refusal from a far end that is not reached is asked again only when nobody else can be", () => {
  const kinds = { a: "helo", b: "helo" } as const;
  const w = onAir(aPlan({ kinds }));
  Object.assign(w, { observed: false, refusing: true });
  w.box("a").running = null;
  const triedFirst = () => w.told("stream.startFailed").map(({ message }) => message[6]);
  for (let i = 0; i < 200 && state(w) !== "ghostWaiting"; i++) w.pass(0.25);
  expect([triedFirst(), w.core.stream("main").context.target?.encoder]).toEqual([["b"], "a"]);
  w.refusing = false;
  w.pass(10);
  expect([w.carrier(), w.word()]).toEqual(["a", "carried"]);
  expect(w.overlaps).toEqual([]);
});

test("back to the primary after it was ready for 60,000 ms, and not one less", () => {
  for (const [ms, expected] of [
    [59_999, "carried"],
    [60_000, "fencing"],
    [60_001, "fencing"],
  ] as const) {
    const streams = [aStreamPlan({ encoders: ["a", "b"], failbackMs: 60_000 })];
    const w = onAir(aPlan({ streams }));
    w.kill("a");
    w.pass(1);
    for (let i = 0; i < 100 && w.carrier() !== "b"; i++) w.pass(0.25);
    expect(w.carrier()).toBe("b");
    const readyAt = w.core.stream("main").context.since;
    w.pass(59);
    w.read("a");
    w.read("b");
    w.look("far");
    w.wait(ms - (w.now().monoMs - readyAt.monoMs));
    expect([ms, state(w)]).toEqual([ms, expected]);
  }
});

test("a primary that was away for a moment is ready from then on only", () => {
  const streams = [aStreamPlan({ encoders: ["a", "b"], failbackMs: 60_000 })];
  const w = onAir(aPlan({ streams }));
  w.kill("a");
  w.pass(30);
  w.send({ to: "encoder:a", event: { type: "maintenance", by: "engineer" } });
  w.send({ to: "encoder:a", event: { type: "inService", by: "engineer" } });
  w.pass(59);
  expect(w.carrier()).toBe("b");
  w.pass(5);
  expect(w.carrier()).toBe("a");
});
