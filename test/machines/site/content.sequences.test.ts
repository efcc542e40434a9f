import { test } from "vitest";
import { pictures, programmes } from "../facility.ts";
import { checkSafety } from "./safety.ts";

const others = ["loseInput", "getInput", "switchSource", "kill", "unplug", "restart"] as const;

/**
 * Seen to fail with a bug planted: `sameProgramme` without `isFreeOf`, or without
 * `showsAnotherThanCarrier`; `actingFault` that does not ask what is to be done.
 */
test("whatever is shown, nobody is switched for it but by configuration, and to somebody better", () => {
  checkSafety("content", { only: [...pictures, ...programmes, ...others] });
});
