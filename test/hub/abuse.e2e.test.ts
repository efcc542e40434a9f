/** A real hub, and people who do not mean well, or scripts that are broken. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../e2e/facility.ts";
import { Hub } from "../e2e/hub.ts";
import { at } from "../setup/effort.ts";
import { info, stream } from "./messages.ts";

let hub: Hub;
const folder = mkdtempSync(join(tmpdir(), "understudy-abuse-"));

beforeAll(async () => {
  const config = join(folder, "hub.yaml");
  // Limits by address and key would answer before anything here is reached.
  const plenty = "{ requests: 1000000, keyPerHour: 100000000 }";
  writeFileSync(config, `rateLimit: ${plenty}\nmqtt: { broker: { anonymous: true } }\n`);
  hub = await Hub.start(config, { isClosed: true });
}, 60_000);
afterAll(async () => {
  await hub?.close();
  rmSync(folder, { recursive: true });
});

const count = at({ check: 1_000, test: 3_000, torture: 10_000 });
const authorization = () => `Bearer ${hub.adminKey}`;
const ask = (path: string, init: RequestInit = {}) =>
  fetch(hub.url + path, { ...init, headers: { authorization: authorization(), ...init.headers } });
const residentKiB = () => {
  const status = readFileSync(`/proc/${hub.pid()}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
};

test("requests that come drop by drop are ended, and nobody else waits for them", async () => {
  const { port, hostname } = new URL(hub.url);
  let ended = 0;
  const slow = Array.from({ length: 300 }, (): Socket => {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    socket.on("close", () => (ended += 1));
    socket.write("GET /api/sites HTTP/1.1\r\nHost: hub\r\nX-Slow: ");
    return socket;
  });
  const dripping = setInterval(() => slow.forEach((socket) => socket.write("a")), 500);
  expect((await ask("/api/sites")).status).toBe(200);
  await until("all of them are ended", () => ended === slow.length, 60_000);
  clearInterval(dripping);
  expect((await ask("/api/sites")).status).toBe(200);
}, 120_000);

test("headers and bodies beyond all reason are refused, and the hub goes on", async () => {
  const headers = { "x-long": "a".repeat(9_000) };
  expect((await ask("/api/sites", { headers })).status).toBe(431);
  const body = JSON.stringify({ name: "a".repeat(1_048_576) });
  const json = { "content-type": "application/json" };
  // Node may end the connection while the body is still on its way.
  const large = await ask("/api/users", { method: "POST", body, headers: json }).then(
    ({ status }) => status,
    () => 413,
  );
  expect(large).toBe(413);
  expect((await ask("/api/sites")).status).toBe(200);
});

test(`${count} malformed requests: each is refused, none by an error of ours, and memory stays`, async () => {
  const { paths } = (await (await ask("/openapi.json")).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const routes = Object.entries(paths).flatMap(([path, verbs]) =>
    Object.keys(verbs).map((verb) => ({ path, method: verb.toUpperCase() })),
  );
  const odd = ["%00", "..%2f..", "x~y~z", "😀", "__proto__", "a".repeat(900), "%E0%A4%A", "1e308"];
  const bodies = ["{", "[]", '"text"', "null", '{"__proto__":{"a":1}}', '{"verb":1e308}', "\u0000"];
  const pick = <T>(all: readonly T[], n: number) => all[n % all.length]!;
  async function round(of: number): Promise<Map<number, number>> {
    const statuses = new Map<number, number>();
    const one = async (n: number) => {
      const { path, method } = pick(routes, n * 7);
      const url = path.replace(/\{\w+\}/g, () => pick(odd, n)) + (n % 3 ? "" : "?limit=-1&x[]=%");
      const hasBody = method !== "GET" && method !== "HEAD" && method !== "DELETE";
      const reply = await ask(url, {
        method,
        headers: { "content-type": n % 5 ? "application/json" : "text/odd" },
        ...(hasBody && { body: pick(bodies, n * 3) }),
      });
      await reply.arrayBuffer();
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
    };
    for (let n = 0; n < of; n += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, at) => one(n + at)));
    }
    return statuses;
  }
  await round(1_000);
  const before = residentKiB();
  const statuses = await round(count);
  const failed = [...statuses].filter(([status]) => status >= 500 && status !== 501);
  expect(failed).toEqual([]);
  // They came as far as they should.
  expect([...statuses.keys()]).toEqual(expect.arrayContaining([400, 404, 415]));
  expect(residentKiB() - before).toBeLessThan(64 * 1_024);
  expect((await ask("/api/sites")).status).toBe(200);
}, 300_000);

test("one idempotency key, sent 1,000 times at once, asks the site once", async () => {
  const site = await connectAsync(`mqtt://127.0.0.1:${hub.mqttPort}`);
  let asked = 0;
  site.on("message", () => (asked += 1));
  await site.subscribeAsync("understudy/v1/studio/request/#", { qos: 1 });
  const tell = (path: string, payload: unknown) =>
    site.publishAsync(`understudy/v1/studio/${path}`, JSON.stringify(payload), {
      ...{ qos: 1, retain: true },
    });
  await tell("info", info());
  await site.publishAsync("understudy/v1/studio/availability", "online", { qos: 1, retain: true });
  await tell("stream/main/state", stream());
  await until("the stream is known", async () => (await ask("/api/streams/main")).status === 200);
  const replies = await Promise.all(
    Array.from({ length: 1_000 }, () =>
      ask("/api/streams/main/commands", {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": "once-only-please" },
        body: JSON.stringify({ verb: "stop" }),
      }),
    ),
  );
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([202]));
  const ids = await Promise.all(replies.map(async (r) => ((await r.json()) as { id: string }).id));
  expect(new Set(ids).size).toBe(1);
  await until("the site was asked", () => asked > 0);
  expect(asked).toBe(1);
  await site.endAsync();
}, 120_000);
