/** The 75 % load limit: a margin used up, said and considered, never a reason to lose a picture. */
import { expect, test } from "vitest";
import { memoryWarning } from "../../../machines/encoder/busy.ts";
import { encoderState } from "../../../machines/encoder/encoder.published.ts";
import { relieverOf } from "../../../machines/stream/stream.questions.ts";
import { aPlan, onAir, type World } from "../world.ts";
import { slow } from "../../setup/slow.ts";

const two = () => onAir(aPlan({ kinds: { a: "helo", b: "helo" } }));
function works(w: World, id: string, ratio: number | undefined, celsius?: number) {
  const figure = (value: number) => ({ value, source: "device" });
  w.box(id).says = {
    figures: {
      ...(ratio !== undefined && { cpuUsageRatio: figure(ratio) }),
      ...(celsius !== undefined && { temperatureC: figure(celsius) }),
    },
  };
}
const told = (w: World) => w.told("encoder.thermal").map(({ message }) => message);
const thermal = (w: World, id = "a") => w.core.site().facts[id]?.thermal;

test("74.9 % load is no news, 75 % for a minute is", () => {
  const w = two();
  works(w, "a", 0.749);
  w.pass(300);
  expect(told(w)).toEqual([]);
  works(w, "a", 0.75);
  w.pass(58);
  expect(told(w)).toEqual([]);
  w.pass(4);
  expect(told(w)).toEqual([
    "a at 75 % load, 75 % is its limit for a minute: it has no room for a harder scene, others are chosen before it; take work off it",
  ]);
  expect(thermal(w)).toBe("warm");
});

test("a hard scene of 59 s is none", () => {
  const w = two();
  for (let times = 0; times < 5; times += 1) {
    works(w, "a", 0.95);
    w.pass(57);
    works(w, "a", 0.74);
    w.pass(5);
  }
  expect(told(w)).toEqual([]);
});

test("it ends below 65 %, not between", () => {
  const w = two();
  works(w, "a", 0.8);
  w.pass(70);
  works(w, "a", 0.65);
  w.pass(120);
  expect(thermal(w)).toBe("warm");
  works(w, "a", 0.649);
  w.pass(2);
  expect(told(w).at(-1)).toBe("a at 65 % load, 75 % is its limit: it has room again");
  expect(thermal(w)).toBe("unknown");
});

slow("nothing is taken from a busy box: it keeps its programme and its load, for hours", () => {
  const w = two();
  works(w, "a", 0.9, 75);
  w.pass(2 * 3_600);
  expect([w.carrier(), w.box("a").load, w.carriage()]).toEqual(["a", 0, "onAir"]);
  expect(w.told("stream.incident")).toEqual([]);
  expect(told(w)).toHaveLength(1);
});

test("a busy understudy is not the one that relieves a hot carrier", () => {
  const w = two();
  expect(relieverOf(w.core.stream("main").context)?.encoder).toBe("b");
  works(w, "b", 0.8);
  w.pass(65);
  expect(relieverOf(w.core.stream("main").context)).toBeUndefined();
});

test("a busy box that gets hot is cooled like any other", () => {
  const w = two();
  works(w, "a", 0.8, 60);
  w.pass(70);
  expect(thermal(w)).toBe("warm");
  works(w, "a", 0.8, 80);
  w.pass(3);
  expect([thermal(w), w.box("a").load]).toEqual(["cooling", 1]);
});

test("a box that does not tell its load any more is not called busy for what it said once", () => {
  const w = two();
  works(w, "a", 0.9, 60);
  w.pass(70);
  works(w, "a", undefined, 60);
  w.pass(2);
  expect(thermal(w)).toBe("normal");
});

test("the limit is the configured one", () => {
  const plan = aPlan({ kinds: { a: "helo", b: "helo" } });
  const heat = { ...plan.encoders[0]!.heat, busyPercent: 50, calmPercent: 40 };
  const w = onAir({ ...plan, encoders: plan.encoders.map((box) => ({ ...box, heat })) });
  works(w, "a", 0.5);
  w.pass(65);
  expect(told(w)[0]).toContain("a at 50 % load, 50 % is its limit");
  const state = encoderState(w.core.encoder("a"), {
    published: { id: "a", epoch: "e", seq: 1, session: "s", atMs: 0 },
    ...{ heldBy: {}, generations: {}, sinceMs: () => 0 },
  });
  expect(state.thermal).toBe("warm");
  expect(state.warnings).toEqual([
    "works at its load limit: it has no room for a harder scene, take work off it",
  ]);
});

test("a process that takes three quarters of its host is named, and stays on air as it is", () => {
  const plan = aPlan({ kinds: { a: "soft", b: "soft" } });
  const process = { isProcess: true, repair: "act" as const };
  const w = onAir({ ...plan, encoders: plan.encoders.map((box) => ({ ...box, ...process })) });
  works(w, "a", 1);
  w.pass(600);
  expect(told(w)).toHaveLength(1);
  expect(thermal(w)).toBe("warm");
  expect(w.carrier()).toBe("a");
  expect(w.box("a").load).toBe(0);
  expect(w.told("stream.incident")).toEqual([]);
});

test("memory is warned of from its limit on, and not where the box does not tell", () => {
  expect(memoryWarning(undefined, {})).toBe(undefined);
  expect(memoryWarning(0.89, {})).toBe(undefined);
  expect(memoryWarning(0.9, {})).toBe("its memory is 90 % full, 90 % is its limit");
  expect(memoryWarning(0.9, { memoryPercent: 95 })).toBe(undefined);
});
