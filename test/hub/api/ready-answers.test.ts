/** Over a real port: answers that are ready are given before the routes are asked. */
import { expect, test } from "vitest";
import { encoder, info } from "../messages.ts";
import { withAStudio } from "./an-api.ts";
import { slow } from "../../setup/slow.ts";

type Api = Awaited<ReturnType<typeof listening>>;

async function listening(over: Parameters<typeof withAStudio>[0] = {}) {
  const api = await withAStudio(over);
  const inventory = [{ kind: "encoder" as const, id: "helo-z" }];
  api.hears("campus", "info", info({ site: "campus", inventory }));
  api.hears("campus", "availability", "online");
  api.hears("campus", "encoder/helo-z/state", encoder({ id: "helo-z" }));
  const url = await api.app.listen({ port: 0, host: "127.0.0.1" });
  const read = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}${path}`, {
      headers: { "x-api-key": api.secret, ...headers },
    });
    const text = await response.text();
    const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, text, body };
  };
  const refs = async (path: string, headers?: Record<string, string>) => {
    const { body } = await read(path, headers);
    return (body["items"] as { ref: string }[]).map(({ ref }) => ref);
  };
  return { ...api, read, refs };
}

const paths = [
  "/api/encoders",
  "/encoders?limit=1",
  "/api/encoders?site=campus",
  "/api/encoders/studio~helo-a",
  "/encoders/helo-z/status",
  "/api/streams",
  "/api/streams/main",
  "/api/storage?limit=10000",
];
test("a ready answer is the one that its route gives", async () => {
  const api = await listening();
  for (const path of paths) {
    const { status, headers, text } = await api.read(path);
    const routed = await api.app.inject({ url: path, headers: { "x-api-key": api.secret } });
    expect({ status, text }).toEqual({ status: routed.statusCode, text: routed.body });
    for (const name of ["content-type", "etag", "cache-control", "link", "ratelimit-policy"]) {
      expect(headers.get(name), `${path} ${name}`).toBe(routed.headers[name] ?? null);
    }
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  }
});

test.each(["/api/encoders/helo-z", "/api/encoders"])(
  "%s that has not changed is a 304, free of the hour's budget; a change is a new answer",
  async (path) => {
    const { read, hears } = await listening({ keyPerHour: 3 });
    const first = await read(path);
    const known = { "if-none-match": first.headers.get("etag") ?? "" };
    for (let again = 0; again < 5; again += 1) {
      const same = await read(path, known);
      expect({ status: same.status, text: same.text }).toEqual({ status: 304, text: "" });
    }
    hears("campus", "encoder/helo-z/state", encoder({ id: "helo-z", thermal: "warm" }));
    const changed = await read(path, known);
    expect(changed.status).toBe(200);
    expect(changed.text).toContain('"thermal":"warm"');
    expect((await read(path)).status).toBe(200);
    expect((await read(path)).status).toBe(429);
  },
);

slow("an answer is never older than what the hub has heard", async () => {
  const { read, hears } = await listening();
  for (let seq = 1; seq <= 50; seq += 1) {
    hears("studio", "encoder/helo-a/state", encoder({ seq }));
    expect((await read("/api/encoders/helo-a")).body["seq"]).toBe(seq);
    expect((await read("/api/encoders")).text).toContain(`"seq":${seq},`);
  }
  hears("studio", "telemetry", {
    atMs: Date.now(),
    encoders: { "helo-a": { cpuUsageRatio: 0.75 } },
  });
  expect((await read("/api/encoders")).text).toContain('"cpuUsageRatio":0.75');
  hears("studio", "availability", "offline");
  expect((await read("/api/encoders/helo-a")).body).toMatchObject({ online: false, stale: true });
  expect((await read("/api/encoders?site=studio")).text).toContain('"stale":true');
});

async function keyFor(api: Api, sites: string[]): Promise<Record<string, string>> {
  const { secret } = await api.keys.make({ kind: "ro", name: "one site", sites });
  return { "x-api-key": secret };
}

slow("a key of one site gets its own encoders, also when somebody has just read all", async () => {
  const api = await listening();
  const campus = await keyFor(api, ["campus"]);
  const studio = await keyFor(api, ["studio"]);
  for (let round = 0; round < 2; round += 1) {
    expect(await api.refs("/api/encoders")).toEqual(["campus~helo-z", "studio~helo-a"]);
    expect(await api.refs("/api/encoders", campus)).toEqual(["campus~helo-z"]);
    expect(await api.refs("/api/encoders", studio)).toEqual(["studio~helo-a"]);
    expect(await api.refs("/api/encoders?site=studio", campus)).toEqual([]);
    api.hears("studio", "encoder/helo-a/state", encoder({ thermal: "warm" }));
  }
  const { headers, text } = await api.read("/api/encoders", campus);
  expect(text).not.toContain("studio");
  expect(headers.get("etag")).not.toBe((await api.read("/api/encoders")).headers.get("etag"));
  const foreign = await api.read("/api/encoders/studio~helo-a", campus);
  const unknown = await api.read("/api/encoders/nowhere~helo-a", campus);
  expect([foreign.status, unknown.status]).toEqual([404, 404]);
  expect(foreign.body["code"]).toBe(unknown.body["code"]);
});

test("an encoder that leaves the inventory leaves the lists, and its id means nothing", async () => {
  const { hears, refs, read } = await listening();
  expect(await refs("/api/encoders?site=campus")).toEqual(["campus~helo-z"]);
  hears("campus", "info", info({ site: "campus", inventory: [] }));
  expect(await refs("/api/encoders?site=campus")).toEqual([]);
  expect((await read("/api/encoders/helo-z")).status).toBe(404);
});

slow(
  "a stranger, a wrong key, a wrong question and an id of two meanings are refused",
  async () => {
    const { hears, read, keys } = await listening();
    expect((await read("/api/encoders", { "x-api-key": "" })).status).toBe(401);
    expect((await read("/api/encoders", { "x-api-key": `us_ro_${"0".repeat(36)}` })).status).toBe(
      401,
    );
    expect((await read("/api/encoders?limit=0")).status).toBe(400);
    expect((await read("/api/encoders?cursor=!!")).status).toBe(400);
    const site = await keys.mint("site", "a site", "studio");
    expect((await read("/api/encoders", { "x-api-key": site.secret })).status).toBe(401);
    hears("campus", "encoder/helo-a/state", encoder());
    const inventory = [{ kind: "encoder" as const, id: "helo-a" }];
    hears("campus", "info", info({ site: "campus", inventory }));
    const twice = await read("/api/encoders/helo-a");
    expect(twice.body).toMatchObject({ code: "ambiguous_id" });
  },
);

test("a key that is revoked reads nothing from then on", async () => {
  const api = await listening();
  const { secret, row } = await api.keys.make({ kind: "ro", name: "short" });
  const key = { "x-api-key": secret };
  expect((await api.read("/api/encoders", key)).status).toBe(200);
  await api.keys.revoke(row.id);
  expect((await api.read("/api/encoders", key)).status).toBe(401);
});

test("pages follow one another, over every encoder once", async () => {
  const { hears, read } = await listening();
  const ids = Array.from({ length: 700 }, (_, at) => `enc-${String(at).padStart(3, "0")}`);
  const inventory = ids.map((id) => ({ kind: "encoder" as const, id }));
  hears("studio", "info", info({ inventory }));
  hears("campus", "info", info({ site: "campus", inventory: [] }));
  const seen: string[] = [];
  for (let path = "/api/encoders?limit=300"; path !== "";) {
    const { body, headers } = await read(path);
    seen.push(...(body["items"] as { id: string }[]).map(({ id }) => id));
    path = /^<([^>]+)>; rel="next"$/.exec(headers.get("link") ?? "")?.[1] ?? "";
  }
  expect(seen).toEqual(ids);
});
