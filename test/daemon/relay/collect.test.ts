import { expect, test } from "vitest";
import { collect } from "../../../daemon/relay/collect.ts";

test("buffers that nobody holds any more are given back, also such as were held for long", () => {
  const held = Array.from({ length: 16 }, () => Buffer.alloc(2 ** 20, 1));
  // What is held over collections becomes old, as pictures do until their GOP has gone out.
  collect();
  collect();
  held.splice(1);
  const before = process.memoryUsage().arrayBuffers;
  collect();
  expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThanOrEqual(15 * 2 ** 20);
  expect(held[0]![0]).toBe(1);
});
