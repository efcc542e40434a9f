import { expect, test } from "vitest";
import type { Misfit } from "../../../machines/content/misfit.ts";
import type { Measures } from "../../../machines/stream/relay/measures.ts";
import { hindersInput } from "../../../machines/stream/relay/relay.ts";
import { streamState } from "../../../machines/stream/stream.published.ts";
import { aRelayedPlan, World } from "../world.ts";

const header = { id: "main", epoch: "e", seq: 1, session: "s", atMs: 0 };
const good: Measures = {
  ...{ bitrateBps: 5e6, spreadRatio: 0.1, avDriftMs: 10, continuityErrors: 3, misfits: [] },
};
const band = { afterMs: 30_000, leastBps: 4e6, mostBps: 6e6, avDriftAtMostMs: 100 };

/** On air with `a`; what is measured of it is told each 5 s while time passes. */
function onAir(within: object | null = band) {
  const plan = aRelayedPlan();
  for (const stream of plan.streams)
    if (stream.relay && within) Object.assign(stream.relay, { band: within });
  const world = new World(plan);
  world.pass(10);
  const pass = (seconds: number, measures: Partial<Measures>) => {
    for (let s = 0; s < seconds; s += 5) {
      const inputs = { a: { ...good, ...measures }, b: good };
      world.send({ to: "stream:main", event: { type: "relay.measured", inputs } });
      world.pass(5);
    }
  };
  const published = () =>
    streamState(world.core.stream("main"), { published: header, backupLeg: undefined });
  const told = () => world.told("stream.input").map(({ message }) => message);
  pass(10, {});
  return { world, pass, told, published, input: () => published().relay!.inputs[0]! };
}

test("what is measured of an input is shown with its age and source", () => {
  const { world, input } = onAir();
  expect(input()).toMatchObject({
    encoder: "a",
    figures: {
      bitrateBps: { value: 5e6, source: "relay" },
      avDriftMs: { value: 10 },
      continuityErrors: { value: 3 },
    },
    faults: [],
  });
  world.pass(15);
  expect(input()).toMatchObject({ figures: {}, faults: [] });
});

test("how long encoder and relay need is shown of the one on air, with its age, and not where it is not known", () => {
  const { pass, published, world } = onAir();
  expect(published().relay!.figures).toEqual({});
  pass(5, { latencyMs: 260.4, sentLatencyMs: 1_430.2 });
  const figure = { atMs: world.now().wallMs - 5_000, source: "its ingest's times" };
  const [a, b] = published().relay!.inputs;
  expect(a!.figures!.latencyMs).toEqual({ value: 260, ...figure });
  expect(b!.figures!.latencyMs).toBeUndefined();
  expect(published().relay!.figures).toEqual({ latencyMs: { value: 1_430, ...figure } });
  world.pass(15);
  expect(published().relay!.figures).toEqual({});
});

test.each([
  [
    "bitrate",
    { bitrateBps: 3_999_999 },
    "main: a comes with 4.00 Mbit/s, outside of what it should be, for 30 s now",
  ],
  [
    "bitrate",
    { bitrateBps: 7e6 },
    "main: a comes with 7.00 Mbit/s, outside of what it should be, for 30 s now",
  ],
  [
    "avDrift",
    { avDriftMs: -101 },
    "main: a has its sound -101 ms from where it was beside the picture, for 30 s now",
  ],
] as const)(
  "%s that stays outside of its band is told once, and nobody is moved",
  (fault, measures, message) => {
    const { pass, told, input, published } = onAir();
    pass(30, measures);
    expect(told()).toEqual([]);
    pass(300, measures);
    expect(told()).toEqual([message]);
    expect(input().faults).toMatchObject([{ fault }]);
    expect(published()).toMatchObject({ carrier: "carried", encoder: "a", keyGeneration: 1 });
    pass(5, {});
    expect(told()).toHaveLength(2);
    expect(told().at(-1)).toContain("as it should be again");
    expect(input().faults).toEqual([]);
  },
);

test("a short excursion, or what is not known, is no fault", () => {
  const { pass, told } = onAir();
  for (let n = 0; n < 5; n++) {
    pass(25, { bitrateBps: 1e6 });
    pass(5, {});
  }
  pass(60, { bitrateBps: null, avDriftMs: null });
  expect(told()).toEqual([]);
});

test("without a band nothing is told, whatever comes", () => {
  const { pass, told } = onAir(null);
  pass(60, { bitrateBps: 1, avDriftMs: 5_000 });
  expect(told()).toEqual([]);
});

test("what it brings that is not carried is told once with what to do, and when it is over", () => {
  const { world, pass, input } = onAir(null);
  const told = () => world.told("stream.input").map((it) => `${it.severity}: ${it.message}`);
  const ac3: Misfit = { kind: "sound", number: 1, format: "AC-3" };
  const teletext: Misfit = { kind: "data", number: 1, format: "teletext" };
  pass(60, { misfits: [teletext] });
  pass(60, { misfits: [ac3, teletext] });
  // Its relay began anew, and has not seen the map yet.
  pass(5, { misfits: null });
  const sentences = [
    "sound 1 of a is AC-3, which is not carried: set the encoder to AAC",
    "data 1 of a is teletext, which is not carried",
  ];
  expect(told()).toEqual([`info: main: ${sentences[1]}`, `warning: main: ${sentences[0]}`]);
  expect(input().misfits).toEqual(sentences);
  pass(5, { misfits: [] });
  expect(told().at(-1)).toBe("info: main: all that a brings goes out as it is now");
  expect(told()).toHaveLength(3);
  expect(input().misfits).toEqual([]);
});

test("who brings another kind of picture brings none to the relay: that is the reason", () => {
  const { world, pass, published } = onAir(null);
  const reason = "picture 1 of a is HEVC, which is not carried: set the encoder to H.264";
  pass(5, { misfits: [{ kind: "picture", number: 1, format: "HEVC" }] });
  const silent = { selected: null, reason: "noInput" as const, live: [] };
  const report = { ...world.relayWords["main"]!, ...silent };
  world.send({ to: "stream:main", event: { type: "relay.report", report } });
  expect(published()).toMatchObject({
    because: `no encoder brings pictures to its relay: ${reason}`,
    understudies: [{ encoder: "b", hindrance: "brings no pictures to the relay" }],
  });
  expect(hindersInput(world.core.stream("main").context, "a")).toBe(
    `brings no pictures to the relay: ${reason}`,
  );
});
