import { expect, test, vi } from "vitest";
import { callerFrom } from "../../../hub/api/auth.ts";
import { limits } from "../../../hub/api/graphql/limits.ts";
import { allowed, everybody } from "../auth/callers.ts";
import { encoder, event, incident, info, stream } from "../messages.ts";
import { anApi, withAStudio } from "./an-api.ts";

type Json = Record<string, unknown>;
type Answer = {
  data?: Json | null;
  errors?: { message: string; path?: string[]; extensions: Json }[];
};
type Api = Awaited<ReturnType<typeof anApi>>;

async function post(
  { ask }: Api,
  query: string,
  more: { key?: string | null; variables?: Json } = {},
) {
  const { key, variables } = more;
  const [, operationName] = /^query (A) /.exec(query) ?? [];
  const body = { query, operationName, ...(variables && { variables }) };
  const answer = await ask("POST", "/graphql", { body, ...(key !== undefined && { key }) });
  return { ...answer, body: answer.body as Answer };
}
const codeOf = ({ body }: { body: Answer }) =>
  body.errors?.[0]?.extensions["code"] ?? (body as Json)["code"];

async function twoSites() {
  const api = await anApi();
  for (const site of ["studio", "chapel"]) {
    api.hears(site, "info", info({ site }));
    api.hears(site, "availability", "online");
    api.hears(site, "encoder/helo-a/state", encoder());
    api.hears(site, "stream/main/state", stream());
    const one = incident({ id: `inc-${site}`, openedAtMs: 1_000 });
    api.hears(site, "event", event(1, { data: { incident: one } }));
  }
  await api.ingest.flush();
  return api;
}

test("one query goes from a site to its streams, to who carries them and what happened", async () => {
  const api = await twoSites();
  const { body } = await post(
    api,
    `{ site(id: "studio") { online streams(first: 1) {
         nodes { id localId carriage since encoder { id link figures { temperatureC { value } } } }
         pageInfo { hasNextPage } } }
       incidents(site: "studio") { nodes { id outcome offAirMs stream { name id } } } }`,
  );
  expect(body.errors).toBeUndefined();
  expect(body.data).toMatchObject({
    site: {
      online: true,
      streams: {
        nodes: [
          {
            ...{ id: "studio~main", localId: "main", carriage: "ON_AIR" },
            since: "2026-01-05T10:00:00.000Z",
            encoder: {
              ...{ id: "studio~helo-a", link: "REACHABLE" },
              figures: { temperatureC: { value: 61.5 } },
            },
          },
        ],
        pageInfo: { hasNextPage: false },
      },
    },
    incidents: {
      nodes: [{ id: "studio~inc-studio", outcome: "TOOK_OVER", stream: { id: "studio~main" } }],
    },
  });
});

test("lists go on where the page before ended, each thing once", async () => {
  const api = await withAStudio();
  const boxes = ["a", "b", "c", "d", "e"];
  const inventory = boxes.map((id) => ({ kind: "encoder", id }));
  api.hears("studio", "info", info({ inventory, session: "s2" }));
  const seen: unknown[] = [];
  let after: string | null = null;
  for (let pages = 0; pages < 9; pages++) {
    const { body } = await post(
      api,
      `query($after: String) { encoders(first: 2, after: $after) {
         edges { cursor node { localId } } pageInfo { hasNextPage endCursor } } }`,
      { variables: { after } },
    );
    const { edges, pageInfo } = body.data?.["encoders"] as {
      edges: { cursor: string; node: { localId: string } }[];
      pageInfo: { hasNextPage: boolean; endCursor: string };
    };
    seen.push(...edges.map(({ node }) => node.localId));
    expect(edges.at(-1)?.cursor).toBe(pageInfo.endCursor);
    after = pageInfo.endCursor;
    if (!pageInfo.hasNextPage) break;
  }
  expect(seen).toEqual(boxes);
});

test("the incidents of a hundred streams are one look-up", async () => {
  const api = await withAStudio();
  const ids = Array.from({ length: 100 }, (_, n) => `s${n}`);
  const inventory = ids.map((id) => ({ kind: "stream", id }));
  api.hears("studio", "info", info({ inventory, session: "s2" }));
  ids.forEach((id, n) => {
    const own = incident({ id: `inc-${id}`, stream: id });
    api.hears("studio", "event", event(n + 1, { session: "s2", data: { incident: own } }));
  });
  await api.ingest.flush();
  const look = vi.spyOn(api.store, "lastIncidents");
  const { body } = await post(
    api,
    "{ streams(first: 100) { nodes { localId incidents { localId } } } }",
  );
  const { nodes } = body.data?.["streams"] as { nodes: { localId: string; incidents: Json[] }[] };
  expect(nodes).toHaveLength(100);
  for (const { localId, incidents } of nodes) {
    expect(incidents).toEqual([{ localId: `inc-${localId}` }]);
  }
  expect(look).toHaveBeenCalledTimes(1);
});

test("a command asks the site once per key, says so in the audit log, and shows its answer", async () => {
  const api = await withAStudio();
  const send = (verb: string, more = "") =>
    post(
      api,
      `mutation { commandStream(id: "main", verb: ${verb}, idempotencyKey: "one" ${more}) {
         id status verb by dryRun } }`,
    );
  const first = await send("STOP");
  expect(first.body.data?.["commandStream"]).toMatchObject({
    ...{ status: "SENT", verb: "stop", by: "test", dryRun: false },
  });
  expect((await send("STOP")).body).toEqual(first.body);
  expect(api.said.filter(({ topic }) => topic.includes("/request/"))).toHaveLength(1);
  expect(codeOf(await send("START"))).toBe("idempotency_key_reused");
  const log = await api.ask("GET", "/api/audit?type=command.asked");
  expect(log.body["items"]).toMatchObject([{ actor: expect.stringMatching(/^key:/) as string }]);
  const { id } = first.body.data?.["commandStream"] as { id: string };
  api.hears("studio", "response/stream/main/stop", {
    ...{ id, status: "refused", code: "not_possible", message: "nothing to stop", atMs: 1 },
  });
  await expect
    .poll(
      async () => (await post(api, `{ command(id: "${id}") { status code message } }`)).body.data,
    )
    .toEqual({ command: { status: "REFUSED", code: "not_possible", message: "nothing to stop" } });
});

test("what is wrong with a command is said with its place, as REST says it", async () => {
  const api = await withAStudio();
  const { body } = await post(api, `mutation { commandStream(id: "main", verb: OVERRUN) { id } }`);
  expect(body.errors?.[0]?.extensions["code"]).toBe("malformed");
  const bad = await post(
    api,
    `mutation { commandSite(id: "studio", verb: OVERRIDE_FREEZE, args: { why: "x" }) { id } }`,
  );
  expect(bad.body.errors?.[0]).toMatchObject({
    path: ["commandSite"],
    extensions: { code: "malformed", errors: [{ path: "args.why" }] },
  });
  api.hears("studio", "availability", "offline");
  const away = await post(api, `mutation { commandStream(id: "main", verb: STOP) { id } }`);
  expect(away.body.errors?.[0]).toMatchObject({
    extensions: { code: "site_offline", status: 503 },
  });
});

test("every query, mutation and subscription lets in exactly whom the table names", async () => {
  const api = await twoSites();
  const callers = await everybody(api);
  const { schema } = api.graph;
  let cells = 0;
  for (const [operation, type] of [
    ["query", schema.getQueryType()],
    ["mutation", schema.getMutationType()],
    ["subscription", schema.getSubscriptionType()],
  ] as const) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const { access } = field.extensions;
      expect(access).toBeDefined();
      if (!access) continue;
      const needs = field.args.flatMap(({ name, type, defaultValue }) =>
        String(type).endsWith("!") && defaultValue === undefined
          ? [`${name}: ${name === "verb" ? firstWord(String(type)) : '"nobody"'}`]
          : [],
      );
      const args = needs.length > 0 ? `(${needs.join(", ")})` : "";
      for (const [who, key] of Object.entries(callers)) {
        const wanted = allowed[access].includes(who);
        const is = await isIn(`${operation} { ${field.name}${args} { __typename } }`, key);
        expect([who, field.name, is]).toEqual([who, field.name, wanted]);
        cells += 1;
      }
    }
  }
  expect(cells).toBeGreaterThan(150);

  function firstWord(type: string): string {
    const words = schema.getType(type.replace("!", ""));
    if (!words || !("getValues" in words)) throw new Error(type);
    return words.getValues()[0]?.name ?? "";
  }
  async function isIn(query: string, key: string | null): Promise<boolean> {
    if (query.startsWith("subscription") && key !== null) {
      const headers = { authorization: `Bearer ${key}` };
      const doors = { keys: api.keys, sessions: api.sessions, demoOpen: false };
      const caller = await callerFrom(headers, doors);
      if (!caller) throw new Error("a caller of ours");
      const ending = new AbortController();
      const asker = { caller, address: "::1", requestId: "r" };
      const run = await api.graph.prepare({ query }).run(asker, ending.signal);
      ending.abort();
      if (Symbol.asyncIterator in run) return true;
      return api.graph.shown(run, "r").errors?.[0]?.extensions?.["code"] !== "not_allowed";
    }
    const code = codeOf(await post(api, query, { key }));
    return code !== "missing_authorization" && code !== "not_allowed";
  }
});

test("a foreign site's id looks exactly like an unknown one", async () => {
  const api = await twoSites();
  const scopes: ("read" | "write")[] = ["read", "write"];
  const { secret: key } = await api.keys.make({
    kind: "op",
    name: "own",
    scopes,
    sites: ["studio"],
  });
  const asked = await post(api, `mutation { commandStream(id: "chapel~main", verb: STOP) { id } }`);
  const { id: command } = asked.body.data?.["commandStream"] as { id: string };
  const queries = [
    `{ site(id: "ID") { id } }`,
    `{ stream(id: "ID~main") { id } }`,
    `{ encoder(id: "ID~helo-a") { id } }`,
    `{ incident(id: "inc-ID") { id } }`,
    `{ incident(id: "ID~inc-ID") { id } }`,
    `mutation { commandStream(id: "ID~main", verb: STOP) { id } }`,
    `mutation { commandSite(id: "ID", verb: OFF_AIR) { id } }`,
    `{ streams(site: "ID") { nodes { id } } }`,
    `{ incidents(site: "ID") { nodes { id } } }`,
    `{ incidents(stream: "ID~main") { nodes { id } } }`,
  ];
  const told = async (query: string, id: string) => {
    const { status, body } = await post(api, query.replaceAll("ID", id), { key });
    const text = JSON.stringify({ status, body }).replace(/"requestId":"[^"]*"/g, "");
    return text.replaceAll(id, "<id>");
  };
  for (const query of queries)
    expect(await told(query, "chapel")).toBe(await told(query, "nowher"));
  const one = async (id: string) => told(`{ command(id: "ID") { id } }`, id);
  expect(await one(command)).toBe(await one(command.replace(/^.{8}/, "00000000")));
  const all = await post(
    api,
    `{ sites { nodes { id } } encoders { nodes { id } } incidents { nodes { id } } }`,
    { key },
  );
  expect(JSON.stringify(all.body)).not.toContain("chapel");
  expect(JSON.stringify(all.body)).toContain("studio~helo-a");
});

test("a key's hour counts, and when it is used up commands still go", async () => {
  const api = await withAStudio({ keyPerHour: 2, commandReserve: 1 });
  const read = () => post(api, "{ sites { nodes { id } } }");
  const stop = () => post(api, `mutation { commandStream(id: "main", verb: STOP) { id } }`);
  expect([(await read()).status, (await read()).status, (await read()).status]).toEqual([
    200, 200, 429,
  ]);
  expect([(await stop()).status, (await stop()).status]).toEqual([200, 429]);
});

const list = (what: (n: number) => string, times: number) =>
  Array.from({ length: times }, (_, n) => what(n)).join(" ");
/** Each doubles the one before: 2^30 fields in forty lines. */
const doubling = list((n) => `fragment f${n} on Site { ...f${n + 1} ...f${n + 1} }`, 30);
const bombs: Record<string, [query: string, code: string | undefined]> = {
  depth: [
    `{ streams { nodes { ${"encoder { site { streams { nodes { ".repeat(4)} id ${"} } } }".repeat(4)} } } }`,
    "too_deep",
  ],
  aliases: [`{ ${list((n) => `a${n}: __typename`, 16)} }`, "too_many_aliases"],
  cost: ["{ sites(first: 500) { nodes { encoders(first: 500) { nodes { id } } } } }", "too_costly"],
  "cost by variable": [
    "query($n: Int = 500) { sites(first: $n) { nodes { streams(first: $n) { nodes { id } } } } }",
    "too_costly",
  ],
  "fields in fragments": [
    `{ site(id: "a") { ...f0 } } ${doubling} fragment f30 on Site { encoders(first: 1) { nodes { id } } }`,
    "too_costly",
  ],
  "a fragment in itself": [
    `{ site(id: "a") { ...f } } fragment f on Site { streams { nodes { site { ...f } } } }`,
    "malformed",
  ],
  directives: [`{ __typename ${"@skip(if: true) ".repeat(16)} }`, "too_many_directives"],
  tokens: [`{ ${"__typename ".repeat(1_001)} }`, "malformed"],
  brackets: ["{ a ".repeat(600), "malformed"],
  "lists in arguments": [`{ site(id: ${"[".repeat(900)}) { id } }`, "malformed"],
  introspection: [
    `{ ${list(() => "__schema { types { fields { type { fields { name } } } } }", 6)} }`,
    "too_costly",
  ],
  "circles in introspection": [
    "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
    "malformed",
  ],
  "many commands": [
    `mutation { ${list((n) => `a${n}: commandSite(id: "studio", verb: OFF_AIR) { id }`, 2)} }`,
    "one_command",
  ],
  "overlapping fields": [
    `{ ${list((n) => `sites(first: 1) { nodes { ${list(() => "id", 1 + (n % 6))} } }`, 60)} }`,
    "too_costly",
  ],
  "overlapping fields in operations that are not asked for": [
    `query A { __typename } query B { ${list(() => "sites(first: 1) { nodes { id } }", 70)} }`,
    "too_costly",
  ],
  "one field many times": [`{ site(id: "a") { ${"id ".repeat(980)} } }`, "too_costly"],
  "one field in many fragments": [
    `{ site(id: "studio") { ${"... on Site { id }".repeat(150)} } }`,
    undefined,
  ],
};
test("each bomb is refused before it costs", async () => {
  const api = await withAStudio();
  await post(api, "{ sites { nodes { id } } }");
  for (const [name, [query, code]] of Object.entries(bombs)) {
    // Of the CPU: machines that test are busy.
    const before = process.cpuUsage();
    const answer = await post(api, query);
    const { user, system } = process.cpuUsage(before);
    const tookMs = (user + system) / 1_000;
    expect([name, codeOf(answer)]).toEqual([name, code]);
    expect(answer.status).toBe(code === undefined ? 200 : 400);
    expect(tookMs).toBeLessThan(50 * 5);
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.ts:/);
  }
});

test("many queries in one request, and a body that is too large, are refused", async () => {
  const api = await withAStudio();
  const batch = await api.ask("POST", "/graphql", { body: [{ query: "{ __typename }" }] });
  expect([batch.status, batch.body["code"]]).toEqual([400, "malformed"]);
  const long = await post(api, `{ __typename } # ${"a".repeat(limits.queryBytes)}`);
  expect([long.status, (long.body as Json)["code"]]).toEqual([400, "malformed"]);
  const longer = await post(api, `# ${"a".repeat(2 * limits.queryBytes)}`);
  expect([longer.status, (longer.body as Json)["code"]]).toEqual([413, "too_large"]);
  expect((await api.ask("GET", "/graphql?query={__typename}")).status).toBe(405);
});
