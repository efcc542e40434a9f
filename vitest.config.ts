import { defineConfig } from "vitest/config";
import { at } from "./test/setup/effort.ts";
import { LongestFirst } from "./test/setup/longest-first.ts";
import { waiting } from "./test/setup/waiting.ts";

const minuteMs = 60_000;
const sequences = "test/**/*.sequences.test.ts";
/** For every test run, not for the quick check that is asked for all day. */
const thorough = "test/**/*.thorough.test.ts";
const isQuick = process.env["UNDERSTUDY_EFFORT"] === "check";
/** One file after the other: `--maxWorkers` does not reach the projects. */
const isAlone = process.env["UNDERSTUDY_TESTS"] === "alone";
const others = ["node_modules/**", "dist/**", "test/.cache/**", "test/import-rules/breaches/**"];
/** vitest's own second is over before a busy machine has answered. */
const patient = { poll: { timeout: minuteMs / 2 } };
const endToEnd = {
  testTimeout: at({ check: minuteMs, test: 3 * minuteMs, torture: 600 * minuteMs }),
  hookTimeout: minuteMs,
  pool: "forks",
  expect: patient,
} as const;
export default defineConfig({
  test: {
    teardownTimeout: minuteMs,
    sequence: { sequencer: LongestFirst },
    // What was transformed is kept, by its content: ten seconds of CPU in each run.
    experimental: { fsModuleCache: true, fsModuleCachePath: "node_modules/.cache/vitest" },
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          // A few sequences are worth no processes of their own, which would have to get warm first.
          exclude: ["test/**/*.e2e.test.ts", isQuick ? thorough : sequences, ...others],
          testTimeout: at({ check: 2 * minuteMs, test: 10 * minuteMs, torture: 600 * minuteMs }),
          // Files of one worker share what they import: a third less work. They share no state then
          // but what a module keeps, which no test may lean on. Three, for two cores: one waits; the
          // quick check has its tools beside it.
          pool: "forks",
          isolate: false,
          maxWorkers: isAlone ? 1 : isQuick ? 2 : 3,
          expect: patient,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          // Random sequences of turns; their count grows with the effort (test/setup/effort.ts).
          name: "sequences",
          include: [sequences],
          exclude: others,
          testTimeout: 600 * minuteMs,
          pool: "forks",
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      // Real processes with real deadlines, which wait three quarters of their time.
      {
        test: {
          ...endToEnd,
          name: "e2e",
          include: ["test/**/*.e2e.test.ts"],
          exclude: [...waiting, ...others],
          maxWorkers: isAlone ? 1 : 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...endToEnd,
          name: "waiting",
          include: waiting,
          exclude: others,
          maxWorkers: isAlone ? 1 : 3,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
