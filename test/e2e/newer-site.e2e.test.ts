/** A site that is newer than the hub says words that the hub has never heard. */
import { connectAsync } from "mqtt";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { encoder, info, stream } from "../hub/messages.ts";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { Hub, type Json } from "./hub.ts";

const { keep } = closedAfterEach();

/** A word of another version, where the types know only those of this one. */
const word = <T>(text: string) => text as T;

test("a word that the hub does not know hides nothing of the rest, neither in its API nor on its page", async () => {
  const hub = keep(await Hub.start());
  const client = await connectAsync(`mqtt://127.0.0.1:${hub.mqttPort}`, { protocolVersion: 4 });
  keep({ close: () => client.endAsync(true) });
  const say = (path: string, payload: unknown) =>
    client.publishAsync(
      `understudy/v1/studio/${path}`,
      typeof payload === "string" ? payload : JSON.stringify(payload),
      { qos: 1, retain: true },
    );
  await say("info", info());
  await say(
    "encoder/helo-a/state",
    encoder({ thermal: word("tropical"), input: word("sideways"), warnings: ["fan is loud"] }),
  );
  await say(
    "stream/main/state",
    stream({ carriage: word("levitating"), because: "publishing since the start" }),
  );
  await say("availability", "online");

  const items = async (kind: string) => (await hub.get(`/api/${kind}`))["items"] as Json[];
  const [box] = await until("the encoder", async () => {
    const found = await items("encoders");
    return found.length > 0 && found;
  });
  expect(box).toMatchObject({
    ...{ id: "helo-a", link: "reachable", thermal: "unknown", input: "unknown" },
    ...{ service: "inService", warnings: ["fan is loud"] },
    figures: { temperatureC: { value: 61.5 } },
  });
  const [programme] = await until("the stream", async () => {
    const found = await items("streams");
    return found.length > 0 && found;
  });
  expect(programme).toMatchObject({
    ...{ id: "main", carriage: "unknown", carrier: "carried", encoder: "helo-a" },
    because: "publishing since the start",
  });
  const [site] = await items("sites");
  expect(site).toMatchObject({ id: "studio", quarantined: 0 });

  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  keep(browser);
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(hub.url);
  await page.locator(".carriage").first().waitFor();
  const shown = await until("the page", async () => {
    const text = await page.locator("main").innerText();
    return text.includes("fan is loud") && text;
  });
  expect(shown).toContain("main");
  expect(shown).toContain("HELO A");
  expect(shown).toContain("publishing since the start");
  expect(errors).toEqual([]);
}, 180_000);
