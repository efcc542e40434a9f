import { test } from "vitest";

/**
 * A test that takes half a second or more: for every test run, not for the quick check that is asked
 * for all day. Whole files of them are called `*.thorough.test.ts`.
 */
export const slow = test.skipIf(process.env["UNDERSTUDY_EFFORT"] === "check");
