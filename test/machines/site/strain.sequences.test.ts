import { test } from "vitest";
import { checkSafety } from "./safety.ts";

/** Long enough for the playbook to begin. */
const lasts = (what: "overload" | "congest" | "unplug" | "claimFailing", box: number) =>
  [0, 1].map(() => ({ do: what, box, s: 35, ms: 300 }) as const);

/** Planted: "no picture lost" fails when the site answers `mayInterrupt` whoever stands by. */
test("a carrier that is overloaded, or its network, keeps its picture while somebody stands by", () => {
  checkSafety("overload", { first: [...lasts("overload", 0), ...lasts("overload", 1)] });
  checkSafety("congestion", { first: lasts("congest", 0) });
}, 36_000_000);

/** Planted: "no picture lost" fails when the site lets every box be booted, whatever is seen. */
test("a carrier that does not answer, or says it fails, is not booted while its picture is seen", () => {
  checkSafety("onDuty", { first: lasts("unplug", 0) });
  checkSafety("onDuty", { first: lasts("claimFailing", 0) });
}, 36_000_000);
