/** The page of a real hub that knows its people, in a real browser. */
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Hub } from "../../e2e/hub.ts";

const password = "a clock that runs backwards";
let hub: Hub;
let browser: Browser;

beforeAll(async () => {
  hub = await Hub.start(undefined, { isClosed: true });
  const reply = await fetch(`${hub.url}/api/users`, {
    method: "POST",
    headers: { authorization: `Bearer ${hub.adminKey}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "anna", role: "operator", password }),
  });
  expect(reply.status).toBe(201);
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await hub?.close();
});

async function open(more = ""): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 360, height: 760 } });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(`${hub.url}/${more}`);
  return page;
}
async function logIn(page: Page, name: string, secret: string): Promise<void> {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel(/Password/).fill(secret);
  await page.getByRole("button", { name: "Log in" }).click();
}
const isIn = (page: Page) => page.locator("main:visible").waitFor();
const isOut = (page: Page) => page.locator("#login:visible").waitFor();
const answer = (page: Page, text: RegExp) =>
  page.locator("#login-answer", { hasText: text }).waitFor();

test("a stranger sees nothing but the form, is told what was wrong, and a person comes in", async () => {
  const page = await open();
  await isOut(page);
  expect(await page.locator("main").isVisible()).toBe(false);
  if (process.env["SCREENSHOTS"]) {
    await page.screenshot({ path: `${process.env["SCREENSHOTS"]}/login-360.png` });
  }
  await logIn(page, "anna", "not the password");
  await answer(page, /wrong name or password/);
  await logIn(page, "anna", password);
  await isIn(page);
  expect(await page.locator("#who").innerText()).toBe("anna");
  await page.reload();
  await isIn(page);
  await page.getByRole("button", { name: "Log out" }).click();
  await isOut(page);
  await page.reload();
  await isOut(page);
  await page.context().close();
}, 120_000);

test("an API key without a name is as good, and polling is not counted as the key's; a wrong one is said to be wrong", async () => {
  const page = await open();
  await logIn(page, "", "us_adm_wrong");
  await answer(page, /Unknown or expired key/);
  const sentWith = new Map<string, Set<string>>();
  page.on("request", (request) => {
    const path = new URL(request.url()).pathname;
    const by = request.headers()["authorization"];
    if (by) sentWith.set(path, (sentWith.get(path) ?? new Set()).add(by));
  });
  await logIn(page, "", hub.adminKey);
  await isIn(page);
  await expect.poll(() => sentWith.get("/api/streams")?.size).toBe(1);
  const withKey = [...sentWith].filter(([, by]) => by.has(`Bearer ${hub.adminKey}`));
  expect(withKey.map(([path]) => path)).toEqual(["/api/auth/key"]);
  await page.reload();
  await isIn(page);

  // As it is after an hour: the page asks with its key again, and nobody notices.
  const access = () =>
    page.evaluate(() => {
      const kept = sessionStorage.getItem("understudy-login");
      return (JSON.parse(kept!) as { access: string }).access;
    });
  await page.evaluate(() => {
    const kept = JSON.parse(sessionStorage.getItem("understudy-login")!) as object;
    sessionStorage.setItem("understudy-login", JSON.stringify({ ...kept, access: "over" }));
  });
  await expect.poll(access, { timeout: 20_000 }).not.toBe("over");
  expect(await page.locator("#login").isVisible()).toBe(false);
  await page.getByRole("button", { name: "Log out" }).click();
  await isOut(page);
  await page.context().close();
}, 120_000);

test("somebody who was invited chooses a password and comes in with it", async () => {
  const reply = await fetch(`${hub.url}/api/users`, {
    method: "POST",
    headers: { authorization: `Bearer ${hub.adminKey}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "bert", role: "viewer" }),
  });
  const { invitation } = (await reply.json()) as { invitation: string };
  const page = await open(`#invitation=${invitation}`);
  await page.getByLabel(/Choose a password/).fill("short");
  await page.getByRole("button", { name: "Set the password" }).click();
  await answer(page, /characters/);
  await page.getByLabel(/Choose a password/).fill(password);
  await page.getByRole("button", { name: "Set the password" }).click();
  await answer(page, /It is set/);
  expect(page.url()).not.toContain(invitation);
  await logIn(page, "bert", password);
  await isIn(page);
  await page.context().close();
}, 120_000);

test("when the hour of a login is over it goes on by itself, also where two tabs share it", async () => {
  const first = await open();
  await first.getByLabel(/Stay logged in/).check();
  await logIn(first, "anna", password);
  await isIn(first);
  const second = await first.context().newPage();
  await second.goto(hub.url);
  await isIn(second);
  const stored = () =>
    first.evaluate(
      () => JSON.parse(localStorage.getItem("understudy-login")!) as { access: string },
    );
  // As a token looks to the hub whose hour is over.
  await first.evaluate(() => {
    const login = JSON.parse(localStorage.getItem("understudy-login")!) as object;
    localStorage.setItem("understudy-login", JSON.stringify({ ...login, access: "over" }));
  });
  await expect.poll(async () => (await stored()).access, { timeout: 20_000 }).not.toBe("over");
  for (const page of [first, second]) {
    await page.reload();
    await isIn(page);
    await page.waitForTimeout(1_500);
    expect(await page.locator("#login").isVisible()).toBe(false);
  }
  await first.context().close();
}, 120_000);
