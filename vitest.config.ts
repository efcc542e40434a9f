import { defineConfig } from "vitest/config";
import { at } from "./test/setup/effort.ts";

const minuteMs = 60_000;
const others = ["node_modules/**", "dist/**", "test/.cache/**", "test/import-rules/breaches/**"];

export default defineConfig({
  test: {
    teardownTimeout: minuteMs,
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.e2e.test.ts", "test/torture/**", ...others],
          // Property tests are unit tests; their counts grow with the effort.
          testTimeout: at({ check: minuteMs / 3, test: 10 * minuteMs, torture: 600 * minuteMs }),
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/**/*.e2e.test.ts"],
          exclude: ["test/torture/**", ...others],
          testTimeout: at({ check: minuteMs, test: minuteMs, torture: 600 * minuteMs }),
          hookTimeout: minuteMs,
          // Real processes with real deadlines, mostly waiting: more than two at a time would starve
          // each other. A stolen second on a busy machine may fail a test once, never twice.
          pool: "forks",
          maxWorkers: 2,
          retry: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "torture",
          include: ["test/torture/**/*.test.ts"],
          exclude: others,
          testTimeout: 600 * minuteMs,
          hookTimeout: minuteMs,
          pool: "forks",
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
