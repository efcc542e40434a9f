import { expect, test } from "vitest";
import { healthOf } from "../../daemon/health.ts";

const well = { decider: "ok", journal: "ok", hubLink: "online" };
const look = (over: Partial<typeof well> = {}, silentMs = 0) =>
  healthOf({
    status: () => "main carried",
    silenceMs: () => ({ decider: silentMs, journal: 0, link: 0 }),
    condition: () => ({ ...well, ...over }),
  });

test("a daemon without its hub is well: it decides by itself", () => {
  expect(look({ hubLink: "offline" })).toMatchObject({ status: "ok", live: true, ready: true });
});

test("a daemon that cannot keep up, or whose journal is full, works and is not ready", () => {
  for (const over of [{ decider: "impaired" }, { journal: "full" }]) {
    const health = look(over);
    expect(health).toMatchObject({ status: "degraded", live: true, ready: false });
    expect(health.because).toHaveLength(1);
  }
});

test("a daemon of which a part has stood still for more than 10 s does not work", () => {
  expect(look({}, 10_000).live).toBe(true);
  expect(look({}, 10_001)).toMatchObject({
    ...{ status: "degraded", live: false, ready: false },
    because: ["no sign of life from: decider"],
  });
});
