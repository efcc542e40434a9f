import { createConfig, lintFromString } from "@redocly/openapi-core";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { operations } from "../../../hub/api/operations.ts";
import { encoder, info, stream } from "../messages.ts";
import { anApi, withAStudio } from "./an-api.ts";
import { documentOf, operationAt, others, undocumented } from "./documented.ts";

type Ref = { $ref?: string; name?: string };
type Operation = {
  operationId: string;
  summary: string;
  tags: string[];
  parameters?: Ref[];
  security?: [];
  responses: Record<string, { headers: Record<string, Ref>; content?: object }>;
};
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
};

async function read(): Promise<Document> {
  const { body } = await (await anApi()).ask("GET", "/openapi.json");
  return body as unknown as Document;
}
const operationsOf = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      return { route: `${method.toUpperCase()} ${path}`, ...operation };
    }),
  );
const takenBy = ({ parameters = [] }: Operation) =>
  parameters.flatMap(({ $ref }) => $ref?.replace("#/components/parameters/", "") ?? []);

test("the OpenAPI document has every route that is served, and nothing else", async () => {
  const { app } = await anApi();
  await app.ready();
  const served = app.routeTable
    .filter(({ method, url }) => method !== "HEAD" && !others.test(url))
    .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, "{$1}")}`);
  const documented = operationsOf(await read()).map(({ route }) => route);
  expect(documented.length).toBeGreaterThan(100);
  expect(documented.sort()).toEqual(served.sort());
  const named = new Set(documented.map((route) => route.replace(" /api/", " /")));
  expect([...operations.keys()].sort()).toEqual([...named].sort());
});

test("a validator of others finds nothing in the OpenAPI document", async () => {
  const lint = async (document: object) =>
    (
      await lintFromString({
        source: JSON.stringify(document),
        absoluteRef: "openapi.json",
        config: await createConfig({
          extends: ["recommended-strict"],
          // A redirect is an answer, and what is not built yet has no good one.
          rules: { "operation-2xx-response": "off" },
        }),
      })
    ).map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]);
  const document = await read();
  expect(await lint(document)).toEqual([]);
  const { "/api/streams": _, ...paths } = document.paths;
  const twice = { ...paths, "/api/other": { get: operationsOf(document)[0] } };
  expect(await lint({ ...document, paths: twice })).not.toEqual([]);
}, 60_000);

test("each operation has a name of its own, a line for people and one tag", async () => {
  const all = operationsOf(await read());
  expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(all.length);
  for (const { route, summary, tags } of all) {
    expect([route, tags.length, summary.length > 3]).toEqual([route, 1, true]);
  }
});

test("each route that asks a site names its headers, and no other does", async () => {
  const { app } = await anApi();
  await app.ready();
  const document = await read();
  const taking = operationsOf(document).filter((one) => takenBy(one).includes("Prefer"));
  const asking = app.routeTable.filter(
    ({ method, url }) => method === "POST" && /(commands|control|cooldown)$/.test(url),
  );
  expect(taking.map(({ route }) => route).sort()).toEqual(
    asking.map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, "{$1}")}`).sort(),
  );
  for (const one of taking) {
    expect(takenBy(one)).toEqual(["Idempotency-Key", "Prefer"]);
    for (const status of ["200", "202"]) {
      expect(Object.keys(one.responses[status]!.headers)).toContain("Location");
    }
  }
  const { paths } = document;
  expect(takenBy(paths["/api/streams/init"]!["post"]!)).toEqual(["Idempotency-Key"]);
  expect(takenBy(paths["/api/streams/{id}/config"]!["put"]!)).toEqual(["If-Match"]);
  expect(takenBy(paths["/api/streams/{id}"]!["delete"]!)).toEqual(["If-Match"]);
});

test("strangers are asked for a key, except where the document says that none is needed", async () => {
  const { app, ask } = await withAStudio();
  await app.ready();
  const open = app.routeTable.filter(({ access }) => access === "open");
  const documented = operationsOf(await read()).filter(({ security }) => security?.length === 0);
  expect(documented.map(({ route }) => route).sort()).toEqual(
    open
      .filter(({ method }) => method !== "HEAD")
      .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, "{$1}")}`)
      .sort(),
  );
  expect((await ask("GET", "/health", { key: null })).status).toBe(200);
});

test("what is listed with and without the prefix does the same, and the rest is not there", async () => {
  const document = await read();
  const bare = operationsOf(document).filter(({ route }) => !route.includes(" /api/"));
  expect(bare.length).toBeGreaterThan(50);
  const { ask } = await withAStudio();
  for (const { route, operationId } of bare) {
    const [method = "", path = ""] = route.split(" ");
    const twin = document.paths[`/api${path}`]?.[method.toLowerCase()];
    if (twin) expect(operationId).toBe(`${twin.operationId}Unprefixed`);
    else {
      const { status } = await ask(method as "GET" | "POST", `/api${path}`);
      expect([route, [404, 405].includes(status)]).toEqual([route, true]);
    }
  }
});

test("5M and 5000k are documented as bit rates", async () => {
  const { paths } = await read();
  const { requestBody } = paths["/api/streams/init"]!["post"] as unknown as {
    requestBody: { content: Record<string, { schema: { properties: Record<string, unknown> } }> };
  };
  const { bitrate } = requestBody.content["application/json"]!.schema.properties;
  expect(bitrate).toMatchObject({ anyOf: [{ type: "integer" }, { type: "string" }] });
});

test("errors are documented in the form in which they come", async () => {
  const errors = operationsOf(await read())
    // Not an error, but its answer: the word.
    .filter(({ route }) => route !== "GET /health/ready")
    .flatMap(({ responses }) => Object.entries(responses).filter(([status]) => status >= "400"));
  expect(errors.length).toBeGreaterThan(500);
  for (const [status, { content }] of errors) {
    expect([status, Object.keys(content ?? {})]).toEqual([status, ["application/problem+json"]]);
  }
  const answer = await (await anApi()).ask("GET", "/api/streams/nobody");
  expect(answer.headers["content-type"]).toContain("application/problem+json");
});

test("what the document does not say of an answer is found", async () => {
  const { app } = await anApi();
  await app.ready();
  const document = documentOf(app);
  const given = { method: "GET", url: "/api/streams/main?x=1", status: 200, headers: {} };
  expect(undocumented(document, given)).toEqual([]);
  expect(undocumented(document, { ...given, status: 418 })).toHaveLength(1);
  expect(undocumented(document, { ...given, headers: { etag: "x", "x-other": "y" } })).toEqual([
    expect.stringContaining("x-other"),
  ]);
  expect(undocumented(document, { ...given, url: "/api/nothing", status: 200 })).toHaveLength(1);
});

/** Every other test's answers are looked at, too: `ask` of an-api.ts does. */
test("however each route is asked over the network, its answer is documented", async () => {
  const api = await withAStudio({ waitsMs: 1_000 });
  for (const site of ["studio", "chapel"]) {
    api.hears(site, "info", info({ site }));
    api.hears(site, "availability", "online");
    api.hears(site, "encoder/helo-a/state", encoder());
    api.hears(site, "stream/main/state", stream());
  }
  await api.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = api.app.server.address() as AddressInfo;
  const document = documentOf(api.app);
  const reader = (await api.keys.make({ kind: "ro", name: "ro", scopes: ["read"] })).secret;
  const json = { "content-type": "application/json" };
  const by = (key: string) => ({ authorization: `Bearer ${key}` });
  const good = by(api.secret);
  const ways: { headers: Record<string, string>; body?: string; id: string }[] = [
    { headers: {}, id: "helo-a" },
    { headers: by("us_adm_nobody"), id: "helo-a" },
    { headers: by(reader), id: "studio~main" },
    { headers: { ...good, origin: "http://elsewhere" }, id: "main" },
    ...["main", "helo-a", "studio~main", "studio~helo-a"].flatMap((id) => [
      { headers: good, id },
      { headers: { ...good, ...json }, body: "{}", id },
      { headers: { ...good, ...json }, body: '{"verb":"stop"}', id },
    ]),
    ...["nobody", "NO", "x".repeat(90)].map((id) => {
      return { headers: { ...good, ...json }, body: "{}", id };
    }),
    { headers: { ...good, "if-none-match": "*" }, id: "main" },
    { headers: { ...good, ...json }, body: "{", id: "main" },
    { headers: { ...good, ...json }, body: JSON.stringify("x".repeat(70_000)), id: "main" },
    { headers: { ...good, "content-type": "text/plain" }, body: "x", id: "main" },
  ];
  const seen = new Map<string, Set<number>>();
  const wrong: string[] = [];
  for (const { route } of operationsOf(document as unknown as Document)) {
    const [method = "", path = ""] = route.split(" ");
    // At once: what asks a site that is not there waits for it.
    const asked = ways.map(async ({ headers, body, id }) => {
      const url = path.replace(/\{\w+\}/g, encodeURIComponent(id));
      const sent = method === "GET" || body === undefined ? {} : { body };
      const ask = async (more: Record<string, string> = {}) => {
        const reply = await fetch(`http://127.0.0.1:${port}${url}`, {
          ...{ method, headers: { ...headers, ...more }, redirect: "manual", ...sent },
        });
        await reply.arrayBuffer();
        const { status } = reply;
        const { operationId } = operationAt(document, method, url) ?? { operationId: "" };
        seen.set(operationId, (seen.get(operationId) ?? new Set()).add(status));
        const given = { method, url, status, headers: Object.fromEntries(reply.headers) };
        wrong.push(...undocumented(document, given));
        return reply;
      };
      const tag = (await ask()).headers.get("etag");
      if (tag !== null && method === "GET") await ask({ "if-none-match": tag });
    });
    await Promise.all(asked);
  }
  expect([...new Set(wrong)]).toEqual([]);
  const statuses = new Set([...seen.values()].flatMap((some) => [...some]));
  for (const status of [200, 202, 304, 400, 401, 403, 404, 409, 413, 415, 501]) {
    expect(statuses).toContain(status);
  }
  expect(seen.size).toBe(operationsOf(document as unknown as Document).length);
}, 300_000);
