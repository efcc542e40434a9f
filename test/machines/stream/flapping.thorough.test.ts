/** A box that comes and goes for a day: nobody is woken for it again and again. */
import { expect, test } from "vitest";
import { streamState } from "../../../machines/stream/stream.published.ts";
import { at } from "../../setup/effort.ts";
import { aDestinationPlan, aPlan, aStreamPlan, asks, onAir, type World } from "../world.ts";

const hours = (n: number) => n * 3_600;

function facility(failbackMs: number | "manual" = 60_000): World {
  const streams = [aStreamPlan({ encoders: ["a", "b"], failbackMs })];
  const destinations = [aDestinationPlan({ sightMaxAgeMs: 72_000 })];
  const plan = aPlan({ kinds: { a: "helo", b: "helo" }, streams, destinations });
  const encoders = plan.encoders.map((box) => ({ ...box, readingMaxAgeMs: 72_000 }));
  return onAir({ ...plan, encoders });
}
type Flap = (w: World, time: number) => void;

/** So long a move may take the picture away: until it is proven off, and the other one has begun. */
const oneMoveS = 15;
const day = at({ check: 2, test: 24, torture: 24 });

/** Something happens every half minute; after the first hour every minute, which costs less. */
function flaps(w: World, forS: number, each: Flap) {
  const movesAtS: number[] = [];
  let [offAirS, longestS] = [0, 0];
  let carrier = w.carrier();
  let stepS = 2.5;
  for (let atS = 0; atS < forS; atS += stepS) {
    if (atS >= hours(1)) stepS = 60;
    if (atS % 30 === 0) each(w, Math.floor(atS / Math.max(30, stepS)));
    w.leap(stepS, 1);
    offAirS = w.carriage() === "onAir" ? 0 : offAirS + stepS;
    longestS = Math.max(longestS, offAirS);
    if (w.carrier() === carrier) continue;
    carrier = w.carrier();
    movesAtS.push(atS);
  }
  return { movesAtS, longestS };
}

const mostInAnHour = (movesAtS: number[]) =>
  Math.max(
    0,
    ...movesAtS.map((from) => movesAtS.filter((at) => at >= from && at < from + hours(1)).length),
  );

type Told = {
  type: string;
  severity: string;
  message: string;
  data?: { incident?: { id: string } };
};
/** What reaches a person: each incident once, and what is critical beside its loss of picture. */
function notifications(w: World): string[] {
  const told = w.rawDecisions().map((text) => (JSON.parse(text) as [string, Told])[1]);
  const incidents = new Set(told.flatMap(({ data }) => data?.incident?.id ?? []));
  const others = told.filter(
    ({ type, severity }) => severity === "critical" && type !== "stream.carriage",
  );
  return [...incidents, ...others.map(({ message }) => message)];
}

/** Back for long enough that it is returned to. */
const inputOfA: Flap = (w, time) => (w.box("a").input = time % 4 === 0 ? "lost" : "good");
const inputsInTurn: Flap = (w, time) => {
  w.box("a").input = time % 2 === 0 ? "lost" : "good";
  w.box("b").input = time % 2 === 0 ? "good" : "lost";
};

test.each<[string, number, Flap, number | "manual"]>([
  ["the input of a comes and goes", day, inputOfA, 60_000],
  ["the inputs of both come and go in turn", Math.max(day, 6), inputsInTurn, "manual"],
  [
    "a loses the programme whenever it carries it",
    day,
    (w) => {
      if (w.carrier() === "a") w.box("a").running = null;
    },
    60_000,
  ],
  [
    "a answers every other half minute",
    day,
    (w, time) => (w.box("a").reachable = time % 2 === 1),
    60_000,
  ],
  [
    "a says every other half minute that its stream fails",
    day,
    (w, time) => (w.box("a").claims = time % 2 === 0 ? "failing" : null),
    60_000,
  ],
  [
    "its understudy is away for one minute in three",
    day,
    (w) => (w.box("b").reachable = Math.floor(w.now().monoMs / 60_000) % 3 !== 0),
    60_000,
  ],
])(
  "%s for %i h: at most 4 moves in an hour, 6 notifications, and on air",
  (_, forH, each, failbackMs) => {
    const w = facility(failbackMs);
    const { movesAtS, longestS } = flaps(w, hours(forH), each);
    expect(longestS).toBeLessThanOrEqual(oneMoveS);
    expect(mostInAnHour(movesAtS)).toBeLessThanOrEqual(4);
    expect(notifications(w).length).toBeLessThanOrEqual(6);
    // What was a move is over within the first hour.
    expect(movesAtS.filter((at) => at > hours(1))).toEqual([]);
    expect([w.carriage(), w.overlaps]).toEqual(["onAir", []]);
  },
);

function published(w: World) {
  const at = { id: "main", epoch: "e", seq: 1, session: "s", atMs: w.now().wallMs };
  return streamState(w.core.stream("main"), { published: at, backupLeg: undefined });
}
const latched = (w: World) => w.told("stream.latched").map(({ data }) => data["latched"]);

/** Moved four times in an hour for what its inputs do. */
function heldFacility(): World {
  const w = facility("manual");
  flaps(w, hours(1), inputsInTurn);
  expect(latched(w)).toEqual(["moves"]);
  expect(published(w)).toMatchObject({ latched: ["moves"], budgetLeft: 0 });
  return w;
}
/** What stops flapping: the carrier has lost its input for good, and the other one has it. */
function staysLost(w: World): string {
  const carrier = w.carrier()!;
  const other = carrier === "a" ? "b" : "a";
  w.box(carrier).input = "lost";
  w.box(other).input = "good";
  return other;
}

test("an hour without change, and it is moved again to where the programme is", () => {
  const w = heldFacility();
  const other = staysLost(w);
  w.leap(hours(1) - 60, 400);
  expect(w.carrier()).not.toBe(other);
  w.leap(120, 60);
  expect(w.carrier()).toBe(other);
  expect(latched(w)).toEqual(["moves", null]);
});

test("a restart of the daemon does not begin the hour anew, nor tell it twice", () => {
  const w = heldFacility();
  const other = staysLost(w);
  w.leap(hours(0.5), 200);
  w.restart();
  w.leap(hours(0.5) + 120, 400);
  expect(w.carrier()).toBe(other);
  expect(latched(w)).toEqual(["moves", null]);
});

test("held, it is taken over all the same when its picture is lost", () => {
  const w = heldFacility();
  const other = w.carrier() === "a" ? "b" : "a";
  w.box(w.carrier()!).running = null;
  w.leap(20, 40);
  expect([w.carrier(), w.carriage()]).toEqual([other, "onAir"]);
});

test("a person releases it, and it moves at once", () => {
  const w = heldFacility();
  const other = staysLost(w);
  w.leap(30, 15);
  expect(asks(w, "release")).toBe(true);
  w.leap(30, 15);
  expect(w.carrier()).toBe(other);
  expect(w.told("command.done")).toHaveLength(1);
});

test("a stream that is not held has nothing to release", () => {
  expect(asks(facility(), "release")).toBe(false);
});

test("after an automatic return that did not hold the next return is a person's", () => {
  const w = facility();
  flaps(w, hours(1), inputOfA);
  expect(latched(w)).toEqual(["returns"]);
  w.box("a").input = "good";
  w.leap(hours(3), 600);
  expect(w.carrier()).toBe("b");
  expect(asks(w, "return")).toBe(true);
  w.leap(30, 60);
  expect([w.carrier(), published(w).latched]).toEqual(["a", []]);
});
