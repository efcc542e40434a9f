import { expect, test } from "vitest";
import { anApi } from "./an-api.ts";

/** Documents do not document themselves; GraphQL has one of its own. */
const others = /^(\/api)?\/(docs|openapi\.json|asyncapi\.json|schema\.graphql|graphql)(\/|$)/;

test("the OpenAPI document has every route that is served, and nothing else", async () => {
  const { app, ask } = await anApi();
  await app.ready();
  const served = app.routeTable
    .filter(({ method, url }) => method !== "HEAD" && !others.test(url))
    .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, "{$1}")}`);
  const { paths } = (await ask("GET", "/openapi.json")).body as { paths: Record<string, object> };
  const documented = Object.entries(paths).flatMap(([url, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${url}`),
  );
  expect(documented.length).toBeGreaterThan(100);
  expect(documented.sort()).toEqual(served.sort());
});

test("every reference of the OpenAPI document leads somewhere", async () => {
  const { body } = await (await anApi()).ask("GET", "/openapi.json");
  const { schemas } = body["components"] as { schemas: Record<string, unknown> };
  const refs = [...JSON.stringify(body).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
  expect(refs.length).toBeGreaterThan(100);
  const lost = refs.map(([, name = ""]) => name).filter((name) => !Object.hasOwn(schemas, name));
  expect(lost).toEqual([]);
});

test("errors are documented in the form in which they come", async () => {
  const { ask } = await anApi();
  const { paths } = (await ask("GET", "/openapi.json")).body as unknown as {
    paths: Record<string, Record<string, { responses: Record<string, { content?: object }> }>>;
  };
  const errors = Object.values(paths).flatMap((operations) =>
    Object.values(operations).flatMap(({ responses }) =>
      Object.entries(responses).filter(([status]) => status >= "400"),
    ),
  );
  expect(errors.length).toBeGreaterThan(500);
  for (const [status, { content }] of errors) {
    expect([status, Object.keys(content ?? {})]).toEqual([status, ["application/problem+json"]]);
  }
  const answer = await ask("GET", "/api/streams/nobody");
  expect(answer.headers["content-type"]).toContain("application/problem+json");
});
