import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { servePage, type ServedPage, textOf } from "./served-page.ts";

let served: ServedPage;
let page: Page;
beforeAll(async () => {
  served = await servePage();
  page = await served.open(360);
}, 60_000);
afterAll(() => served?.close());

const box = '[data-key="encoder studio~b"]';
const noonMs = Date.parse("2026-09-21T12:00:00Z");
const at = (hours: number) => new Date(noonMs + hours * 3_600_000).toISOString();

async function shown(history: object | undefined) {
  served.hub.histories = history === undefined ? {} : { "studio~b": history };
  await page.reload();
  await page.locator(`${box} summary`).first().click();
  return async () => (await textOf(page, box)).replaceAll(/\s+/g, " ");
}
const day = { ref: "studio~b", from: at(-24), to: at(0), step: 300 };
const counts = { requests: 60, failed: 0, resets: 0 };
const point = { healthScore: 100, latencyMs: 30, ...counts, temperatureC: null };

test("a day of a box's connection is bars as high as its score, and a sentence of the worst of it", async () => {
  const text = await shown({
    ...day,
    points: [
      { at: at(-24), ...point },
      { at: at(-12), ...point, healthScore: 25, latencyMs: 840, failed: 6 },
      { at: at(-6), ...point, healthScore: null, latencyMs: null, requests: 0 },
    ],
  });
  const sentence =
    "Connection, last 24 h: lowest 25 of 100 at 2026-09-21 02:00:00.0, slowest 840 ms, 6 of 120 requests failed";
  await expect.poll(text).toContain(sentence);
  const bars = await page.locator(`${box} .history rect`).evaluateAll((all) =>
    all.map((bar) => ({
      tone: bar.getAttribute("class"),
      ...{ x: Number(bar.getAttribute("x")), height: Number(bar.getAttribute("height")) },
    })),
  );
  expect(bars).toEqual([
    { tone: "good", x: 0, height: 40 },
    { tone: "critical", x: 144, height: 10 },
  ]);
  expect(await page.locator(`${box} .history svg`).getAttribute("aria-label")).toBe(sentence);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBeLessThanOrEqual(360);
});

test("what it tells of its heat is a line with gaps, and a sentence of the hottest of it", async () => {
  const text = await shown({
    ...day,
    points: [
      { at: at(-12), ...point, temperatureC: 50 },
      { at: at(-12 + 1 / 12), ...point, temperatureC: 81.6 },
      { at: at(-6), ...point, temperatureC: 47 },
    ],
  });
  const sentence = "Temperature, last 24 h: at most 82 °C at 2026-09-21 02:05:00.0, last 47 °C";
  await expect.poll(text).toContain(sentence);
  const line = page.locator(`${box} .history path`);
  expect(await line.getAttribute("d")).toBe("M144.0 20.0h1L145.0 7.4M216.0 21.2h1");
  expect(await page.locator(`${box} .history svg`).last().getAttribute("aria-label")).toBe(
    sentence,
  );
});

test("a box with nothing kept yet, and one whose site does not say, are told of as such", async () => {
  await expect.poll(await shown({ ...day, points: [] })).toContain("last 24 h: nothing kept yet");
  await expect.poll(await shown(undefined)).toContain("last 24 h: others are asking");
});
