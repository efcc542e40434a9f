/** A box that carries a programme is overloaded, or its network is: what is done about its load. */
import { expect, test } from "vitest";
import { FfmpegOptions } from "../../../daemon/drivers/ffmpeg/options.ts";
import { loadSteps } from "../../../daemon/drivers/shared/engine/load-steps.ts";
import { encoderState } from "../../../machines/encoder/encoder.published.ts";
import { strainOf } from "../../../machines/encoder/strain.ts";
import type { Consent, EncoderPlan } from "../../../machines/site/plan.ts";
import { aDestinationPlan, aPlan, onAir, type World } from "../world.ts";
import { slow } from "../../setup/slow.ts";

type Own = Partial<Pick<EncoderPlan, "repair" | "playbooks" | "cooling">>;
function facility(ids: string, own: Own = {}) {
  const plan = aPlan({ kinds: Object.fromEntries([...ids].map((id) => [id, "helo"])) });
  return onAir({ ...plan, encoders: plan.encoders.map((box) => ({ ...box, ...own })) });
}
const alone = (own?: Own) => facility("a", own);
const two = (own?: Own) => facility("ab", own);
const told = (w: World) => w.told("encoder.repair").map(({ data }) => String(data["repair"]));
const sentences = (w: World) => w.told("encoder.repair").map(({ message }) => message);
const suffers = (w: World, from: "overload" | "network") => (w.box("a").suffers = from);
const recovers = (w: World) => delete w.box("a").suffers;
const says = (w: World, type: "repair" | "rejectRepair", id = "a") =>
  w.send({ to: `encoder:${id}`, event: { type, by: "engineer" } });
const stateOf = (w: World, id = "a") =>
  encoderState(w.core.encoder(id), {
    published: { id, epoch: "e", seq: 1, session: "s", atMs: w.now().wallMs },
    ...{ heldBy: {}, generations: {}, sinceMs: () => 0 },
  });
/** A driver whose steps cost no picture. */
const gentle = [80, 60].map((percent) => ({
  ...{ what: `${percent} % of its bitrate`, interrupts: false },
  lowers: ["effort", "bitrate"] as const,
}));

test("a carrier that does not keep up for 30 s is first asked less often, which costs no picture", () => {
  const w = two();
  suffers(w, "overload");
  w.pass(30);
  expect(told(w)).toEqual([]);
  w.pass(2);
  expect(sentences(w)).toEqual([
    "a does not keep up with its programme: less load (asked less often) is under way",
  ]);
  expect([w.box("a").load, w.carrier(), w.carriage()]).toEqual([1, "a", "onAir"]);
});

test("a poll of it that is lost now and then is no sign that it keeps up again", () => {
  const w = two();
  suffers(w, "overload");
  for (let tenS = 0; tenS < 4; tenS += 1) {
    w.pass(9);
    const failure = { type: "unreadable", failure: "timeout", detail: "no answer" } as const;
    w.send({ to: "encoder:a", event: failure });
    w.pass(1);
  }
  expect(told(w)).toEqual(["does"]);
});

test("an overload that is over within 29 s is none", () => {
  const w = two();
  suffers(w, "overload");
  w.pass(28);
  recovers(w);
  w.pass(120);
  expect(told(w)).toEqual([]);
});

test("a step that costs the picture is taken after the understudy took over, on the benched box", () => {
  const w = two();
  suffers(w, "overload");
  w.pass(32 + 125);
  expect(w.told("stream.incident").at(-1)?.data["incident"]).toMatchObject({ cause: "repair" });
  w.pass(20);
  expect([w.carrier(), w.carriage()]).toEqual(["b", "onAir"]);
  expect([w.box("a").load, w.box("a").running]).toEqual([2, null]);
  const takeover = w.decisions.findIndex(({ type }) => type === "stream.takingOver");
  const second = w.decisions.findIndex(({ data }) => data["loadStep"] === 2);
  expect(second).toBeGreaterThan(takeover);
});

test("where the last publisher wins, the step waits until the relieved box's own picture has ended", () => {
  const plan = aPlan({ kinds: { a: "helo", b: "helo" } });
  const w = onAir({ ...plan, destinations: [aDestinationPlan({ takeover: "lastWins" })] });
  suffers(w, "overload");
  w.box("a").deaf = true;
  const stepsUntil = (reached: () => boolean) => {
    for (let quarters = 0; quarters < 4 * 300 && !reached(); quarters += 1) w.pass(0.25);
  };
  stepsUntil(() => w.carrier() === "b");
  expect([w.box("a").running !== null, w.box("a").load]).toEqual([true, 1]);
  w.pass(1);
  expect(w.box("a").load).toBe(1);
  w.box("a").deaf = false;
  stepsUntil(() => w.box("a").load === 2);
  expect([w.box("a").running, w.box("a").load]).toEqual([null, 2]);
});

slow("the load is given back when the benched box has been calm for ten minutes", () => {
  const w = two();
  suffers(w, "overload");
  w.pass(200);
  expect(w.box("a").load).toBe(2);
  w.pass(9 * 60);
  expect(w.box("a").load).toBe(2);
  expect(stateOf(w).repair).toMatchObject({ state: "lowered", loadStep: 2 });
  w.pass(3 * 60);
  expect(w.box("a").load).toBe(0);
  expect(sentences(w).at(-1)).toBe("a has been calm for 10 min: it works at full load again");
  expect(stateOf(w).repair).toMatchObject({ state: "well", loadStep: 0 });
});

test("with nobody to take over, the step is taken on air: a short hole that nobody mistakes", () => {
  const w = alone();
  suffers(w, "overload");
  w.pass(32 + 120 + 19);
  expect(w.box("a").load).toBe(1);
  w.pass(4);
  expect(w.box("a").load).toBe(2);
  recovers(w);
  w.pass(180);
  expect(sentences(w).at(-1)).toBe(
    "a is well at less load (80 % of its bitrate); it is given back when 10 min have been calm",
  );
  expect(w.told("stream.incident")).toEqual([]);
  expect([w.carrier(), w.carriage()]).toEqual(["a", "onAir"]);
  // To give it back would cost the picture again.
  w.pass(3_600);
  expect(w.box("a").load).toBe(2);
});

test("three steps in ten minutes; the fourth waits for ten more", () => {
  const w = alone();
  suffers(w, "overload");
  w.pass(11 * 60);
  expect(told(w)).toEqual(["does", "does", "does", "rests"]);
  expect(w.box("a").load).toBe(3);
  w.pass(11 * 60);
  expect(w.box("a").load).toBeGreaterThan(3);
});

test("a carrier with no step left stays on air, and people are told what they can do", () => {
  const w = alone({ cooling: [] });
  suffers(w, "overload");
  w.pass(60);
  expect(sentences(w)).toEqual([
    "a does not keep up with its programme, and nothing is left to try by itself: take work off it, lower its bit rate, size or preset, or fail over to another host",
  ]);
  expect([w.carrier(), w.carriage()]).toEqual(["a", "onAir"]);
  recovers(w);
  w.pass(5);
  expect(stateOf(w).repair?.state).toBe("well");
});

slow("what costs no picture is given back on air, one step after ten calm minutes", () => {
  const w = alone({ cooling: gentle });
  suffers(w, "network");
  w.pass(31 + 121);
  expect(w.box("a").load).toBe(2);
  recovers(w);
  w.pass(70 + 590);
  expect(w.box("a").load).toBe(2);
  w.pass(20);
  expect(w.box("a").load).toBe(1);
  w.pass(610);
  expect(w.box("a").load).toBe(0);
  expect(w.carriage()).toBe("onAir");
});

test("a program that does not keep up is helped by its preset, then by its frame rate", () => {
  const options = { input: { kind: "testPattern" }, video: { framesPerSecond: 50 } };
  const cooling = loadSteps(FfmpegOptions.parse(options));
  const plan = aPlan({ kinds: { a: "soft" } });
  const w = onAir({ ...plan, encoders: plan.encoders.map((box) => ({ ...box, cooling })) });
  suffers(w, "overload");
  w.pass(32 + 170);
  expect(sentences(w)).toEqual([
    "a does not keep up with its programme: less load (preset superfast) is under way",
    "a does not keep up with its programme: less load (preset superfast, 50 % of its bit rate, half its frame rate) is under way",
  ]);
  expect([w.box("a").load, w.carrier(), w.carriage()]).toEqual([4, "a", "onAir"]);
  expect(w.told("stream.incident")).toEqual([]);
});

test("asking a box less often does not help its network: that step is left out", () => {
  const w = alone();
  suffers(w, "network");
  w.pass(40);
  expect(sentences(w)[0]).toBe(
    "a makes more than its network takes: less load (80 % of its bitrate) is under way",
  );
  expect(w.box("a").load).toBe(2);
});

test("a network too slow is no takeover: the understudy would send over the same uplink", () => {
  const w = two();
  suffers(w, "network");
  w.pass(600);
  expect(told(w)).toEqual(["heldBack"]);
  expect(sentences(w)[0]).toBe(
    "a makes more than its network takes: less load (80 % of its bitrate) would cost its picture, and main is on air with b standing by; say yes (repair) to do it all the same",
  );
  expect([w.carrier(), w.box("a").load]).toEqual(["a", 0]);
  expect(w.told("stream.incident")).toEqual([]);
});

test("a step that was held back is taken as soon as a person says yes", () => {
  const w = two();
  suffers(w, "network");
  w.pass(60);
  expect(stateOf(w).repair).toMatchObject({ state: "heldBack", nextCostsPicture: true });
  expect(says(w, "repair")).toBe(true);
  w.pass(5);
  expect(w.box("a").load).toBe(2);
  expect(w.told("stream.incident")).toEqual([]);
});

test("a step that was held back is taken within a minute after the understudy is gone", () => {
  const w = two();
  suffers(w, "network");
  w.pass(60);
  w.box("b").reachable = false;
  w.pass(75);
  expect(w.box("a").load).toBe(2);
  expect(w.carrier()).toBe("a");
});

test("a step is proposed with what it costs, and each kind of trouble has its own consent", () => {
  const w = two({ repair: "act", playbooks: { overload: "propose" }, cooling: gentle });
  suffers(w, "overload");
  w.pass(40);
  expect(sentences(w)).toEqual([
    "a does not keep up with its programme: less load (80 % of its bitrate) is proposed, say yes within 10 min",
  ]);
  expect(stateOf(w).repair).toMatchObject({
    ...{ consent: "propose", trouble: "overload", next: "lowerLoad", nextCostsPicture: false },
    playbooks: { unreachable: "act", failing: "act", overload: "propose", network: "act" },
  });
  expect(says(w, "rejectRepair")).toBe(true);
  w.pass(700);
  expect(told(w)).toEqual(["proposes", "rejected"]);
  suffers(w, "network");
  w.pass(40);
  expect(w.box("a").load).toBe(1);
});

test("a proposal that costs the picture says so", () => {
  const w = alone({ repair: "propose" });
  suffers(w, "network");
  w.pass(40);
  expect(sentences(w)).toEqual([
    "a makes more than its network takes: less load (80 % of its bitrate) is proposed, which costs its picture for a moment, say yes within 10 min",
  ]);
  expect(says(w, "repair")).toBe(true);
  w.pass(5);
  expect(w.box("a").load).toBe(2);
});

test("with consent to observe nothing is touched, and it is counted what would have been done", () => {
  const w = alone({ repair: "observe" });
  suffers(w, "overload");
  w.pass(25 * 60);
  expect(w.box("a").load).toBe(0);
  const acted = alone();
  suffers(acted, "overload");
  acted.pass(25 * 60);
  const lowerLoad = told(acted).filter((what) => what === "does").length;
  expect(lowerLoad).toBe(5);
  expect(stateOf(w).repair?.wouldHaveActed).toMatchObject({
    ...{ times: lowerLoad, byAction: { lowerLoad } },
  });
});

test("its heat and its playbooks do not undo each other: the lower load wins", () => {
  const w = alone({ cooling: gentle });
  suffers(w, "overload");
  w.pass(31 + 121);
  expect(w.box("a").load).toBe(2);
  const heat = (celsius: number) => {
    w.box("a").says = { figures: { temperatureC: { value: celsius, source: "chassis" } } };
  };
  heat(81);
  w.pass(5);
  expect(stateOf(w).thermalStep).toBe(1);
  expect(w.box("a").load).toBe(2);
  heat(60);
  w.pass(70);
  expect(stateOf(w).thermalStep).toBe(0);
  expect(w.box("a").load).toBe(2);
});

test("a lowered load is still known after a restart of the daemon, and is given back then", () => {
  const w = two();
  suffers(w, "overload");
  w.pass(200);
  w.restart();
  w.pass(5);
  expect(stateOf(w).repair).toMatchObject({ state: "lowered", loadStep: 2 });
  w.pass(11 * 60);
  expect(w.box("a").load).toBe(0);
});

test("a box on maintenance is not relieved, and one that carries nothing is not overloaded", () => {
  const w = two();
  w.send({ to: "encoder:a", event: { type: "maintenance", by: "engineer" } });
  suffers(w, "overload");
  w.box("b").suffers = "overload";
  w.pass(300);
  expect(told(w)).toEqual([]);
});

test("a box that carries nothing and breaks while its load is low is repaired all the same", () => {
  const w = two();
  suffers(w, "overload");
  w.pass(300);
  recovers(w);
  w.box("a").claims = "failing";
  w.pass(40);
  expect(sentences(w).at(-1)).toBe("a says its output is failing: a restart of it is under way");
});

test("settings that are lower because of a playbook are no drift", () => {
  const w = two();
  suffers(w, "overload");
  w.box("a").says = { settings: { videoBitrateBps: 4e6 } };
  w.pass(200);
  expect(w.core.site().facts["a"]?.settings).toBeNull();
});

const carrying = (output: object, cpuUsageRatio?: number, plan = {}) =>
  strainOf({
    plan,
    holds: ["stream-1"],
    reading: {
      outputs: { "stream-1": { state: "streaming", ...output } },
      figures: {
        ...(cpuUsageRatio !== undefined && { cpuUsageRatio: { value: cpuUsageRatio, source: "" } }),
      },
    },
  });

test("a processor is overloaded from 95 %, and not at 94.9 %", () => {
  expect(carrying({}, 0.949)).toBeUndefined();
  expect(carrying({}, 0.95)).toBe("overload");
});

test("a process that takes the whole host is overloaded only where it does not keep up", () => {
  const process = { isProcess: true };
  expect(carrying({ isOverloaded: false }, 1, process)).toBeUndefined();
  expect(carrying({}, 1, process)).toBeUndefined();
  expect(carrying({ isOverloaded: true }, 0.3, process)).toBe("overload");
});

test("what does not get rid of its output is the network, whatever else it says", () => {
  expect(carrying({ sendQueue: "stuck", isOverloaded: true }, 1)).toBe("network");
  expect(carrying({ sendQueue: "draining" })).toBeUndefined();
  expect(carrying({ isOverloaded: false, isNetworkTooSlow: false })).toBeUndefined();
});

test("an output that does not stream suffers from nothing", () => {
  expect(carrying({ state: "starting", isOverloaded: true })).toBeUndefined();
});

test.each<Consent>(["observe", "propose"])(
  "a picture that is seen is never lost without a person, with consent to %s",
  (repair) => {
    const w = two({ repair });
    suffers(w, "overload");
    w.pass(1_800);
    expect(w.box("a").load).toBe(0);
    expect(w.carrier()).toBe("a");
    expect(w.told("stream.incident")).toEqual([]);
  },
);
