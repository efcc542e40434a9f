import { test } from "vitest";
import { checkSafety } from "./safety.ts";

test("whatever happens, one key has one owner, who took it over with proof (share 2 of 2)", () => {
  checkSafety("otherSafety");
}, 36_000_000);
