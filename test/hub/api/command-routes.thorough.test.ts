/** What every route that asks a site for something promises, whatever it asks. */
import { expect, test } from "vitest";
import type {
  CommandRequest,
  CommandResponse,
} from "../../../machines/command/command.contract.ts";
import { info, storage } from "../messages.ts";
import { withAStudio } from "./an-api.ts";

const routes = [
  ["/api/streams/main/commands", { verb: "failover" }, "stream/main/failover"],
  ["/api/encoders/helo-a/commands", { verb: "sync" }, "encoder/helo-a/sync"],
  ["/api/encoders/helo-a/control", { verb: "sync" }, "encoder/helo-a/sync"],
  ["/api/storage/helo-a/commands", { verb: "move-recording" }, "storage/helo-a/move-recording"],
  ["/api/sites/studio/commands", { verb: "off-air" }, "site/studio/off-air"],
  ["/api/monitoring/thermal/helo-a/cooldown", {}, "encoder/helo-a/cooldown"],
] as const;

test("every route that asks a site is in the table of this test", async () => {
  const { app } = await withAStudio();
  await app.ready();
  const asking = app.routeTable.filter(
    ({ method, url }) => method === "POST" && /^\/api\/.*(commands|control|cooldown)$/.test(url),
  );
  expect(asking).toHaveLength(routes.length);
});

async function aStudio(now?: () => number) {
  const api = await withAStudio(now ? { now } : {});
  const { inventory } = info();
  api.hears(
    "studio",
    "info",
    info({ inventory: [...inventory, { kind: "storage", id: "helo-a" }] }),
  );
  api.hears("studio", "storage/helo-a/state", storage());
  const asked: CommandRequest[] = [];
  const on: string[] = [];
  const says: { answer?: Pick<CommandResponse, "status"> & Partial<CommandResponse> } = {};
  api.wire.answer = (topic, payload) => {
    const [, path] = /\/request\/(.+)$/.exec(topic) ?? [];
    if (path === undefined) return;
    const request = JSON.parse(payload) as CommandRequest;
    asked.push(request);
    on.push(path);
    const { answer } = says;
    if (!answer) return;
    const response = { id: request.id, message: "said the site", atMs: 1, ...answer };
    setImmediate(() => api.hears("studio", `response/${path}`, response));
  };
  return { ...api, asked, on, says };
}

test.each(routes)(
  "%s answers 202 with where to look, and asks the site",
  async (url, body, path) => {
    const { ask, on, says } = await aStudio();
    const answer = await ask("POST", url, { body });
    expect(answer).toMatchObject({ status: 202, body: { status: "sent", dryRun: false } });
    expect(on).toEqual([path]);
    const location = String(answer.headers["location"]);
    expect(location).toBe(`/api/commands/${String(answer.body["id"])}`);
    expect((await ask("GET", location)).body).toEqual(answer.body);
    expect(says.answer).toBeUndefined();
  },
);

test.each(routes)("%s waits as long as Prefer says, and no longer than that", async (url, body) => {
  const { ask, says } = await aStudio();
  const headers = { prefer: "respond-async, wait=1" };
  const unsaid = await ask("POST", url, { body, headers });
  expect(unsaid).toMatchObject({ status: 202, headers: { "preference-applied": "wait=1" } });
  says.answer = { status: "refused", code: "not_possible" };
  const said = await ask("POST", url, { body, headers: { prefer: "wait=30" } });
  expect(said).toMatchObject({ status: 200, body: { status: "refused", code: "not_possible" } });
});

test.each(routes)("%s does once what comes twice with one Idempotency-Key", async (url, body) => {
  const { ask, asked } = await aStudio();
  const headers = { "idempotency-key": "once" };
  const many = await Promise.all(
    Array.from({ length: 20 }, () => ask("POST", url, { body, headers })),
  );
  expect(new Set(many.map(({ status }) => status)).size).toBeLessThanOrEqual(2);
  expect(many.every(({ status }) => status === 202 || status === 409)).toBe(true);
  const again = await ask("POST", url, { body, headers });
  expect(again.status).toBe(202);
  expect(asked).toHaveLength(1);
  const other = await ask("POST", url, { body: { ...body, ttlMs: 7_000 }, headers });
  expect(other).toMatchObject({ status: 422, body: { code: "idempotency_key_reused" } });
  expect(asked).toHaveLength(1);
});

test.each(routes)(
  "%s passes on how long it is good for, and that it is a dry run",
  async (url, body) => {
    const clock = { ms: 1_790_000_000_000 };
    const { ask, asked, commands } = await aStudio(() => clock.ms);
    const answer = await ask("POST", url, { body: { ...body, ttlMs: 7_000, dryRun: true } });
    expect(answer.body).toMatchObject({ dryRun: true, expiresAt: "2026-09-21T14:13:27.000Z" });
    expect(asked[0]).toMatchObject({ ttlMs: 7_000, dryRun: true });
    clock.ms += 60_000;
    await commands.expire();
    const row = await ask("GET", String(answer.headers["location"]));
    expect(row.body["status"]).toBe("unanswered");
    for (const ttlMs of [0, -1, 86_400_001]) {
      expect((await ask("POST", url, { body: { ...body, ttlMs } })).status).toBe(400);
    }
  },
);

test("a cooldown is asked for without a body, too", async () => {
  const { ask, asked } = await aStudio();
  const { status } = await ask("POST", "/monitoring/thermal/helo-a/cooldown");
  expect(status).toBe(202);
  expect(asked[0]).toMatchObject({ ttlMs: 30_000 });
});
