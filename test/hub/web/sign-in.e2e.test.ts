/** The page of a real hub, a real provider and a real browser. */
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { Hub } from "../../e2e/hub.ts";
import { aProvider, client } from "../auth/a-provider.ts";

test("somebody clicks the provider's button, comes in, stays in, and is told why not", async () => {
  const folder = join(tmpdir(), `understudy-sign-in-${process.pid}`);
  const [config, secret] = [`${folder}.yaml`, `${folder}.secret`];
  onTestFinished(() => {
    for (const file of [config, secret]) rmSync(file, { force: true });
  });
  writeFileSync(secret, client.clientSecret, { mode: 0o600 });
  writeFileSync(config, "{}");
  // Its port is known once it runs, and the provider must know where it may send people.
  const hub = await Hub.start(config, { isClosed: true });
  const idp = await aProvider(`${hub.url}/api/auth/oidc/idp/callback`);
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    const provider = `id: idp, name: Test, issuer: "${idp.issuer}", clientId: ${client.clientId}`;
    const signIn = `signIn: [{${provider}, clientSecret: "file:${secret}"}]`;
    writeFileSync(config, `publicUrl: ${hub.url}\n${signIn}\n`);
    await hub.kill();
    await hub.start();
    const reply = await fetch(`${hub.url}/api/users`, {
      method: "POST",
      headers: { authorization: `Bearer ${hub.adminKey}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "anna", role: "operator", email: "anna@example.org" }),
    });
    expect(reply.status).toBe(201);
    Object.assign(idp.accounts, {
      "anna-1": { email: "anna@example.org", email_verified: true },
      "eve-1": { email: "eve@example.org", email_verified: true },
    });

    const open = async () => {
      const page = await (await browser.newContext()).newPage();
      page.setDefaultTimeout(20_000);
      await page.goto(hub.url);
      return page;
    };
    const button = { name: "Sign in with Test" };
    idp.is = "eve-1";
    const stranger = await open();
    await stranger.getByRole("link", button).click();
    await stranger.locator("#login-answer", { hasText: /Nobody has invited/ }).waitFor();
    expect(stranger.url()).toBe(`${hub.url}/`);

    idp.is = "anna-1";
    const page = await open();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.getByLabel(/Stay logged in/).check();
    await page.getByRole("link", button).click();
    await page.locator("#who", { hasText: /^anna$/ }).waitFor();
    await page.locator("main:visible").waitFor();
    expect(page.url()).toBe(`${hub.url}/`);
    const kept = await page.evaluate(() => localStorage.getItem("understudy-login"));
    const { access, refresh } = JSON.parse(kept ?? "{}") as { access: string; refresh: string };
    expect(asked.filter((url) => url.includes(access) || url.includes(refresh))).toEqual([]);
    // The provider's own are here as well: cookies do not know ports.
    const cookies = (await page.context().cookies(hub.url)).map(({ name }) => name);
    expect(cookies.filter((name) => name.includes("understudy"))).toEqual([]);
    await page.reload();
    await page.locator("main:visible").waitFor();
  } finally {
    await browser.close();
    await hub.close();
    await idp.close();
  }
}, 120_000);
