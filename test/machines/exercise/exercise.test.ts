/** Boxes that stand by are practised once a week, where nobody watches and nobody could miss them. */
import { expect, test } from "vitest";
import { encoderState } from "../../../machines/encoder/encoder.published.ts";
import { exerciseRefusal } from "../../../machines/site/exercises.ts";
import type { Consent } from "../../../machines/site/plan.ts";
import type { CoreInput } from "../../../machines/site/site-core.ts";
import { understudies } from "../../../machines/stream/readiness.ts";
import { aDestinationPlan, aPlan, type Box, onAir, World } from "../world.ts";
import { slow } from "../../setup/slow.ts";

const day = 24 * 3_600;
const kinds: Record<string, Box["kind"]> = { a: "helo", b: "helo", c: "soft" };

function facility(p: { kinds?: typeof kinds; practise?: Consent; test?: boolean } = {}) {
  const plan = aPlan({ kinds: p.kinds ?? kinds });
  const range = aDestinationPlan({ id: "range", forExercises: true });
  return onAir({
    ...plan,
    destinations: [...plan.destinations, ...(p.test === false ? [] : [range])],
    encoders: plan.encoders.map((box) => ({
      ...box,
      standsBy: true,
      practise: p.practise ?? "propose",
    })),
  });
}

const stateOf = (w: World, id: string) =>
  encoderState(w.core.encoder(id), {
    published: { id, epoch: "e", seq: 1, session: "s", atMs: w.now().wallMs },
    ...{ heldBy: {}, generations: {}, sinceMs: () => 0 },
    exerciseRefusal: (encoder) => refusal(w, encoder),
  });
const practice = (w: World, id: string) => stateOf(w, id).practice;
const refusal = (w: World, encoder: string) => exerciseRefusal(w.core.site(), encoder);
function practise(w: World, encoder: string): boolean {
  const input: CoreInput = { to: "site", event: { type: "practise", encoder, by: "engineer" } };
  return w.core.can(input) && w.send(input);
}
const told = (w: World, word?: string) =>
  w
    .told("encoder.exercise")
    .filter(({ data }) => word === undefined || data["exercise"] === word)
    .map(({ of, message }) => `${of}: ${message}`);

slow("every understudy is practised after a week, one at a time, and its start is measured", () => {
  const w = facility({ practise: "act" });
  w.leap(6.9 * day, 20);
  expect(told(w)).toEqual([]);
  w.leap(0.2 * day, 4);
  w.pass(1_300);
  expect(told(w, "begun")).toEqual([
    "encoder:b: b is practised at range, as every week",
    "encoder:c: c is practised at range, as every week",
  ]);
  expect(told(w, "done")).toHaveLength(2);
  expect(told(w, "done")[0]).toMatch(
    /^encoder:b: b was practised at range: its picture was there after \d\.\d s/,
  );
  expect(practice(w, "b")).toMatchObject({ isOverdue: false, consent: "act" });
  expect(practice(w, "b")?.startMs).toBeGreaterThan(0);
  expect(practice(w, "b")?.startMs).toBeLessThan(5_000);
  expect(w.publishers("range")).toEqual([]);
  expect(w.box("b").knowsKeyOf).toBeNull();
  expect(w.carrier()).toBe("a");
  expect(w.told("encoder.rogue")).toEqual([]);
  expect(w.told("stream.incident")).toEqual([]);
  expect(stateOf(w, "b").warnings).toEqual([]);
});

slow("without consent it is only said; a person may have it practised at any time", () => {
  const w = facility();
  w.leap(7.5 * day, 20);
  w.pass(1_300);
  expect(told(w)).toEqual([]);
  expect(stateOf(w, "b").warnings.join()).toContain("has carried nothing for 7 days: practise it");
  expect(practise(w, "b")).toBe(true);
  expect(practice(w, "b")?.underWayAt).toBe("range");
  expect(refusal(w, "c")).toBe("b is being practised: one at a time");
  w.pass(10);
  expect(told(w)[0]).toBe("encoder:b: b is practised at range, asked for by engineer");
  expect(told(w, "done")).toHaveLength(1);
  expect(stateOf(w, "b").warnings).toEqual([]);
});

slow("the only understudy of a programme on air is not practised, and it is said why", () => {
  const w = facility({ kinds: { a: "helo", b: "helo" }, practise: "act" });
  w.leap(8 * day, 20);
  w.pass(1_300);
  expect(told(w)).toEqual([]);
  expect(practise(w, "b")).toBe(false);
  expect(practice(w, "b")?.hindrance).toMatch(/^main is on air and has no other understudy/);
  expect(refusal(w, "a")).toBe("a carries main");
});

test("outside of its on-air windows the only understudy is practised, and near an event it is not", () => {
  const w = facility({ kinds: { a: "helo", b: "helo" } });
  const startMs = w.now().wallMs + 40 * 60_000;
  const window = { id: "sunday", name: "Sunday", startMs, endMs: startMs + 3_600_000 };
  const tell = () => w.send({ to: "stream:main", event: { type: "schedule", windows: [window] } });
  tell();
  w.pass(1);
  expect(practise(w, "b")).toBe(true);
  w.pass(10);
  expect(told(w, "done")).toHaveLength(1);
  w.leap(15 * 60, 10);
  tell();
  w.pass(2);
  expect(practise(w, "b")).toBe(false);
  expect(refusal(w, "b")).toMatch(/^no drill during a change freeze: Sunday/);
  expect(w.told("stream.understudy").map(({ message }) => message)).toEqual([]);
});

test.each<[string, (w: World) => void, RegExp]>([
  ["somebody publishes there", (w) => (w.stranger = true), /^somebody publishes to range/],
  ["nobody can look there", (w) => (w.observed = false), /^it is not known who publishes to range/],
  ["it is in maintenance", inMaintenance, /^b is in maintenance/],
  [
    "it does something by itself",
    (w) => (w.box("b").claims = "starting"),
    /^stream-1 of b is starting/,
  ],
  ["it does not answer", (w) => (w.box("b").reachable = false), /^b does not answer/],
])("nothing is practised while %s", (_, make, why) => {
  const w = facility({ practise: "act" });
  make(w);
  w.pass(20);
  expect(refusal(w, "b")).toMatch(why);
  expect(practise(w, "b")).toBe(false);
  w.pass(5);
  expect(told(w)).toEqual([]);
  expect(w.publishers("range")).toEqual([]);
});
function inMaintenance(w: World) {
  w.send({ to: "encoder:b", event: { type: "maintenance", by: "engineer" } });
}

slow("without a test destination nothing is practised, and it is said what to add", () => {
  const w = facility({ practise: "act", test: false });
  w.leap(8 * day, 20);
  w.pass(1_300);
  expect(told(w)).toEqual([]);
  expect(practice(w, "b")?.hindrance).toMatch(/^no destination is marked test: true/);
});

test("when the carrier fails meanwhile the practice ends at once, and the box may take over", () => {
  const w = facility();
  w.box("b").broken = true;
  expect(practise(w, "b")).toBe(true);
  w.pass(3);
  expect(understudy(w, "b")).toMatchObject({ is: "none" });
  expect(understudy(w, "b")?.hindrance).toMatch(/^is being practised/);
  w.box("b").broken = false;
  w.box("a").running = null;
  w.pass(4);
  expect(told(w, "broken")).toHaveLength(1);
  expect(told(w, "broken")[0]).toContain("main may need it");
  w.pass(40);
  expect(w.word()).toBe("carried");
  expect(w.carrier()).not.toBe("a");
  expect(w.publishers("range")).toEqual([]);
  expect(w.overlaps).toEqual([]);
});
const understudy = (w: World, id: string) =>
  understudies(w.core.stream("main").context).find(({ encoder }) => encoder === id);

slow("a box that does not come on air is told, and not tried again before tomorrow", () => {
  const w = facility({ practise: "act" });
  w.box("b").broken = true;
  w.leap(7.1 * day, 20);
  w.pass(1_500);
  const message =
    "b was practised at range and did not come on air: no picture arrived within 60 s; " +
    "do not count on it before somebody has looked";
  expect(told(w, "failed")).toEqual([`encoder:b: ${message}`]);
  expect(practice(w, "b")).toMatchObject({
    isOverdue: true,
    failure: "no picture arrived within 60 s",
  });
  w.leap(0.5 * day, 20);
  expect(told(w, "failed")).toHaveLength(1);
  w.box("b").broken = false;
  w.leap(0.6 * day, 4);
  w.pass(1_300);
  expect(told(w, "done").some((message) => message.includes("b was practised"))).toBe(true);
  expect(practice(w, "b")).not.toHaveProperty("failure");
});

test("a daemon that is restarted in the middle takes the box off again", () => {
  const w = facility();
  w.intentDelayMs = 250;
  practise(w, "c");
  w.pass(0.5);
  expect(w.publishers("range")).toEqual(["c"]);
  w.restart();
  w.pass(10);
  expect(w.publishers("range")).toEqual([]);
  expect(told(w, "broken")[0]).toContain("the daemon was restarted meanwhile");
  expect(refusal(w, "c")).toBeUndefined();
});

test("a box that cannot be stopped calls a person once, and is stopped when it obeys again", () => {
  const w = facility();
  practise(w, "b");
  w.pass(1);
  w.box("b").deaf = true;
  w.pass(40);
  expect(told(w, "stuck")).toHaveLength(1);
  expect(w.publishers("range")).toEqual(["b"]);
  w.box("b").deaf = false;
  w.pass(15);
  expect(w.publishers("range")).toEqual([]);
  expect(told(w, "done")).toHaveLength(1);
});
