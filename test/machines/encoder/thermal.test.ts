/** A box gets too hot: what is done, in which order, and how it is given back. */
import { expect, test } from "vitest";
import { aPlan, aStreamPlan, onAir, World } from "../world.ts";

const helos = () => aPlan({ kinds: { a: "helo", b: "helo" } });
const alone = () => aPlan({ kinds: { a: "helo" } });
function heat(w: World, id: string, celsius: number) {
  const { says } = w.box(id);
  w.box(id).says = { ...says, figures: { temperatureC: { value: celsius, source: "chassis" } } };
  w.read(id);
}
const told = (w: World, of = "a") =>
  w.told("encoder.thermal").filter((d) => d.of === `encoder:${of}`);
const steps = (w: World) =>
  told(w).map(({ data }) => `${String(data["thermal"])} ${String(data["step"])}`);
const thermal = (w: World, id = "a") => w.core.site().facts[id]?.thermal;

test("79.9 °C is no reason for anything, 80 °C takes the first step, which costs no picture", () => {
  const w = onAir(helos());
  heat(w, "a", 79.9);
  w.pass(300);
  expect(told(w)).toEqual([]);
  heat(w, "a", 80);
  w.pass(2);
  expect(steps(w)).toEqual(["cooling 1"]);
  expect(told(w)[0]!.message).toBe(
    "a at 80 °C, +0.0 °C/min: cooling, step 1 of 5: asked less often",
  );
  expect(w.box("a").load).toBe(1);
  expect(w.carrier()).toBe("a");
});

test("a step that costs the picture waits until the understudy has taken over", () => {
  const w = onAir(helos());
  heat(w, "a", 80);
  w.pass(61);
  const incidents = w.told("stream.incident");
  w.pass(20);
  expect(w.carrier()).toBe("b");
  expect(w.told("stream.incident").length).toBeGreaterThan(incidents.length);
  expect(w.told("stream.incident").at(-1)?.data["incident"]).toMatchObject({ cause: "heat" });
  const takeover = w.decisions.findIndex(({ type }) => type === "stream.takingOver");
  const second = w.decisions.findIndex(
    ({ type, data }) => type === "encoder.thermal" && data["step"] === 2,
  );
  expect(second).toBeGreaterThan(takeover);
});

test("without an understudy the step is taken on air, 20 s later", () => {
  const w = onAir(alone());
  heat(w, "a", 80);
  w.pass(60 + 20);
  expect(w.box("a").load).toBe(1);
  w.pass(3);
  expect(w.box("a").load).toBe(2);
  expect(w.carrier()).toBe("a");
});

/** It has no thermometer, and says itself when it is nearly too hot. */
function says(w: World, id: string, isNearlyTooHot: boolean) {
  w.box(id).says = { ...w.box(id).says, isNearlyTooHot };
  w.read(id);
}

test("a box without degrees that says it is nearly too hot is cooled, relieved, and given back its load", () => {
  const w = onAir(helos());
  says(w, "a", false);
  expect(thermal(w)).toBe("unknown");
  says(w, "a", true);
  w.pass(2);
  expect(steps(w)).toEqual(["cooling 1"]);
  expect(told(w)[0]!.message).toBe(
    "a says that it is nearly too hot, and tells no degrees: cooling, step 1 of 5: asked less often",
  );
  w.pass(80);
  expect(w.carrier()).toBe("b");
  says(w, "a", false);
  w.pass(600);
  expect(told(w).at(-1)?.data["thermal"]).toBe("normal");
  expect([w.box("a").load, thermal(w)]).toEqual([0, "unknown"]);
});

test("one that cannot be cooled is warm as long as it says so, and left for another one", () => {
  const w = onAir();
  says(w, "a", true);
  expect(thermal(w)).toBe("warm");
  w.pass(80);
  expect(w.carrier()).toBe("b");
  says(w, "a", false);
  w.pass(120);
  expect(thermal(w)).toBe("unknown");
});

test("a box whose degrees are lost keeps its step, also where it says that it is not nearly too hot", () => {
  const w = onAir(helos());
  heat(w, "a", 80);
  w.pass(2);
  w.box("a").says = { isNearlyTooHot: false };
  w.pass(300);
  expect(steps(w)).toEqual(["cooling 1"]);
  says(w, "a", true);
  w.pass(90);
  expect(w.box("a").load).toBeGreaterThan(1);
});

test("what a box says of its heat counts for nothing beside its degrees", () => {
  const w = onAir(helos());
  heat(w, "a", 40);
  says(w, "a", true);
  w.pass(120);
  expect(told(w)).toEqual([]);
});

/** `b` stands by, and no more switches away from a carrier on air are allowed. */
function withoutBudget() {
  const budget = { per10Min: 0, perHour: 0 };
  const streams = [aStreamPlan({ encoders: ["a", "b"], budget })];
  return onAir({ ...helos(), streams });
}

test("with an understudy that may not take over now, no step costs the picture, however long", () => {
  const w = withoutBudget();
  heat(w, "a", 82);
  w.pass(30 * 60);
  expect([w.carrier(), w.box("a").load, w.carriage()]).toEqual(["a", 1, "onAir"]);
  expect(told(w).at(-1)?.message).toBe(
    "a at 82 °C: the next step would cost the picture: main is on air with b standing by",
  );
  expect(told(w)).toHaveLength(2);
});

test("once it may, the step that waited is taken, by a box that carries nothing", () => {
  const w = withoutBudget();
  heat(w, "a", 80);
  w.pass(5 * 60);
  const command = { id: "c1", by: "anna" };
  w.send({ to: "stream:main", event: { type: "failover", command, to: "b" } });
  w.pass(90);
  expect([w.carrier(), w.box("a").load >= 2]).toEqual(["b", true]);
});

test("once it is cool, the step that waited is forgotten, and the load is given back", () => {
  const w = withoutBudget();
  heat(w, "a", 80);
  w.pass(5 * 60);
  heat(w, "a", 71);
  w.pass(3 * 60);
  expect([w.box("a").load, thermal(w), w.carriage()]).toEqual([0, "normal", "onAir"]);
  expect(steps(w).at(-1)).toBe("normal 0");
});

test("in danger the step is taken on air all the same: it is a hole of seconds", () => {
  const w = withoutBudget();
  heat(w, "a", 82);
  w.pass(5 * 60);
  heat(w, "a", 90);
  w.pass(20);
  expect(w.box("a").load).toBe(2);
});

test("a daemon that begins anew takes no step that still waits for leave", () => {
  const w = withoutBudget();
  heat(w, "a", 82);
  w.pass(5 * 60);
  expect([w.core.encoder("a").context.heat.step, w.box("a").load]).toEqual([1, 1]);
  w.restart();
  w.pass(60);
  expect([w.carrier(), w.box("a").load, w.carriage()]).toEqual(["a", 1, "onAir"]);
});

test("a daemon that begins anew leaves a step as it was taken: nobody takes over for that, and nothing is forgotten", () => {
  const w = onAir(helos());
  const unreadable = (id: string, is: boolean) => (w.box(id).reachable = !is);
  unreadable("b", true);
  w.pass(30);
  heat(w, "a", 80);
  w.pass(90);
  expect([w.carrier(), w.box("a").load, w.carriage()]).toEqual(["a", 2, "onAir"]);
  unreadable("b", false);
  w.pass(30);
  const { running } = w.box("a");
  w.restart();
  w.pass(50);
  expect([w.carrier(), w.box("a").load, w.box("a").running]).toEqual(["a", 2, running]);
  expect(w.told("stream.incident")).toEqual([]);
  expect(w.core.encoder("a").context.heat.step).toBe(2);
});

test("a box whose journal is lost is not asked for more than it works at, in the middle of its picture", () => {
  const w = onAir(helos());
  w.box("b").reachable = false;
  w.pass(30);
  heat(w, "a", 80);
  w.pass(90);
  expect([w.carrier(), w.box("a").load]).toEqual(["a", 2]);
  w.box("b").reachable = true;
  w.pass(30);
  const { running } = w.box("a");
  w.forgetEverything();
  w.pass(50);
  expect([w.carrier(), w.box("a").load, w.box("a").running]).toEqual(["a", 2, running]);
});

/** The moment in which its stream is stopped for the second step. */
function untilStep2(w: World) {
  while (w.box("a").load < 2) w.pass(0.25);
  expect(w.box("a").running).toBeNull();
}

test("a step on air is a short hole that nobody mistakes for a failure", () => {
  const w = onAir(alone());
  const starts = w.told("key.granted").length + w.told("stream.takingOver").length;
  heat(w, "a", 80);
  untilStep2(w);
  w.pass(30);
  expect(w.carriage()).toBe("onAir");
  expect(w.word()).toBe("carried");
  expect(w.told("key.granted").length + w.told("stream.takingOver").length).toBe(starts);
  expect(w.told("stream.incident")).toEqual([]);
});

test("a box that does not come back from a step is off air, as soon as its grace is over", () => {
  const w = onAir(alone());
  heat(w, "a", 80);
  untilStep2(w);
  w.box("a").resumes = null;
  w.pass(28);
  expect(w.told("stream.incident")).toEqual([]);
  w.pass(15);
  expect(w.carriage()).toBe("onAir");
  expect(w.told("stream.incident").length).toBeGreaterThan(0);
});

test("too hot at its lowest load and alone, it stays on air and says up to where", () => {
  const w = onAir(alone());
  heat(w, "a", 81);
  w.pass(15 * 60);
  expect(steps(w)).toEqual([...[1, 2, 3, 4, 5].map((step) => `cooling ${step}`), "hot 5"]);
  expect(told(w, "a").at(-1)?.message).toContain("stays on air up to 90 °C");
  expect(w.box("a").running).not.toBeNull();
  expect(w.carriage()).toBe("onAir");
  heat(w, "a", 89.9);
  w.pass(60);
  expect(w.carriage()).toBe("onAir");
  heat(w, "a", 90);
  w.pass(60);
  expect(thermal(w)).toBe("protected");
  expect(w.box("a").running).toBeNull();
});

test("too hot at its lowest load, it is given back its load once it has cooled", () => {
  const w = onAir(alone());
  heat(w, "a", 81);
  w.pass(10 * 60);
  expect(thermal(w)).toBe("hot");
  heat(w, "a", 60);
  w.pass(60);
  expect(thermal(w)).toBe("cooling");
});

test("five steps in five periods, then it is taken off the programme to protect it", () => {
  const w = onAir(alone());
  heat(w, "a", 91);
  w.pass(10 * 60);
  expect(steps(w)).toEqual([...[1, 2, 3, 4, 5].map((step) => `cooling ${step}`), "protected 5"]);
  expect(thermal(w)).toBe("protected");
  expect(w.box("a").running).toBeNull();
  expect(w.told("stream.needsHuman").at(-1)?.message).toContain("protects itself from heat");
});

test("a box that carries nothing and is too hot is a warning, and nobody gets up for it", () => {
  const w = onAir(helos());
  heat(w, "b", 91);
  w.pass(10 * 60);
  const said = w.rawDecisions().filter((decision) => decision.includes("b at 91 °C"));
  expect(said.at(-1)).toContain("not used before it has cooled");
  expect(said.filter((decision) => !decision.includes('"severity":"warning"'))).toEqual([]);
});

test("two degrees above the limit nobody waits a whole period", () => {
  const w = onAir(helos());
  heat(w, "b", 82);
  w.pass(5 * 16);
  expect(w.box("b").load).toBe(5);
});

test("what was taken is given back one step a period, and full load is told", () => {
  const w = onAir(helos());
  heat(w, "b", 80);
  w.pass(125);
  expect(w.box("b").load).toBe(3);
  heat(w, "b", 71.9);
  w.pass(190);
  expect(w.box("b").load).toBe(0);
  expect(told(w, "b").at(-1)).toMatchObject({
    message: expect.stringContaining("cool again, at full load") as string,
    data: { thermal: "normal", step: 0 },
  });
});

test("between 72 and 80 °C a falling box stays at its step: no flapping", () => {
  const w = onAir(helos());
  heat(w, "b", 80);
  w.pass(5);
  heat(w, "b", 76);
  w.pass(600);
  expect(w.box("b").load).toBe(1);
  expect(told(w, "b")).toHaveLength(1);
});

test("a carrier that was turned down is not interrupted to be turned up again", () => {
  const w = onAir(alone());
  heat(w, "a", 80);
  w.pass(85);
  expect(w.box("a").load).toBe(2);
  heat(w, "a", 60);
  w.pass(600);
  expect(w.box("a").load).toBe(2);
  expect(w.carriage()).toBe("onAir");
});

test("a box whose load cannot be changed says so, and goes on to the next step", () => {
  const w = onAir(helos());
  w.loadIsFixed = true;
  heat(w, "b", 80);
  w.pass(70);
  expect(told(w, "b").map(({ message }) => message)).toEqual([
    "b at 80 °C: step 1 could not be taken (timeout)",
    expect.stringContaining("step 2 could not be taken (timeout)"),
  ]);
});

test("a step that was taken is asked for again after a restart of the daemon", () => {
  const w = onAir(helos());
  heat(w, "b", 80);
  w.pass(65);
  expect(w.box("b").load).toBe(2);
  w.box("b").load = 0;
  w.restart();
  w.pass(3);
  expect(w.box("b").load).toBe(2);
  expect(thermal(w, "b")).toBe("cooling");
});

test("a box that does not tell its temperature is unknown, and nothing is done", () => {
  const w = onAir(helos());
  w.pass(600);
  expect(thermal(w)).toBe("unknown");
  expect(told(w)).toEqual([]);
});

test("a software encoder that tells heat and has no steps is relieved, and then protected", () => {
  const w = onAir(aPlan({ kinds: { a: "soft", b: "soft" } }));
  heat(w, "a", 85);
  w.pass(55);
  expect(w.carrier()).toBe("a");
  w.pass(10);
  expect(w.carrier()).toBe("b");
  expect(thermal(w)).toBe("protected");
  heat(w, "a", 60);
  w.pass(65);
  expect(thermal(w)).toBe("normal");
});

test("a hot understudy relieves nobody", () => {
  const w = onAir(helos());
  heat(w, "b", 81);
  heat(w, "a", 80);
  w.pass(90);
  expect(w.carrier()).toBe("a");
});

test("a room that can be cooled: never above 82 °C for more than a minute, in five visible steps", () => {
  const w = onAir(alone());
  let celsius = 70;
  let hotForS = 0;
  let longest = 0;
  for (let s = 0; s < 3_600; s++) {
    // Each step takes a share of the load; the room wants 96 °C at full load.
    const wants = 96 - 5 * w.box("a").load;
    celsius += (wants - celsius) / 240;
    w.box("a").says = { figures: { temperatureC: { value: celsius, source: "chassis" } } };
    w.pass(1);
    hotForS = celsius > 82 ? hotForS + 1 : 0;
    longest = Math.max(longest, hotForS);
  }
  expect(longest).toBeLessThanOrEqual(60);
  expect(new Set(steps(w))).toEqual(new Set([1, 2, 3, 4, 5].map((step) => `cooling ${step}`)));
  expect(w.carriage()).toBe("onAir");
});

const asksForCooldown = (w: World) =>
  w.send({ to: "encoder:a", event: { type: "cooldown", by: "anna" } });
const mayCool = (w: World) =>
  w.core.can({ to: "encoder:a", event: { type: "cooldown", by: "anna" } });

test("a person who wants it cooler gets one step at once, and it is given back when it is cool", () => {
  const w = onAir(helos());
  heat(w, "a", 60);
  asksForCooldown(w);
  w.pass(2);
  expect(told(w)[0]!.message).toContain("anna wants it cooler, one step is taken now");
  expect(w.box("a").load).toBe(1);
  w.pass(63);
  expect(w.box("a").load).toBe(0);
  expect(told(w).at(-1)!.data["thermal"]).toBe("normal");
});

test("asked again it takes the next step, after a takeover where that would cost the picture", () => {
  const w = onAir(helos());
  heat(w, "a", 75);
  asksForCooldown(w);
  w.pass(2);
  asksForCooldown(w);
  w.pass(20);
  expect(w.box("a").load).toBe(2);
  expect(w.carrier()).toBe("b");
});

test("a box that tells no temperature, or has no step left, cannot be cooled by command", () => {
  const w = onAir(helos());
  expect(mayCool(w)).toBe(false);
  heat(w, "a", 79);
  for (let step = 1; step <= 5; step += 1) {
    expect(mayCool(w)).toBe(true);
    asksForCooldown(w);
    w.pass(50);
  }
  expect(w.box("a").load).toBe(5);
  expect(mayCool(w)).toBe(false);
});
