import { test } from "vitest";
import { effort } from "./effort.ts";

/**
 * A test that takes half a second or more: for every test run, not for the quick check that is asked
 * for all day. Whole files of them are called `*.thorough.test.ts`.
 */
export const slow = test.skipIf(process.env["UNDERSTUDY_EFFORT"] === "check");

/** A test that others come close to, or of minutes: for the full counts only, `npm test` names it as skipped. */
export const long = test.skipIf(effort() !== "torture");
