import { test, type TestOptions } from "vitest";
import { effort } from "./effort.ts";

/**
 * A test that takes half a second or more: for every test run, not for the quick check that is asked
 * for all day. Whole files of them are called `*.thorough.test.ts`.
 */
export const slow = test.skipIf(process.env["UNDERSTUDY_EFFORT"] === "check");

/** A test of minutes that others come close to: for the full counts only, there `npm test` has no room. */
export function long(name: string, options: TestOptions, run: () => Promise<void>): void {
  if (effort() === "torture") test(name, options, run);
}
