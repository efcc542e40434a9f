import { expect, test } from "vitest";
import {
  changeFreeze,
  changes,
  noFreeze,
  type Freeze,
} from "../../../machines/site/change-freeze.ts";
import { aPlan, onAir, World } from "../world.ts";

const minute = 60_000;

function planned(inMs: number, lengthMs: number) {
  const world = new World();
  const startMs = world.now().wallMs + inMs;
  const planned = [{ id: "w", name: "Fair", startMs, endMs: startMs + lengthMs }];
  const tell = (windows: typeof planned | null = planned) =>
    world.send({ to: "stream:main", event: { type: "schedule", windows } });
  return { world, tell };
}
const refusal = (world: World) =>
  changeFreeze(world.core.site().freeze, "configuration", world.now());

test("changes are frozen from 30 min before an event to its end, and free before and after", () => {
  const { world, tell } = planned(31 * minute, 10 * minute);
  tell();
  expect(refusal(world)).toBeUndefined();
  world.leap(61, 2);
  tell();
  expect(refusal(world)).toMatch(/no configuration during a change freeze: Fair, until \d{4}-/);
  world.leap(35 * 60, 2);
  tell();
  expect(refusal(world)).toBeDefined();
  world.leap(6 * 60, 2);
  tell();
  expect(refusal(world)).toBeUndefined();
  expect(world.told("site.changeFreeze")).toHaveLength(2);
});

test("an override lets everything through for 30 min, is journalled, and ends with the freeze", () => {
  const { world, tell } = planned(minute, 120 * minute);
  expect(world.core.can({ to: "site", event: { type: "overrideFreeze", by: "x", why: "y" } })).toBe(
    false,
  );
  tell();
  world.send({ to: "site", event: { type: "overrideFreeze", by: "ann", why: "a lens broke" } });
  for (const what of changes) {
    expect(changeFreeze(world.core.site().freeze, what, world.now())).toBeUndefined();
  }
  expect(world.told("site.freezeOverridden")[0]?.message).toContain("ann lets changes through");
  world.restart();
  tell();
  expect(refusal(world)).toBeUndefined();
  world.leap(31 * 60, 2);
  expect(refusal(world)).toBeDefined();
  world.send({ to: "site", event: { type: "overrideFreeze", by: "ann", why: "again" } });
  tell(null);
  tell();
  expect(refusal(world)).toBeDefined();
});

test("during a freeze no preset is recalled, no profile selected and nothing is set, until a person says why", () => {
  const plan = aPlan({ kinds: { a: "helo", b: "helo" } });
  const encoders = plan.encoders.map((box) => ({
    ...box,
    controls: ["recallPreset", "selectProfile"] as const,
  }));
  const w = onAir({ ...plan, encoders });
  const startMs = w.now().wallMs + minute;
  const windows = [{ id: "w", name: "Fair", startMs, endMs: startMs + 60 * minute }];
  const command = { id: "c1", by: "ann" };
  const recall = {
    type: "control",
    command,
    control: { verb: "recallPreset", preset: 3 },
  } as const;
  const asked = { to: "encoder:b", event: recall } as const;
  const profile = { verb: "selectProfile", of: "stream", profile: 3 } as const;
  const select = { to: "encoder:b", event: { ...recall, control: profile } } as const;
  const sync = { to: "encoder:b", event: { type: "sync", by: "ann" } } as const;
  expect(w.core.can(asked)).toBe(true);
  w.send({ to: "stream:main", event: { type: "schedule", windows } });
  for (const input of [asked, select, sync]) {
    expect(w.core.can(input)).toBe(false);
    expect(w.core.frozen(input)).toMatch(/no configuration during a change freeze: Fair, until/);
  }
  expect(w.send(asked)).toBe(false);
  w.pass(2);
  expect(w.told("command.done")).toEqual([]);
  w.send({ to: "site", event: { type: "overrideFreeze", by: "ann", why: "the wrong preset" } });
  expect(w.send(asked)).toBe(true);
  w.pass(2);
  expect(w.told("command.done").at(-1)?.message).toContain("b has recalled preset 3");
});

test("a takeover of the event itself is never held up by the freeze", () => {
  const { world, tell } = planned(-minute, 60 * minute);
  tell();
  world.leap(12, 24);
  expect(refusal(world)).toBeDefined();
  const first = world.carrier();
  world.kill(first!);
  world.leap(10, 20);
  expect(world.publishers()).not.toEqual([]);
  expect(world.carrier()).not.toBe(first);
});

test("without events nothing is frozen", () => {
  const freeze: Freeze = noFreeze;
  expect(changeFreeze(freeze, "upgrade", new World().now())).toBeUndefined();
});
