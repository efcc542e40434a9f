import { test } from "vitest";
import { checkSafety } from "./safety.ts";

test("whatever happens, one key has one owner, who took it over with proof (share 1 of 2)", () => {
  checkSafety("safety");
}, 36_000_000);
