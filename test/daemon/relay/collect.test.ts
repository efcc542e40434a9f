import { expect, test } from "vitest";
import { collect } from "../../../daemon/relay/collect.ts";

test("buffers that nobody holds any more are given back, also such as were held for long", async () => {
  const held = Array.from({ length: 16 }, () => Buffer.alloc(2 ** 20, 1));
  // What is held over collections becomes old, as pictures do until their GOP has gone out.
  collect();
  collect();
  const before = process.memoryUsage().arrayBuffers;
  held.splice(1);
  collect();
  // They are swept beside the program, a moment later on a busy machine.
  await expect
    .poll(() => before - process.memoryUsage().arrayBuffers, { timeout: 3_000 })
    .toBeGreaterThan(14.9 * 2 ** 20);
  expect(held[0]![0]).toBe(1);
});
