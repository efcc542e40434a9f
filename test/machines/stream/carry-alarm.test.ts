/** What is to go out besides a picture and a sound, and is not there. */
import { expect, test } from "vitest";
import { bt709, type Colour } from "../../../machines/content/colour.ts";
import { type Carried, type CarryPlan, missingOf } from "../../../machines/content/carried.ts";
import type { SpliceNews, Splices } from "../../../machines/stream/relay/splices.ts";
import { streamState } from "../../../machines/stream/stream.published.ts";
import { aRelayedPlan, asks, World } from "../world.ts";

const all: Carried = {
  ...{ captions: true, activeFormat: true, scan: "interlaced" },
  sounds: [
    { language: "deu", channels: 2 },
    { language: "eng", channels: 6 },
  ],
};
const none: Carried = { ...all, captions: false };

test.each<[CarryPlan, Partial<Carried>, string[]]>([
  [{}, { captions: false, activeFormat: false, sounds: [] }, []],
  [{ captions: true }, {}, []],
  [{ captions: true }, { captions: false }, ["captions"]],
  [{ activeFormat: true }, { activeFormat: false }, ["the active format"]],
  [{ timecode: true }, { timecode: true }, []],
  [{ timecode: true }, { timecode: false }, ["the timecode"]],
  // Its relay is older.
  [{ timecode: true }, {}, []],
  [{ scan: "interlaced" }, {}, []],
  [{ scan: "interlaced" }, { scan: "progressive" }, ["interlaced pictures"]],
  [{ scan: "progressive" }, { scan: "interlaced", looks: "interlaced" }, ["progressive pictures"]],
  [{ scan: "progressive" }, { scan: "progressive", looks: "progressive" }, []],
  // A programme that is combed and says that it is not.
  [
    { scan: "progressive" },
    { scan: "progressive", looks: "interlaced" },
    ["deinterlaced pictures"],
  ],
  // What stands still is not combed.
  [{ scan: "interlaced" }, { scan: "interlaced", looks: "progressive" }, []],
  [{ sounds: [{ language: "deu" }, { channels: 6 }] }, {}, []],
  [{ sounds: [{}, { language: "fra", channels: 2 }] }, {}, ["sound 2 (fra, 2 channels)"]],
  [{ sounds: [{}, {}, {}] }, {}, ["sound 3"]],
  // Not told yet how many.
  [{ sounds: [{ channels: 2 }] }, { sounds: [{ language: null, channels: null }] }, []],
])("of %j, where there is %j, %j is missing", (plan, there, missing) => {
  expect(missingOf(plan, { ...all, ...there })).toEqual(missing);
});

const sd = { primaries: "bt470bg", transfer: "bt709", matrix: "bt470bg", fullRange: false };
const untold = { primaries: null, transfer: null, matrix: null, fullRange: false };

test.each<[NonNullable<CarryPlan["colour"]>, Colour, Colour | undefined, string[]]>([
  ["keep", sd, sd, []],
  // The other number for the same matrix.
  ["keep", { ...sd, matrix: "smpte170m" }, sd, []],
  ["keep", bt709, sd, ["the colour bt470bg/bt709"]],
  ["keep", { ...sd, fullRange: true }, sd, ["the colour bt470bg/bt709"]],
  ["keep", untold, sd, ["the colour bt470bg/bt709"]],
  // Nobody knows what its encoder gets, or it is not told there.
  ["keep", bt709, undefined, []],
  ["keep", bt709, untold, []],
  ["bt709", bt709, sd, []],
  ["bt709", sd, sd, ["the colour bt709"]],
  ["bt709", { ...bt709, fullRange: true }, undefined, ["the colour bt709"]],
])("to %s the colour, where it is %j and comes as %j, lacks %j", (colour, is, source, missing) => {
  expect(missingOf({ colour }, { ...all, colour: is }, source)).toEqual(missing);
});

function aWorld(): World {
  const plan = aRelayedPlan();
  const [main, ...feeds] = plan.streams;
  const world = new World({
    ...plan,
    streams: [{ ...main!, carry: { captions: true } }, ...feeds],
  });
  world.relays.carried = { a: all, b: all };
  world.pass(10);
  return world;
}
const told = (w: World) =>
  w.told("stream.carried").map(({ severity, message }) => `${severity}: ${message}`);
const inputs = (w: World) => {
  const header = { id: "main", epoch: "e", seq: 1, session: "s", atMs: 0 };
  const state = streamState(w.core.stream("main"), { published: header, backupLeg: undefined });
  return state.relay?.inputs;
};

test("captions that are lost are told once, with who has them, and again when they are back", () => {
  const w = aWorld();
  w.relays.carried = { a: none, b: all };
  w.pass(4);
  expect(told(w)).toEqual([]);
  w.pass(4);
  const lost =
    "warning: main goes out without captions: a brings none; b has all of it and could be put on air";
  expect(told(w)).toEqual([lost]);
  expect(inputs(w)).toMatchObject([{ lacks: ["captions"] }, { lacks: [] }]);
  w.pass(60);
  asks(w, "failover", { to: "b" });
  w.pass(120);
  expect(told(w)).toEqual([lost, "info: main carries all that it is to carry again"]);
});

test("what the one that is not sent lacks is shown, and calls nobody", () => {
  const w = aWorld();
  w.relays.carried = { a: all, b: none };
  w.pass(60);
  expect(told(w)).toEqual([]);
  expect(inputs(w)).toMatchObject([{ lacks: [] }, { lacks: ["captions"] }]);
});

test("what is not known lacks nothing", () => {
  const w = aWorld();
  w.relays.carried = { b: all };
  w.pass(60);
  expect(told(w)).toEqual([]);
  expect(inputs(w)![0]).toMatchObject({ carried: null });
  expect(inputs(w)![0]).not.toHaveProperty("lacks");
});

const splices = (more: Partial<Splices> = {}): Splices => {
  return { isThere: true, damaged: 0, missed: 0, last: null, ...more };
};

test("a source without the splice information that has to be there is told, and no encoder is blamed", () => {
  const plan = aRelayedPlan();
  const [main, ...feeds] = plan.streams;
  const w = new World({ ...plan, streams: [{ ...main!, carry: { splices: true } }, ...feeds] });
  w.relays.carried = { a: all, b: all };
  w.relays.splices = splices({ isThere: null });
  w.pass(30);
  expect(told(w)).toEqual([]);
  w.relays.splices = splices({ isThere: false });
  w.pass(8);
  const lost =
    "warning: main goes out without splice information: the ingest's source has no SCTE-35";
  expect(told(w)).toEqual([lost]);
  expect(inputs(w)).toMatchObject([{ lacks: [] }, { lacks: [] }]);
  w.relays.splices = splices();
  w.pass(120);
  expect(told(w)).toEqual([lost, "info: main carries all that it is to carry again"]);
});

test("each splice is told once, with what it asks for; what was there before is no news", () => {
  const w = aWorld();
  const last = { number: 4, eventId: 1206, direction: "in", cancelled: false } as const;
  const tellOf = (more: Partial<SpliceNews>) => {
    w.relays.splices = splices({
      last: { ...last, leadMs: 4_000, durationMs: null, ...more },
    });
    w.pass(3);
  };
  tellOf({});
  tellOf({ number: 5, eventId: 1207, direction: "out", durationMs: 30_000 });
  tellOf({ number: 5, eventId: 1207, direction: "out", durationMs: 30_000 });
  tellOf({ number: 6, direction: null, cancelled: true });
  tellOf({ number: 7, eventId: null, leadMs: null });
  expect(w.told("stream.splice").map(({ message }) => message)).toEqual([
    "main: splice out in 4.0 s, event 1207, for 30.0 s",
    "main: splice cancelled, event 1206",
    "main: splice in at once",
  ]);
});
