import { expect, test } from "vitest";
import { compared, inTurn } from "./in-turn.ts";

function aLog() {
  const log: string[] = [];
  const noted = (word: string) => () => Promise.resolve(void log.push(word));
  return { log, condition: { begin: noted("begin"), end: noted("end") }, settle: noted("settle") };
}

test("with and without it are measured in turn, and all is in order before the next", async () => {
  const { log, condition, settle } = aLog();
  let count = 0;
  const measure = () => Promise.resolve((log.push("measure"), ++count));
  expect(await inTurn(2, { measure, settle }, condition)).toEqual({ plain: [1, 3], under: [2, 4] });
  const pair = ["measure", "settle", "begin", "measure", "end", "settle"];
  expect(log).toEqual([...pair, ...pair]);
});

test("what was laid over it is taken off where the measurement fails", async () => {
  const { log, condition, settle } = aLog();
  const measure = () =>
    log.includes("begin") ? Promise.reject(new Error("no picture")) : Promise.resolve(1);
  await expect(inTurn(1, { measure, settle }, condition)).rejects.toThrow("no picture");
  expect(log.at(-1)).toBe("end");
});

test("the same share of both is compared, and judged by its ratio", () => {
  const found = { plain: [10, 20, 40], under: [10, 22, 100] };
  const what = "with all of it there";
  expect(compared("p", found, 0.5, { what, ratioAtMost: 1.05 })).toMatchObject({
    ...{ value: 22, ratio: 1.1, pass: false, against: "with all of it there: 20 ms" },
  });
  expect(compared("p", found, 0.95, { what, ratioAtMost: 3 })).toMatchObject({
    ...{ value: 100, ratio: 2.5, pass: true },
  });
  expect(compared("p", found, 0.5, { what }).pass).toBe(null);
});
