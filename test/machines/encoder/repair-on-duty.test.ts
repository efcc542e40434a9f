/** A box that holds a key is broken, and nobody else can carry its programme. */
import { expect, test } from "vitest";
import { encoderState } from "../../../machines/encoder/encoder.published.ts";
import type { Consent, SitePlan } from "../../../machines/site/plan.ts";
import {
  aContentPlan,
  aDestinationPlan,
  aPlan,
  asks,
  aStreamPlan,
  onAir,
  type World,
} from "../world.ts";
import { slow } from "../../setup/slow.ts";

type Own = {
  repair?: Consent;
  outlets?: boolean;
  stream?: Partial<Omit<Parameters<typeof aStreamPlan>[0], "encoders">>;
  destination?: Partial<SitePlan["destinations"][number]>;
};
function facility(ids: string, { repair = "act", outlets = true, stream, destination }: Own = {}) {
  const plan = aPlan({
    kinds: Object.fromEntries([...ids].map((id) => [id, "helo"])),
    outlets,
    streams: [aStreamPlan({ encoders: [...ids], ...stream })],
    destinations: [aDestinationPlan(destination)],
  });
  return onAir({ ...plan, encoders: plan.encoders.map((box) => ({ ...box, repair })) });
}
const alone = (own?: Own) => facility("a", own);
const hangs = (w: World) => Object.assign(w.box("a"), { reachable: false, running: null });
/** Each start of it ends at once. */
const failsToStart = (w: World) => Object.assign(w.box("a"), { broken: true, running: null });
const told = (w: World) => w.told("encoder.repair").map(({ data }) => String(data["repair"]));
const sentences = (w: World) => w.told("encoder.repair").map(({ message }) => message);
const repairOf = (w: World) =>
  encoderState(w.core.encoder("a"), {
    published: { id: "a", epoch: "e", seq: 1, session: "s", atMs: w.now().wallMs },
    ...{ heldBy: {}, generations: {}, sinceMs: () => 0 },
  }).repair;
const yes = (w: World) => w.send({ to: "encoder:a", event: { type: "repair", by: "engineer" } });
/** Until then, s. */
function passUntil(w: World, what: () => boolean, mostS: number): number {
  const from = w.now().monoMs;
  while (!what() && w.now().monoMs - from < mostS * 1_000) w.pass(1);
  return (w.now().monoMs - from) / 1_000;
}
function isSafe(w: World) {
  expect([w.overlaps, w.picturesLost, w.stuck]).toEqual([[], [], []]);
}

test("the only box of a stream hangs off air: it gets a power cycle, and carries again", () => {
  const w = alone();
  hangs(w);
  const offS = passUntil(w, () => w.carriage() === "onAir" && w.carrier() === "a", 5);
  expect(offS).toBeLessThan(5);
  w.pass(5);
  expect(passUntil(w, () => w.carriage() === "onAir", 300)).toBeLessThan(60);
  expect(sentences(w)).toEqual(["a does not answer: a power cycle is under way"]);
  w.pass(70);
  expect(sentences(w).at(-1)).toBe(
    "a is repaired: it has carried its programme again for a minute",
  );
  expect([w.carrier(), w.publishers()]).toEqual(["a", ["a"]]);
  isSafe(w);
});

test("the far end still keeps its session: it is power cycled all the same, proven off then, and started", () => {
  const w = alone({ destination: { noPublisherProofMs: 600_000 } });
  hangs(w);
  expect(passUntil(w, () => w.carriage() === "offAir", 30)).toBeLessThan(30);
  expect(passUntil(w, () => w.carriage() === "onAir", 300)).toBeLessThan(90);
  expect(w.told("key.granted").at(-1)?.data["because"]).toMatchObject({
    kind: "fenced",
    certificates: [{ level: 1, encoder: "a" }],
  });
  isSafe(w);
});

test("the only box brings no picture any more: started twice, then rebooted, then power cycled", () => {
  const w = alone();
  w.boxesStayIll = true;
  failsToStart(w);
  w.pass(15 * 60);
  expect(sentences(w).slice(0, 3)).toEqual([
    "a brings no picture: a reboot is under way",
    "a brings no picture: a power cycle is under way",
    "a brings no picture, and nothing is left to try: it needs a person; look at its own page, at its settings and at what the far end says",
  ]);
  expect(w.told("key.granted").length).toBeGreaterThan(3);
  isSafe(w);
});

test("what a reboot cures is on air again without waiting for the back-off of its failed starts", () => {
  const w = alone();
  failsToStart(w);
  passUntil(w, () => told(w).includes("does"), 300);
  w.box("a").broken = false;
  expect(passUntil(w, () => w.carriage() === "onAir", 300)).toBeLessThan(15);
  w.pass(70);
  expect(told(w)).toEqual(["does", "proven"]);
  isSafe(w);
});

test("a carrier that fails while its understudy is on maintenance is repaired itself", () => {
  const w = facility("ab");
  w.send({ to: "encoder:b", event: { type: "maintenance", by: "engineer" } });
  Object.assign(w.box("a"), { running: null, claims: "failing" });
  expect(passUntil(w, () => w.carriage() === "offAir", 30)).toBeLessThan(30);
  expect(passUntil(w, () => w.carriage() === "onAir", 300)).toBeLessThan(120);
  expect(sentences(w)).toEqual(["a says its output is failing: a reboot is under way"]);
  isSafe(w);
});

test("both boxes hang: each gets its power cycle, and one of them is on air again", () => {
  const w = facility("ab");
  w.box("b").reachable = false;
  hangs(w);
  w.boxesStayIll = false;
  w.pass(120);
  expect(w.carriage()).toBe("onAir");
  isSafe(w);
});

test("an only box that does not answer is left alone for as long as its picture is seen", () => {
  const w = alone();
  w.box("a").reachable = false;
  w.pass(40 * 60);
  expect(w.box("a").running).not.toBeNull();
  expect(sentences(w)).toEqual([
    "a does not answer: a power cycle waits, main is on air, and nobody stands by; say yes (repair) to do it all the same",
  ]);
  expect(repairOf(w)).toMatchObject({
    state: "heldBack",
    next: "powerCycle",
    nextCostsPicture: true,
  });
  isSafe(w);
});

test("nor where nobody can see whether there is a picture: not to know is no leave", () => {
  const w = alone({ destination: { observed: false } });
  w.observed = false;
  w.box("a").reachable = false;
  w.pass(40 * 60);
  expect(w.box("a").running).not.toBeNull();
  expect(sentences(w)).toEqual([
    "a does not answer: a power cycle waits, nobody sees whether main is on air; say yes (repair) to do it all the same",
  ]);
  isSafe(w);
});

test("where nobody looks, a box that says itself that nothing goes out is booted after five minutes", () => {
  const w = alone({ destination: { observed: false } });
  w.observed = false;
  failsToStart(w);
  w.box("a").claims = "failing";
  w.pass(5 * 60);
  expect(told(w)).toEqual([]);
  w.pass(40);
  expect(told(w)[0]).toBe("does");
});

test("a picture that is away for a moment only brings no power cycle", () => {
  const w = alone();
  w.box("a").reachable = false;
  w.pass(60);
  const { running } = w.box("a");
  w.box("a").running = null;
  w.pass(20);
  w.box("a").running = running;
  w.pass(120);
  expect(told(w)).toEqual(["heldBack"]);
  expect(w.carriage()).toBe("onAir");
  isSafe(w);
});

test("a carrier on air that says it fails is not booted while somebody stands by, nor told to be", () => {
  const w = facility("ab");
  w.box("a").claims = "failing";
  w.pass(300);
  expect(sentences(w)).toEqual([
    "a says its output is failing: a reboot waits, main is on air with b standing by: fail over first; say yes (repair) to do it all the same",
  ]);
  expect([w.carrier(), w.box("a").running !== null]).toEqual(["a", true]);
  expect(asks(w, "failover")).toBe(true);
  w.pass(60);
  expect(w.carrier()).toBe("b");
  expect(told(w).slice(0, 2)).toEqual(["heldBack", "does"]);
  isSafe(w);
});

test("a black picture with nobody standing by is nothing to lose, where black is acted on", () => {
  for (const does of ["act", "observe"] as const) {
    const w = alone({ stream: { content: aContentPlan(does) } });
    w.box("a").picture = "black";
    w.box("a").claims = "failing";
    w.pass(60);
    expect(told(w)[0]).toBe(does === "act" ? "does" : "heldBack");
    isSafe(w);
  }
});

test("a recording that its stream protects is not ended without a person", () => {
  const w = alone();
  const outputs = {
    "stream-1": { state: "streaming" as const, target: { destination: "far" } },
    "record-1": { state: "streaming" as const },
  };
  w.box("a").says = { outputs };
  w.pass(2);
  hangs(w);
  w.pass(300);
  expect(sentences(w)).toEqual([
    "a does not answer: a power cycle waits, it was recording when last read, and main protects recordings; say yes (repair) to do it all the same",
  ]);
  expect(yes(w)).toBe(true);
  w.pass(5);
  expect(told(w).at(-1)).toBe("does");
});

test("a person's yes interrupts a picture that is seen, and the stream starts it again", () => {
  const w = alone();
  w.box("a").reachable = false;
  w.pass(60);
  expect(yes(w)).toBe(true);
  w.pass(1);
  expect(w.box("a").running).toBeNull();
  expect(passUntil(w, () => w.carriage() === "onAir", 200)).toBeLessThan(60);
  isSafe(w);
});

test("a person need not wait for the 30 s, and has nothing to say yes to where nothing can be done", () => {
  const w = alone();
  hangs(w);
  w.pass(15);
  expect(told(w)).toEqual([]);
  expect(yes(w)).toBe(true);
  expect(told(w)).toEqual(["does"]);
  const without = alone({ outlets: false });
  hangs(without);
  without.pass(15);
  expect(without.core.can({ to: "encoder:a", event: { type: "repair", by: "x" } })).toBe(false);
});

test("with consent to observe or to propose the only box is booted by nobody but a person", () => {
  const observed = alone({ repair: "observe" });
  hangs(observed);
  observed.pass(15 * 60);
  expect(told(observed)).toEqual(["wouldDo"]);
  // Nobody else carries it: it would have been tried again an hour later.
  observed.leap(3_600, 360);
  expect(told(observed)).toEqual(["wouldDo", "wouldDo"]);
  expect(repairOf(observed)?.wouldHaveActed).toMatchObject({ byAction: { powerCycle: 2 } });
  const proposed = alone({ repair: "propose" });
  hangs(proposed);
  proposed.pass(120);
  expect(sentences(proposed)).toEqual([
    "a does not answer: a power cycle is proposed, say yes within 10 min",
  ]);
  expect(yes(proposed)).toBe(true);
  proposed.pass(60);
  expect(proposed.carriage()).toBe("onAir");
});

test.each([true, false])(
  "a far end that refuses is cured by no boot, whether somebody looks at it: %s",
  (observed) => {
    const w = alone();
    Object.assign(w, { observed, refusing: true });
    w.box("a").running = null;
    w.pass(20 * 60);
    expect(told(w)).toEqual([]);
    expect(w.told("key.granted").length).toBeGreaterThan(4);
    expect(w.told("stream.needsHuman").at(-1)?.message).toMatch(
      /a is not taken: the far end refuses it \(wrong key, or somebody is still publishing\)/,
    );
    w.refusing = false;
    expect(passUntil(w, () => w.box("a").running !== null, 1_000)).toBeLessThan(900);
    isSafe(w);
  },
);

test("a box that brought no picture, and is refused now, is not booted any more", () => {
  const w = alone();
  failsToStart(w);
  passUntil(w, () => w.told("stream.startFailed").length === 2, 300);
  Object.assign(w, { observed: false, refusing: true });
  w.pass(15 * 60);
  expect(told(w)).toEqual(["heldBack"]);
});

test("an only box that stays ill is tried again each hour, within the limits of its outlet; a person is called once", () => {
  const w = alone({ destination: { sightMaxAgeMs: 72_000 } });
  w.boxesStayIll = true;
  hangs(w);
  w.leap(10 * 3_600, 3_600);
  const cycles = told(w).filter((word) => word === "does").length;
  expect(cycles).toBeGreaterThanOrEqual(5);
  expect(cycles).toBeLessThanOrEqual(6);
  const calls = w
    .rawDecisions()
    .filter((text) => /"encoder.repair","severity":"critical"/.test(text));
  expect(calls).toHaveLength(1);
});

slow(
  "a box that nobody has read since the journal was lost is not power cycled while there is a picture",
  () => {
    const w = alone();
    w.box("a").reachable = false;
    w.forgetEverything();
    w.pass(300);
    expect(w.box("a").running).not.toBeNull();
    isSafe(w);
  },
);

test("a program that nothing can boot is its stream's matter alone", () => {
  const plan = aPlan({ kinds: { a: "soft" }, streams: [aStreamPlan({ encoders: ["a"] })] });
  const w = onAir(plan);
  w.box("a").broken = true;
  w.kill("a");
  w.pass(15 * 60);
  expect(told(w)).toEqual([]);
});
