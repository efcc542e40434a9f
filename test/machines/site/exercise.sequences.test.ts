import { test } from "vitest";
import type { Step } from "../facility.ts";
import { checkSafety } from "./safety.ts";

const practice = ["closeForToday", "openWindow", "practise", "failover", "stall"] as const;
const faults = ["kill", "unplug", "press", "deaf", "hears"] as const;
const restarts = ["restart", "loseResults", "forget"] as const;
/** Where nobody is missed, its understudy is practised. */
const first: Step[] = [
  { do: "closeForToday", box: 0, s: 1, ms: 0 },
  { do: "practise", box: 1, s: 0.25, ms: 0 },
];

/** Seen to fail with a bug planted: one that is held at the destination of a programme. */
test("whoever is practised meanwhile, one key has one owner, and no programme is touched", () => {
  checkSafety("exercise", { only: [...practice, ...faults, ...restarts], first });
});
