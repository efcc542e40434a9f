import { expect, test } from "vitest";
import { rehearse } from "../../daemon/rehearsal.ts";
import { aPlan, aStreamPlan } from "../machines/world.ts";

const now = { bootId: "boot-1", monoMs: 5_000, wallMs: 1_790_000_000_000 };

test("a site with a backup has its takeovers rehearsed", async () => {
  expect(await rehearse(aPlan(), now)).toBe(2);
  expect(await rehearse(aPlan({ kinds: { a: "helo", b: "soft", c: "helo" } }), now)).toBe(2);
});

test("a stream that is not started by itself is rehearsed as well", async () => {
  const streams = [aStreamPlan({ encoders: ["a", "b"], autoStart: false })];
  expect(await rehearse(aPlan({ streams }), now)).toBe(2);
});

test("where no stream has a backup there is nothing to rehearse", async () => {
  expect(await rehearse(aPlan({ kinds: { a: "soft" } }), now)).toBe(0);
});
