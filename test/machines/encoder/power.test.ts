import { expect, test } from "vitest";
import { isExpectedBack } from "../../../machines/encoder/power.ts";

const at = (s: number) => ({ bootId: "one", monoMs: s * 1_000, wallMs: 1_000_000 + s * 1_000 });

test("a box is expected back for three minutes after its power was cut or it was rebooted", () => {
  const cut = { cuts: [at(10)], repairs: { done: [] } };
  expect(isExpectedBack(cut, at(189))).toBe(true);
  expect(isExpectedBack(cut, at(190))).toBe(false);
  const rebooted = { cuts: [], repairs: { done: [{ at: at(0) }, { at: at(100) }] } };
  expect(isExpectedBack(rebooted, at(279))).toBe(true);
  expect(isExpectedBack(rebooted, at(280))).toBe(false);
  expect(isExpectedBack({ cuts: [], repairs: { done: [] } }, at(0))).toBe(false);
});
