import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { board } from "./board.ts";

const file = (name: string) => new URL(`../../../hub/web/${name}`, import.meta.url);
let browser: Browser;
let server: Server;
let script: string;
const asked: string[] = [];
let silent = false;
let wantsKey = false;

beforeAll(async () => {
  const built = await build({
    ...{ entryPoints: [file("page.ts").pathname], bundle: true, format: "esm", write: false },
    minify: true,
  });
  script = built.outputFiles[0]?.text ?? "";
  server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    if (path === "/")
      return void response
        .setHeader("Content-Type", "text/html")
        .end(readFileSync(file("index.html")));
    if (path === "/page.css")
      return void response
        .setHeader("Content-Type", "text/css")
        .end(readFileSync(file("page.css")));
    if (path === "/page.js")
      return void response.setHeader("Content-Type", "text/javascript").end(script);
    if (silent)
      return void response.writeHead(503).end(JSON.stringify({ detail: "the hub rests" }));
    if (wantsKey && request.headers.authorization !== "Bearer open-sesame") {
      return void response.writeHead(401).end(JSON.stringify({ detail: "Unknown or expired key" }));
    }
    if (request.method === "POST") {
      let body = "";
      request.on("data", (piece: Buffer) => (body += piece.toString()));
      request.on("end", () => {
        asked.push(`${path} ${body}`);
        response.end(
          JSON.stringify({
            status: "refused",
            code: "not_possible",
            message: "no understudy is ready",
          }),
        );
      });
      return;
    }
    const items = (board() as Record<string, unknown[]>)[path.replace("/api/", "")];
    if (!items) return void response.writeHead(404).end("{}");
    response.end(JSON.stringify({ items, nextCursor: null }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

async function open(width: number): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return page;
}
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
      "ON AIR",
      "OFF AIR",
      "NOT KNOWN",
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

test("by keyboard alone: a second step names the stream, and the site's refusal is shown", async () => {
  const page = await open(1280);
  const first = page.locator("#stream-list button").first();
  await first.waitFor();
  await first.focus();
  await page.keyboard.press("Enter");
  await page.getByText("Yes, fail over now: Main programme").waitFor();
  expect(asked).toEqual([]);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByText("refused (not_possible): no understudy is ready").waitFor();
  expect(asked).toEqual(['/api/streams/studio~main/commands {"verb":"failover"}']);
  await page.close();
}, 60_000);

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
  silent = true;
  await page.locator("#stale:visible").waitFor({ timeout: 20_000 });
  expect(await page.locator("#stale").innerText()).toContain("DATA IS STALE");
  expect(await page.locator("#stream-list button:enabled").count()).toBe(0);
  await shot(page, "stale-1280");
  silent = false;
  await page.locator("#stream-list button:enabled").first().waitFor({ timeout: 20_000 });
  await page.close();
}, 60_000);

test("a hub that wants a key gets it from the form, and the tab remembers it", async () => {
  wantsKey = true;
  const page = await open(360);
  await page.getByLabel("API key").fill("open-sesame");
  await page.keyboard.press("Enter");
  await page.locator(".carriage").first().waitFor();
  await page.reload();
  await page.locator(".carriage").first().waitFor();
  wantsKey = false;
  await page.close();
}, 60_000);
