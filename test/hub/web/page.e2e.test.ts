import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { board } from "./board.ts";
import { servePage, type ServedPage, textOf } from "./served-page.ts";

let served: ServedPage;
beforeAll(async () => {
  served = await servePage();
}, 60_000);
afterAll(() => served?.close());

const open: ServedPage["open"] = (...p) => served.open(...p);
const shot = async (page: Page, name: string) => {
  const dir = process.env["SCREENSHOTS"];
  if (dir) await page.screenshot({ path: `${dir}/${name}.png`, fullPage: true });
};

test.each([1280, 360])(
  "at %d px the carriage word is the biggest, and nothing sticks out",
  async (width) => {
    const page = await open(width);
    const words = page.locator(".carriage");
    await words.first().waitFor();
    expect((await words.allInnerTexts()).map((text) => text.slice(2))).toEqual([
      "OFF AIR",
      "NOT KNOWN",
      "ON AIR",
    ]);
    const sizes = await page.evaluate(() =>
      [...document.querySelectorAll("main *")].map((e) => ({
        carriage: e.closest(".carriage") !== null,
        px: Number.parseFloat(getComputedStyle(e).fontSize),
      })),
    );
    const largest = (carriage: boolean) =>
      Math.max(...sizes.filter((s) => s.carriage === carriage).map((s) => s.px));
    expect(largest(true)).toBeGreaterThan(largest(false));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      width,
    );
    await shot(page, `board-${width}`);
    await page.close();
  },
  60_000,
);

/** Every visible text with what stands behind it, both as `r g b`, and its contrast by WCAG 2.2. */
function contrasts() {
  const rgb = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: string) => {
    const [r = 0, g = 0, b = 0] = rgb(colour).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (of: Element | null): string => {
    if (!of) return "rgb(255, 255, 255)";
    const { backgroundColor } = getComputedStyle(of);
    return rgb(backgroundColor)[3] === 0 ? behind(of.parentElement) : backgroundColor;
  };
  return [...document.querySelectorAll<HTMLElement>("body *")]
    .filter((element) => element.checkVisibility() && element.tagName !== "NOSCRIPT")
    .filter((element) =>
      [...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.nodeValue?.trim()),
    )
    .map((element) => {
      const style = getComputedStyle(element);
      const [text, ground] = [luminance(style.color), luminance(behind(element))];
      const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
      const px = Number.parseFloat(style.fontSize);
      const large = px >= 24 || (px >= 18.66 && Number(style.fontWeight) >= 700);
      return { text: element.textContent ?? "", ratio, least: large ? 3 : 4.5 };
    });
}

test.each(
  (["dark", "light"] as const).flatMap((scheme) => [390, 1280].map((width) => [scheme, width])),
)(
  "in %s colours at %d px every word can be read, and nothing scrolls sideways",
  async (scheme, width) => {
    const page = await open(width as number, scheme as "dark" | "light");
    await page.locator(".carriage").first().waitFor();
    await page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true;
    });
    await page.locator('[data-key="studio~main"] [data-plan]').click();
    await page.locator('[data-key="studio~second"] [data-do="Fail over now"]').click();
    await page.getByText("Yes, fail over now: second").waitFor();
    const seen = await page.evaluate(contrasts);
    expect(seen.length).toBeGreaterThan(60);
    expect(seen.filter(({ ratio, least }) => ratio < least)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await shot(page, `${scheme}-${width}`);
    await page.close();
  },
  60_000,
);

test("every control is reached by Tab, in the order of the page, and shows that it is", async () => {
  const page = await open(390);
  await page.locator("#stream-list button:enabled").first().waitFor();
  const there = await page.locator("a, button:visible, summary").allInnerTexts();
  const reached: string[] = [];
  for (const _ of there) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const { activeElement: on } = document;
      return { text: (on as HTMLElement).innerText, outline: getComputedStyle(on!).outlineStyle };
    });
    expect(focused.outline).toBe("solid");
    reached.push(focused.text);
  }
  expect(reached).toEqual(there);
  await page.close();
}, 60_000);

test("by keyboard alone: a second step names the stream, and the site's refusal is shown", async () => {
  const page = await open(1280);
  const { hub } = served;
  hub.asked.length = hub.foreseen.length = 0;
  const first = page.locator("#stream-list button").first();
  await first.focus();
  await page.keyboard.press("Enter");
  await page.getByText("Yes, fail over now: second").waitFor();
  await page.getByText("The site says: refused (not_possible): no understudy is ready").waitFor();
  const what = { path: "/api/streams/studio~second/commands", body: { verb: "failover" } };
  expect([hub.asked, hub.foreseen]).toEqual([[], [what]]);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByText("Fail over now: refused (not_possible): no understudy").waitFor();
  expect(hub.asked).toEqual([what]);
  await page.close();
}, 60_000);

test("what is seen of the picture stands in the card, and that the understudy shows another", async () => {
  const page = await open(1024);
  const card = '[data-key="studio~second"]';
  expect(await textOf(page, card)).toContain("Next: Switch that encoder off or pull its cable");
  await page.locator(`${card} summary`).click();
  await page.locator(`${card} dl`).waitFor();
  const text = await textOf(page, card);
  expect(text).toMatch(/at the far end: . black for 1\d s/);
  expect(text).toContain("b: ? not known");
  expect(text).toContain("HELO in rack 1 and b show different programmes");
  expect(text).toContain("at best 12 % alike");
  await expect(page.locator('[data-key="studio~main"]').textContent()).resolves.not.toContain(
    "Picture",
  );
  await page.close();
});

test("what a relay's input brings and is not carried stands in the card, with what to set, and how long it takes", async () => {
  const figure = (value: number) => ({
    ...{ value, at: new Date().toISOString(), source: "its ingest's times" },
  });
  const figures = { continuityErrors: figure(0), latencyMs: figure(260) };
  const misfit = "sound 1 of a is AC-3, which is not carried: set the encoder to AAC";
  const { streams, ...rest } = board();
  const relay = {
    ...{ health: "running", selected: "a", since: new Date().toISOString(), reason: "start" },
    ...{ missingMs: 0, figures: { latencyMs: figure(1_430) } },
    inputs: [{ encoder: "a", brings: true, carried: null, misfits: [misfit], figures }],
  };
  const before = served.hub.board;
  onTestFinished(() => void (served.hub.board = before));
  served.hub.board = () => ({
    ...rest,
    streams: streams.map((one) => (one.id === "second" ? { ...one, relay } : one)),
  });
  const page = await open(1024);
  const card = '[data-key="studio~second"]';
  await page.locator(`${card} summary`).click();
  await page.locator(card).getByText(misfit).waitFor();
  const text = await textOf(page, card);
  expect(text).toContain("1.4 s from ingest to relay output");
  expect(text).toContain("0.26 s after its ingest, 0 packets wrong");
  await page.close();
});

test("an incident shows its seconds, its cause and what proved the encoder off", async () => {
  const page = await open(1280);
  const card = page.locator("#incident-list article");
  await card.getByText("2.1 s off air").waitFor();
  expect(await card.locator(".legend li").allInnerTexts()).toEqual([
    "detect 0.01 s",
    "decide 0.00 s",
    "fence 0.03 s",
    "start 1.60 s",
    "confirm 0.50 s",
  ]);
  await card.getByText("Fence certificate, level 2").click();
  await card.getByText("0 bytes unsent to the destination").waitFor();
  // Redrawn every quarter of a second: what a reader opened stays open.
  await page.waitForFunction(() => document.querySelector("#link")?.textContent?.includes("live"));
  expect(await card.locator("details[open]").count()).toBe(1);
  await page.close();
}, 60_000);

test("when the hub falls silent the page says so loudly and its buttons stop working", async () => {
  const page = await open(1280);
  await page.locator("#stream-list button:enabled").first().waitFor();
  served.hub.silent = true;
  await page.locator("#stale:visible").waitFor({ timeout: 20_000 });
  expect(await page.locator("#stale").innerText()).toContain("DATA IS STALE");
  expect(await page.locator("#stream-list button:enabled").count()).toBe(0);
  await shot(page, "stale-1280");
  served.hub.silent = false;
  await page.locator("#stream-list button:enabled").first().waitFor({ timeout: 20_000 });
  await page.close();
}, 60_000);

test("a hub that wants a key gets it from the form, and the tab remembers it", async () => {
  served.hub.wantsKey = true;
  const page = await open(360);
  await page.getByLabel(/API key/).fill("open-sesame");
  await page.keyboard.press("Enter");
  await page.locator(".carriage").first().waitFor();
  await page.reload();
  await page.locator(".carriage").first().waitFor();
  served.hub.wantsKey = false;
  await page.close();
}, 60_000);
