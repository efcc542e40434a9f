import { expect, test } from "vitest";
import { anApi } from "../api/an-api.ts";
import { encoder, event, incident, info, storage, stream } from "../messages.ts";
import { allowed, everybody } from "./callers.ts";

const hubWide = ["scrape", "readUsers", "manageUsers", "readSystem", "manageSystem"];

async function twoSites() {
  const api = await anApi();
  for (const site of ["studio", "chapel"]) {
    api.hears(site, "info", info({ site }));
    api.hears(site, "availability", "online");
    api.hears(site, "encoder/helo-a/state", encoder());
    api.hears(site, "stream/main/state", stream());
    api.hears(site, "storage/helo-a/state", storage());
    const one = incident({ id: `inc-${site}`, openedAtMs: 1_000 });
    api.hears(site, "event", event(1, { data: { incident: one } }));
  }
  await api.ingest.flush();
  await api.app.ready();
  const table = api.app.routeTable
    .filter(({ method }) => method !== "OPTIONS")
    .sort((a, b) => Number(a.url.endsWith("/logout")) - Number(b.url.endsWith("/logout")));
  type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  const go = async (route: { method: string; url: string }, key: string | null, id = "nobody") => {
    const url = route.url.replace(/:\w+/g, encodeURIComponent(id)).replace("*", "page.css");
    const body = { verb: "stop" };
    const more = route.method === "GET" || route.method === "HEAD" ? {} : { body };
    return api.ask(route.method as Method, url, { key, ...more });
  };
  return { ...api, table, go };
}

test("every route lets in exactly the roles and keys that the table names", async () => {
  const { keys, sessions, table, go } = await twoSites();
  const callers = await everybody({ keys, sessions });
  expect(table.length).toBeGreaterThan(90);
  let cells = 0;
  for (const route of table) {
    for (const [who, key] of Object.entries(callers)) {
      const answer = await go(route, key);
      const code = String(answer.body["code"]);
      const isIn = code !== "missing_authorization" && code !== "not_allowed";
      const shut = answer.status === (who === "stranger" ? 401 : 403);
      const wanted = allowed[route.access].includes(who);
      const isHead = route.method === "HEAD";
      expect([who, route.method, route.url, isHead ? !shut : isIn]).toEqual([
        ...[who, route.method, route.url, wanted],
      ]);
      cells += 1;
    }
  }
  expect(cells).toBe(table.length * 8);
}, 180_000);

test("a foreign site's id looks exactly like an unknown one, on every route", async () => {
  const { keys, table, go, ask } = await twoSites();
  const scopes: ("read" | "write" | "admin")[] = ["read", "write", "admin"];
  const own = await keys.make({ kind: "adm", name: "studio only", scopes, sites: ["studio"] });
  const asked = await ask("POST", "/api/streams/chapel~main/commands", { body: { verb: "stop" } });
  const command = String(asked.body["id"]);
  const foreign = ["chapel", "chapel~helo-a", "chapel~main", "inc-chapel", "chapel~inc-chapel"];
  const pairs = [
    ...foreign.map((id) => [id, id.replaceAll("chapel", "nowhere")] as const),
    [command, command.replace(/^.{8}/, "00000000")] as const,
  ];
  let compared = 0;
  for (const route of table.filter(({ method }) => method !== "HEAD")) {
    const isLimited = !hubWide.includes(route.access);
    if (!isLimited) {
      expect([route.url, (await go(route, own.secret)).body["code"]]).toEqual([
        ...[route.url, "not_allowed"],
      ]);
      continue;
    }
    if (!route.url.includes(":")) {
      if (route.method !== "GET" || route.access === "known") continue;
      expect(JSON.stringify((await go(route, own.secret)).body)).not.toContain("chapel");
      continue;
    }
    for (const [there, nowhere] of pairs) {
      const [one, other] = [
        await go(route, own.secret, there),
        await go(route, own.secret, nowhere),
      ];
      const told = ({ status, body }: typeof one, id: string) =>
        JSON.stringify({ status, ...body, requestId: "" }).replaceAll(id, "<id>");
      expect([route.url, told(one, there)]).toEqual([route.url, told(other, nowhere)]);
      expect(one.status).toBeGreaterThanOrEqual(400);
      compared += 1;
    }
  }
  expect(compared).toBeGreaterThan(100);
  expect((await ask("GET", "/api/encoders/helo-a", { key: own.secret })).body).toMatchObject({
    ref: "studio~helo-a",
  });
}, 180_000);
