import { test, type TestOptions } from "vitest";
import { effort } from "./effort.ts";

/**
 * A test that takes half a second or more: for every test run, not for the quick check that is asked
 * for all day. Whole files of them are called `*.thorough.test.ts`.
 */
export const slow = test.skipIf(process.env["UNDERSTUDY_EFFORT"] === "check");

/** A test that others come close to, or of minutes: for the full counts only, `npm test` has no room for it. */
export const long: {
  (name: string, run: () => Promise<void>, timeoutMs?: number): void;
  (name: string, options: TestOptions, run: () => Promise<void>): void;
} = effort() === "torture" ? test : () => undefined;
