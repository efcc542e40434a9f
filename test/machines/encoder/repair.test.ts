/** A box that carries nothing is broken: what is tried, when it stops, and when it is back. */
import { expect, test } from "vitest";
import { encoderState } from "../../../machines/encoder/encoder.published.ts";
import type { Consent } from "../../../machines/site/plan.ts";
import { aPlan, onAir, World } from "../world.ts";
import { slow } from "../../setup/slow.ts";

function facility(p: { repair?: Consent; outlets?: boolean } = {}) {
  const plan = aPlan({ kinds: { a: "helo", b: "helo" }, outlets: p.outlets ?? true });
  const encoders = plan.encoders.map((box) => ({ ...box, repair: p.repair ?? box.repair }));
  return onAir({ ...plan, encoders });
}
const told = (w: World) => w.told("encoder.repair").map(({ data }) => String(data["repair"]));
const sentences = (w: World) => w.told("encoder.repair").map(({ message }) => message);
const breaks = (w: World) => (w.box("b").claims = "failing");

test("an understudy whose output fails has it ended after 30 s, is never started, and is back in a minute", () => {
  const w = facility();
  w.stopsCure = true;
  breaks(w);
  w.pass(30);
  expect(told(w)).toEqual([]);
  w.pass(3);
  expect(sentences(w)).toEqual(["b says its output is failing: a restart of it is under way"]);
  w.pass(70);
  expect(told(w)).toEqual(["does", "proven"]);
  expect(w.box("b").running).toBeNull();
  expect(w.carriage()).toBe("onAir");
});

test("one that fails on is rebooted 15 s later, and is back a minute after its boot", () => {
  const w = facility();
  breaks(w);
  w.pass(45);
  expect(told(w)).toEqual(["does"]);
  w.pass(6);
  expect(sentences(w).at(-1)).toBe("b says its output is failing: a reboot is under way");
  w.pass(70);
  expect(told(w)).toEqual(["does", "does", "proven"]);
  expect(w.carriage()).toBe("onAir");
});

test("a recording that fails is not ended as if it were a stream: the box is rebooted", () => {
  const w = facility();
  w.box("b").records = { state: "failing", medium: "sd", media: { sd: true } };
  w.pass(35);
  expect(sentences(w)).toEqual(["b says its output is failing: a reboot is under way"]);
});

/** One poll in ten seconds is lost. */
function passWithLostPolls(w: World, seconds: number) {
  for (let passed = 0; passed < seconds; passed += 10) {
    w.pass(9);
    const failure = { type: "unreadable", failure: "timeout", detail: "no answer" } as const;
    w.send({ to: "encoder:b", event: failure });
    w.pass(1);
  }
}

test("a poll that is lost now and then cures nothing: what fails on is ended after 30 s all the same", () => {
  const w = facility();
  breaks(w);
  passWithLostPolls(w, 40);
  expect(sentences(w)[0]).toBe("b says its output is failing: a restart of it is under way");
});

test("nor is it a relapse: a box that was repaired is back after a minute all the same", () => {
  const w = facility();
  w.stopsCure = true;
  breaks(w);
  passWithLostPolls(w, 120);
  expect(told(w)).toEqual(["does", "proven"]);
});

test("a trouble that goes away by itself in 30 s is none", () => {
  const w = facility();
  breaks(w);
  w.pass(25);
  w.box("b").claims = null;
  w.pass(60);
  expect(told(w)).toEqual([]);
});

test("an understudy that does not answer gets a power cycle, and nothing milder: it hears nothing", () => {
  const w = facility();
  w.box("b").reachable = false;
  w.pass(40);
  expect(sentences(w)).toEqual(["b does not answer: a power cycle is under way"]);
  w.pass(70);
  expect(told(w)).toEqual(["does", "proven"]);
});

slow(
  "a box that is off while none of its programmes is expected is not repaired before the next event",
  () => {
    const w = facility({ repair: "propose" });
    const hour = 3_600_000;
    const startMs = w.now().wallMs + 9 * hour;
    const tell = () =>
      w.send({
        to: "stream:main",
        event: { type: "schedule", windows: [{ id: "w", startMs, endMs: startMs + hour }] },
      });
    tell();
    w.box("b").reachable = false;
    w.leap(8 * 3_600, 500);
    expect(told(w)).toEqual([]);
    expect(w.core.encoder("b").value).toMatchObject({ repair: "expectedOff" });
    w.leap(2_000, 40);
    tell();
    w.leap(90, 20);
    expect(told(w)).toEqual(["proposes"]);
  },
);

test("each step is tried once in ten minutes, the mildest first; then a person is called", () => {
  const w = facility();
  w.boxesStayIll = true;
  breaks(w);
  w.pass(15 * 60);
  expect(sentences(w)).toEqual([
    "b says its output is failing: a restart of it is under way",
    "b says its output is failing: a reboot is under way",
    "b says its output is failing: a power cycle is under way",
    "b says its output is failing, and nothing is left to try: it needs a person; look at its own page, at its settings and at what the far end says",
  ]);
});

test("a box that comes back by itself after it was given up is well again", () => {
  const w = facility({ outlets: false });
  w.boxesStayIll = true;
  w.box("b").reachable = false;
  w.pass(60);
  expect(told(w)).toEqual(["givenUp"]);
  w.box("b").reachable = true;
  w.pass(5);
  w.box("b").reachable = false;
  w.pass(40);
  expect(told(w)).toEqual(["givenUp", "givenUp"]);
});

test("with consent to observe nothing is done, and it is counted what would have been", () => {
  const w = facility({ repair: "observe" });
  breaks(w);
  w.pass(25 * 60);
  const counted = [
    "b says its output is failing: would have done a restart of it (1 times so far), and may not",
    "b says its output is failing: would have done a reboot (2 times so far), and may not",
    "b says its output is failing: would have done a power cycle (3 times so far), and may not",
  ];
  expect(sentences(w)).toEqual(counted);
  w.leap(3_600, 360);
  expect(sentences(w)).toEqual(counted);
  // A person's yes begins with what was really not done yet.
  expect(w.send({ to: "encoder:b", event: { type: "repair", by: "engineer" } })).toBe(true);
  expect(sentences(w).at(-1)).toContain("a restart of it is under way");
});

slow("what is counted of a trouble that lasts is what would have been done about it", () => {
  const act = facility();
  act.boxesStayIll = true;
  const observed = facility({ repair: "observe" });
  for (const w of [act, observed]) {
    breaks(w);
    w.leap(3 * 3_600, 1_080);
  }
  const times = (w: World, what: string) => told(w).filter((one) => one === what).length;
  expect(times(observed, "wouldDo")).toBe(times(act, "does"));
});

test("a trouble that comes back is counted anew, from the mildest step on", () => {
  const w = facility({ repair: "observe" });
  breaks(w);
  w.pass(15 * 60);
  w.box("b").claims = null;
  w.leap(15 * 60, 90);
  breaks(w);
  w.pass(40);
  expect(sentences(w).at(-1)).toContain("would have done a restart of it (4 times so far)");
});

const seenAt = (atMs: number) => ({
  published: { id: "b", epoch: "e", seq: 1, session: "s", atMs },
  ...{ heldBy: {}, generations: {}, sinceMs: () => 0 },
});

test("what would have been done is in the state, by action and since when, over a restart too", () => {
  const w = facility({ repair: "observe" });
  const dryRun = () =>
    encoderState(w.core.encoder("b"), seenAt(w.now().wallMs)).repair?.wouldHaveActed;
  expect(dryRun()).toMatchObject({ times: 0, lastAtMs: null });
  const sinceMs = dryRun()?.sinceMs;
  breaks(w);
  w.pass(15 * 60);
  w.restart();
  w.pass(2);
  const byAction = { restart: 1, reboot: 1, powerCycle: 1 };
  expect(dryRun()).toMatchObject({ times: 3, byAction, sinceMs });
  expect(w.now().wallMs - (dryRun()?.lastAtMs ?? 0)).toBeLessThan(15 * 60_000);
});

test("a proposal is carried out when a person says yes, and is made again when nobody did", () => {
  const w = facility({ repair: "propose" });
  w.stopsCure = true;
  breaks(w);
  w.pass(40);
  expect(told(w)).toEqual(["proposes"]);
  w.pass(600);
  expect(told(w)).toEqual(["proposes", "proposes"]);
  expect(w.send({ to: "encoder:b", event: { type: "repair", by: "engineer" } })).toBe(true);
  w.pass(70);
  expect(told(w)).toEqual(["proposes", "proposes", "does", "proven"]);
});

slow("a proposal that nobody follows is made less and less often, and is good for as long", () => {
  const w = facility({ repair: "propose" });
  w.stopsCure = true;
  breaks(w);
  w.pass(40);
  const proposal = () => {
    const { state, proposalEndsAtMs = 0 } =
      encoderState(w.core.encoder("b"), seenAt(w.now().wallMs)).repair ?? {};
    return [state, Math.round((proposalEndsAtMs - w.now().wallMs) / 60_000)];
  };
  expect(proposal()).toEqual(["proposing", 10]);
  w.leap(10 * 60, 60);
  expect(proposal()).toEqual(["proposing", 20]);
  expect(sentences(w).at(-1)).toBe(
    "b says its output is failing: a restart of it is proposed, say yes within 20 min",
  );
  w.leap(20 * 60, 120);
  expect(proposal()).toEqual(["proposing", 40]);
  w.leap(6 * 3_600, 2_160);
  expect(told(w)).toHaveLength(6);
  expect(proposal()[0]).toBe("proposing");
  expect(sentences(w).at(-1)).toContain("say yes within 4 h");
  // What is over and comes back is a new trouble.
  w.box("b").claims = null;
  w.pass(120);
  breaks(w);
  w.pass(40);
  expect(proposal()).toEqual(["proposing", 10]);
  expect(w.send({ to: "encoder:b", event: { type: "repair", by: "engineer" } })).toBe(true);
});

slow("a proposal says when it ends; after a no it is not made again, until a person asks", () => {
  const w = facility({ repair: "propose" });
  const repair = () => encoderState(w.core.encoder("b"), seenAt(w.now().wallMs)).repair;
  const say = (type: "repair" | "rejectRepair") =>
    w.send({ to: "encoder:b", event: { type, by: "engineer" } });
  w.stopsCure = true;
  breaks(w);
  w.pass(40);
  const { state, next, proposalEndsAtMs = 0 } = repair() ?? {};
  expect([state, next]).toEqual(["proposing", "restart"]);
  expect(proposalEndsAtMs - w.now().wallMs).toBeGreaterThan(590_000 - 15_000);
  expect(proposalEndsAtMs - w.now().wallMs).toBeLessThanOrEqual(600_000);
  expect(say("rejectRepair")).toBe(true);
  w.pass(3_600);
  expect(told(w)).toEqual(["proposes", "rejected"]);
  expect(repair()).toMatchObject({ state: "rejected", next: "restart" });
  say("repair");
  w.pass(70);
  expect(told(w)).toEqual(["proposes", "rejected", "does", "proven"]);
  expect(repair()?.state).toBe("well");
});

test("there is nothing to say no to where nothing is proposed", () => {
  const w = facility({ repair: "propose" });
  const event = { type: "rejectRepair", by: "engineer" } as const;
  expect(w.core.can({ to: "encoder:b", event })).toBe(false);
});

test("a box on maintenance is left alone", () => {
  const w = facility();
  w.send({ to: "encoder:b", event: { type: "maintenance", by: "engineer" } });
  breaks(w);
  w.pass(300);
  expect(told(w)).toEqual([]);
});

test("a power cycle counts against the limits of its outlet", () => {
  const w = facility();
  w.box("b").reachable = false;
  w.pass(120);
  expect(told(w)).toEqual(["does", "proven"]);
  for (let time = 0; time < 2; time++) {
    w.send({
      to: "encoder:b",
      event: { type: "cutPower", stream: "main", recording: "sacrifice" },
    });
    w.pass(40);
  }
  expect(w.told("encoder.power").at(-1)?.message).toContain(
    "its outlet was cut 2 times in an hour",
  );
});

test("a box under repair that is needed is used as soon as it is ready", () => {
  const w = facility();
  breaks(w);
  w.pass(52);
  expect(told(w)).toEqual(["does", "does"]);
  w.box("a").running = null;
  w.pass(20);
  expect(w.carrier()).toBe("b");
});

test("what was done counts on after a restart of the daemon", () => {
  const w = facility({ outlets: false });
  w.boxesStayIll = true;
  breaks(w);
  w.pass(52);
  expect(told(w)).toEqual(["does", "does"]);
  w.restart();
  w.pass(60);
  expect(told(w)).toEqual(["does", "does", "givenUp"]);
});

test("the page says what is proposed, what is under way, and what needs a person", () => {
  const w = facility({ repair: "propose" });
  const warnings = () =>
    encoderState(w.core.encoder("b"), {
      published: { id: "b", epoch: "e", seq: 1, session: "s", atMs: 0 },
      heldBy: {},
      generations: {},
      sinceMs: () => 0,
    }).warnings;
  breaks(w);
  w.pass(40);
  expect(warnings()).toEqual([
    "b says its output is failing: a restart of it is proposed, say yes within 10 min",
  ]);
  w.boxesStayIll = true;
  w.send({ to: "encoder:b", event: { type: "repair", by: "engineer" } });
  expect(warnings()).toEqual(["b says its output is failing: a restart of it is under way"]);
  w.pass(5);
  expect(warnings()).toEqual(["b was repaired, and has to be ready for a minute"]);
});

test("a box that would publish by itself after a boot is not booted: a person has to look", () => {
  for (const ill of ["failing", "silent"] as const) {
    const w = facility();
    w.box("b").deaf = true;
    w.box("b").selfStart = true;
    w.pass(2);
    if (ill === "failing") breaks(w);
    else w.box("b").reachable = false;
    w.pass(60);
    // To end what fails needs no boot, and was tried.
    const tried = ill === "failing" ? ["does", "failed"] : [];
    expect(told(w)).toEqual([...tried, "givenUp"]);
  }
});

test("a box that fell silent at 85 °C gets its power cycle ten minutes later, not while it is hot", () => {
  const w = facility();
  w.box("b").says = { figures: { temperatureC: { value: 85, source: "chassis" } } };
  w.pass(2);
  w.box("b").reachable = false;
  w.pass(9 * 60);
  expect(told(w)).toEqual(["coolsFirst"]);
  w.pass(3 * 60);
  expect(told(w)).toEqual(["coolsFirst", "does", "proven"]);
});
