import { expect, test } from "vitest";
import { encoderState } from "../../../machines/encoder/encoder.published.ts";
import {
  driftBetween,
  type EncoderSettings,
  notCompared,
  settingsHash,
} from "../../../machines/encoder/settings.ts";
import type { EncoderPlan } from "../../../machines/site/plan.ts";
import { aPlan, aStreamPlan, asks, onAir, type World } from "../world.ts";
import { slow } from "../../setup/slow.ts";

const six: EncoderSettings = { videoBitrateBps: 6_000_000, gopFrames: 50 };
const four: EncoderSettings = { ...six, videoBitrateBps: 4_000_000 };

/** Two HELOs on air, the understudy set as said. */
function pair(p: {
  a?: EncoderSettings;
  b: EncoderSettings;
  wanted?: EncoderSettings;
  cold?: string[];
  sync?: EncoderPlan["sync"];
  syncEveryMs?: number;
}): World {
  const plan = aPlan({
    kinds: { a: "helo", b: "helo" },
    streams: [
      aStreamPlan({
        encoders: ["a", "b"],
        ...(p.wanted && { settings: p.wanted }),
        ...(p.cold && { cold: p.cold }),
      }),
    ],
  });
  for (const encoder of plan.encoders) {
    encoder.sync = p.sync ?? "propose";
    if (p.syncEveryMs !== undefined) encoder.syncEveryMs = p.syncEveryMs;
  }
  const world = onAir(plan);
  set(world, "a", p.a ?? six);
  set(world, "b", p.b);
  world.pass(5);
  return world;
}

const set = (world: World, id: string, settings: EncoderSettings) =>
  (world.box(id).says = { ...world.box(id).says, settings });
const told = (world: World, type: string) => world.decisions.filter((d) => d.type === type);
const sentences = (world: World, type: string) => told(world, type).map((d) => d.message);

function stateOf(world: World, id: string) {
  return encoderState(world.core.encoder(id), {
    published: { id, epoch: "e", seq: 1, session: "s", atMs: 1 },
    heldBy: {},
    generations: {},
    sinceMs: () => 0,
  });
}

test("only settings that both boxes tell are compared", () => {
  expect(driftBetween(six, { gopFrames: 50, h264Profile: "high" })).toEqual([]);
  expect(driftBetween(six, { ...four, audioBitrateBps: 128_000 })).toEqual([
    { setting: "videoBitrateBps", wanted: 6_000_000, actual: 4_000_000 },
  ]);
});

test("what one of the two does not tell is said not to be compared, once where words mean the same", () => {
  const helo: EncoderSettings = {
    ...{ videoBitrateBps: 6_000_000, audioBitrateBps: 128_000, sizeOf: "input" },
    ...{ frameRateShare: 1, gopFrames: 50, h264Profile: "high" },
  };
  expect(notCompared(helo, helo)).toEqual([]);
  const world = pair({
    a: helo,
    b: { videoBitrateBps: 6_000_000, sizeOf: "settings", widthPx: 1_280 },
  });
  expect(stateOf(world, "b").wanted).toMatchObject({
    drift: [{ setting: "sizeOf" }],
    notCompared: [
      "audioBitrateBps",
      "framesPerSecond",
      "frameRateShare",
      "gopFrames",
      "h264Profile",
    ],
  });
});

test("the hash of settings does not depend on the order they were told in", () => {
  expect(settingsHash({ gopFrames: 50, videoBitrateBps: 6_000_000 })).toBe(settingsHash(six));
  expect(settingsHash(six)).not.toBe(settingsHash(four));
  // Written down: a site upgraded must not call everything changed.
  expect(settingsHash(six)).toBe("58700596");
});

test("an understudy that is set otherwise than the primary is a warning that says how", () => {
  const world = pair({ b: four });
  expect(told(world, "encoder.drift")).toEqual([]);
  world.pass(65);
  expect(sentences(world, "encoder.drift")).toEqual([
    "b is not set as main wants it (like a): video bit rate 4000 kb/s instead of 6000 kb/s; may it be set so?",
  ]);
  expect(stateOf(world, "b").wanted).toMatchObject({
    like: "a",
    drift: [{ setting: "videoBitrateBps", wanted: 6_000_000, actual: 4_000_000 }],
    isAlarmed: true,
    isProposed: true,
  });
  set(world, "b", six);
  world.pass(20);
  expect(sentences(world, "encoder.drift").at(-1)).toBe("b is set as main wants it (like a)");
  const { comparedHash, actualHash } = stateOf(world, "b").wanted!;
  expect(actualHash).toBe(comparedHash);
});

test("a box that is just being set up alarms nobody", () => {
  const world = pair({ b: six });
  for (let turn = 0; turn < 4; turn++) {
    set(world, "b", four);
    world.pass(40);
    set(world, "b", six);
    world.pass(10);
  }
  expect(told(world, "encoder.drift")).toEqual([]);
});

test("a drift that comes and goes every few seconds is not told again and again", () => {
  const world = pair({ b: four });
  world.pass(65);
  for (let turn = 0; turn < 30; turn++) {
    set(world, "b", six);
    world.pass(8);
    set(world, "b", four);
    world.pass(8);
  }
  expect(told(world, "encoder.drift")).toHaveLength(1);
});

test("where site.yaml says how, the primary on air is compared as well, and never touched", () => {
  const world = pair({ a: four, b: four, wanted: { videoBitrateBps: 6_000_000 }, sync: "act" });
  world.pass(90);
  expect(sentences(world, "encoder.drift")).toContain(
    "a is not set as main wants it: video bit rate 4000 kb/s instead of 6000 kb/s; it is not touched while it holds a key",
  );
  expect(world.box("a").says.settings).toEqual(four);
  expect(world.box("b").says.settings).toEqual(six);
  expect(world.touched).toEqual([]);
});

test("an idle understudy is set like the primary where the site may act", () => {
  const world = pair({ b: four, sync: "act" });
  world.pass(70);
  expect(world.box("b").says.settings).toEqual(six);
  expect(sentences(world, "encoder.sync")).toEqual(["b was told to work as main wants it"]);
  world.pass(30);
  expect(sentences(world, "encoder.drift").at(-1)).toBe("b is set as main wants it (like a)");
});

test("by default it waits for a person's yes", () => {
  const world = pair({ b: four });
  const yes = { to: "encoder:b", event: { type: "sync", by: "engineer" } } as const;
  expect(world.core.can(yes)).toBe(false);
  world.pass(600);
  expect(world.box("b").says.settings).toEqual(four);
  expect(world.core.can(yes)).toBe(true);
  world.send(yes);
  world.pass(20);
  expect(world.box("b").says.settings).toEqual(six);
});

slow("nothing is set during a change freeze, and that is said once", () => {
  const world = pair({ b: four, sync: "act" });
  world.send({
    to: "site",
    event: { type: "eventPhase", stream: "main", event: { name: "Mass", untilMs: 2e12 } },
  });
  world.pass(2_000);
  expect(world.box("b").says.settings).toEqual(four);
  expect(sentences(world, "encoder.sync")).toHaveLength(1);
  expect(sentences(world, "encoder.sync")[0]).toContain("no configuration during a change freeze");
  expect(stateOf(world, "b").wanted?.notSetBecause).toContain("Mass");
});

test.each([
  [undefined, 600],
  [120_000, 120],
])(
  "what could not be set is tried again after syncEvery (%s: %i s), not sooner",
  (syncEveryMs, s) => {
    const world = pair({ b: four, sync: "act", ...(syncEveryMs !== undefined && { syncEveryMs }) });
    world.box("b").deaf = true;
    world.pass(70);
    expect(sentences(world, "encoder.sync")).toHaveLength(1);
    world.box("b").deaf = false;
    world.pass(s - 20);
    expect(world.box("b").says.settings).toEqual(four);
    world.pass(30);
    expect(world.box("b").says.settings).toEqual(six);
  },
);

test("a takeover while a box is being set goes on with the box as it is", () => {
  const world = pair({ b: four, sync: "act" });
  world.intentDelayMs = 8_000;
  world.pass(61);
  expect(told(world, "encoder.drift")).toHaveLength(1);
  world.intentDelayMs = 500;
  asks(world, "failover");
  world.pass(12);
  expect(world.carrier()).toBe("b");
  world.pass(60);
  expect(world.box("b").says.settings).toEqual(four);
  expect(world.touched).toEqual([]);
});

test("a primary that cools at a lower bit rate is no model meanwhile", () => {
  const world = pair({ b: six, sync: "act" });
  const figures = { temperatureC: { value: 85, source: "device" } };
  world.box("a").says = { ...world.box("a").says, figures, settings: four };
  world.pass(120);
  expect(world.core.encoder("a").context.heat.step).toBeGreaterThan(0);
  expect(world.box("b").says.settings).toEqual(six);
});

test("of a cold understudy only its answer counts", () => {
  const world = pair({ b: four, cold: ["b"] });
  world.pass(90);
  expect(told(world, "encoder.drift")).toEqual([]);
  expect(stateOf(world, "b").wanted).toBeUndefined();
});
