/** What the audit log of a real hub has when people and programs try what they may not. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { io } from "socket.io-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { until } from "../../e2e/facility.ts";
import { Hub, type Json } from "../../e2e/hub.ts";

let hub: Hub;
const folder = mkdtempSync(join(tmpdir(), "understudy-security-events-"));
beforeAll(async () => {
  const config = join(folder, "hub.yaml");
  writeFileSync(config, "webhooks: { allow: [127.0.0.0/8] }\ntrustedProxies: [127.0.0.1]\n");
  hub = await Hub.start(config, { isClosed: true });
}, 60_000);
afterAll(async () => {
  await hub?.close();
  rmSync(folder, { recursive: true });
});

async function ask(method: string, path: string, body?: object, more: object = {}) {
  const headers = {
    ...{ authorization: `Bearer ${hub.adminKey}`, ...more },
    ...(body && { "content-type": "application/json" }),
  };
  const sent = body && { body: JSON.stringify(body) };
  const reply = await fetch(hub.url + path, { method, headers, ...sent });
  return { status: reply.status, body: (await reply.json()) as Json };
}
const rows = async (type: string) =>
  (await ask("GET", `/api/audit?limit=200&type=${type}`)).body["items"] as Json[];
/** Until there is a row like this. */
const written = (type: string, like: Json) =>
  until(`${type} ${JSON.stringify(like)} is in the audit log`, async () =>
    (await rows(type)).find((row) => Object.entries(like).every(([k, v]) => row[k] === v)),
  );
const mosquitto = (program: "pub" | "sub", ...args: string[]) =>
  new Promise<void>((resolve) => {
    const all = ["-h", "127.0.0.1", "-p", String(hub.mqttPort), ...args];
    execFile(`mosquitto_${program}`, all, { timeout: 10_000 }, () => resolve());
  });

test("keys that the hub makes by itself are written down: its first, and one more by command line", async () => {
  await written("key.made", { actor: "hub", outcome: "ok" });
  await hub.kill();
  await hub.start("--new-admin-key");
  const made = await until("both are there", async () => {
    const all = await rows("key.made");
    return all.length === 2 && all;
  });
  const names = made.map(({ detail }) => (detail as Json)["name"]);
  expect(names).toEqual(["by command line", "bootstrap"]);
}, 60_000);

test("whoever is refused at the broker is written down: a wrong password, and what is not its own", async () => {
  const studio = (await ask("POST", "/api/keys", { name: "s", kind: "site", site: "studio" })).body;
  const password = String(studio["key"]);
  const status = "understudy/v1/chapel/availability";
  for (let n = 0; n < 5; n++)
    await mosquitto("pub", "-u", "studio", "-P", "no", "-t", status, "-m", "x");
  await mosquitto("pub", "-t", status, "-m", "x");
  await mosquitto("pub", "-u", "studio", "-P", password, "-t", status, "-m", "x", "-q", "1");
  await mosquitto("sub", "-u", "studio", "-P", password, "-t", "understudy/v1/chapel/#", "-W", "2");

  const by = { outcome: "refused", address: "127.0.0.1" };
  await written("mqtt.refused", { ...by, code: "wrong_login", name: "studio" });
  await written("mqtt.refused", { ...by, code: "publish_refused", name: "studio", object: status });
  const all = { code: "subscribe_refused", object: "understudy/v1/chapel/#" };
  await written("mqtt.refused", { ...by, ...all });
  // Five wrong logins in a minute are one row, and nobody's password is in it.
  const wrong = (await rows("mqtt.refused")).filter(({ code }) => code === "wrong_login");
  expect(wrong.map(({ name }) => name).toSorted()).toEqual(["studio", undefined]);
  expect(JSON.stringify(await rows("mqtt.refused"))).not.toContain(password);
}, 60_000);

test("a page of another origin is written down wherever it knocks, with the address before the proxy", async () => {
  const origin = "http://evil.example";
  const headers = { origin, "x-forwarded-for": "192.0.2.7" };
  const refused = await ask("POST", "/api/keys", { name: "x", kind: "ro" }, headers);
  expect(refused).toMatchObject({ status: 403, body: { code: "foreign_origin" } });
  const socket = io(hub.url, {
    ...{ transports: ["websocket"], reconnection: false, extraHeaders: headers },
  });
  const graph = new WebSocket(`${hub.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", {
    headers,
  });
  graph.on("error", () => undefined);
  for (const object of ["POST /api/keys", "socket.io", "graphql-ws"]) {
    const row = await written("refused", {
      ...{ code: "foreign_origin", object, address: "192.0.2.7" },
    });
    expect(row["detail"]).toEqual({ origin });
  }
  socket.close();
});

test("a socket with a wrong key, a command that no site was told and a webhook's test are written down", async () => {
  const auth = { token: "us_adm_wrong" };
  const socket = io(hub.url, { transports: ["websocket"], reconnection: false, auth });
  await written("refused", { code: "unknown_key", address: "127.0.0.1" });
  socket.close();

  const publish = (path: string, text: string) =>
    mosquitto(
      "pub",
      "-u",
      "studio",
      "-P",
      key,
      "-t",
      `understudy/v1/studio/${path}`,
      "-m",
      text,
      "-r",
    );
  const made = await ask("POST", "/api/keys", { name: "s", kind: "site", site: "studio" });
  const key = String(made.body["key"]);
  const inventory = [{ kind: "stream", id: "main" }];
  const info = {
    ...{ site: "studio", epoch: "e", session: "s", contractMinor: 0, version: "1", bootId: "b" },
    ...{ startedAtMs: 1, seq: 0, inventory },
  };
  await publish("info", JSON.stringify(info));
  const stop = async (verb: string) => ask("POST", "/api/streams/main/commands", { verb });
  await until("the stream is known", async () => (await stop("explode")).status === 400);
  expect((await stop("stop")).body["code"]).toBe("site_offline");
  const object = "stream:studio~main";
  await written("command.notSent", { code: "unknown_verb", outcome: "refused", object });
  await written("command.notSent", { code: "site_offline", outcome: "refused", object });

  const hook = await ask("POST", "/api/webhooks", { url: "http://127.0.0.1:9/hook" });
  await ask("POST", `/api/webhooks/${String(hook.body["id"])}/test`);
  await written("webhook.tested", { object: `webhook:${String(hook.body["id"])}` });
}, 60_000);

test("the log of all that is whole", () => {
  const program = new URL("../../../dist/understudy.js", import.meta.url).pathname;
  const args = [program, "audit", "verify", "--state-dir", hub.stateDir];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(stdout).toMatch(/^whole: \d+ rows/);
  expect(status).toBe(0);
});
