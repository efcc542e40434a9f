import { expect, test } from "vitest";
import { subjectOf } from "../../../config/address-subject.ts";
import { withAStudio } from "./an-api.ts";
import { slow } from "../../setup/slow.ts";

slow("a key has its requests an hour, and can still command when they are used up", async () => {
  let nowMs = 1_800_000_000_000;
  const { ask, keys } = await withAStudio({
    ...{ keyPerHour: 3, commandReserve: 1, now: () => nowMs },
  });
  const { secret: key } = await keys.mint("op", "poller");
  const list = () => ask("GET", "/api/streams", { key });
  const stop = () => ask("POST", "/api/streams/main/commands", { key, body: { verb: "stop" } });
  const first = await list();
  expect(first.headers["ratelimit-policy"]).toBe('"key";q=3;w=3600');
  expect(first.headers["ratelimit"]).toBe('"key";r=2;t=3600');
  const known = { key, headers: { "if-none-match": String(first.headers["etag"]) } };
  for (let i = 0; i < 5; i++) expect((await ask("GET", "/api/streams", known)).status).toBe(304);
  expect([(await list()).status, (await list()).status]).toEqual([200, 200]);
  nowMs += 1_000;
  const refused = await list();
  expect([refused.status, refused.body["code"]]).toEqual([429, "too_many_requests"]);
  expect(refused.headers["retry-after"]).toBe("3599");
  expect([(await stop()).status, (await stop()).status]).toEqual([202, 429]);
  nowMs += 3_599_000;
  expect((await list()).status).toBe(200);
});

slow("however a key is sent and whatever else is said, it counts in its one hour", async () => {
  const { ask, keys } = await withAStudio({ keyPerHour: 6 });
  const { secret: key } = await keys.mint("op", "script");
  const samePage = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" };
  const ways: Record<string, string>[] = [
    { authorization: `Bearer ${key}` },
    { "x-api-key": key },
    { authorization: `Basic ${Buffer.from(`me:${key}`).toString("base64")}` },
  ];
  // One is answered from ready bytes, the other by its route.
  const read = async (headers: Record<string, string>, path: string) =>
    ask("GET", path, { key: null, headers });
  const left: unknown[] = [];
  for (const way of ways) {
    for (const path of ["/api/streams", "/api/sites"]) {
      const { status, headers } = await read({ ...way, ...samePage }, path);
      left.push([status, headers["ratelimit"]]);
    }
  }
  expect(left).toEqual([5, 4, 3, 2, 1, 0].map((r) => [200, `"key";r=${r};t=3600`]));
  for (const way of ways) {
    for (const more of [{}, samePage]) {
      expect((await read({ ...way, ...more }, "/api/streams")).status).toBe(429);
    }
  }
});

slow(
  "a page that was opened with a key has a larger hour of its own, also when a script has used up the key's",
  async () => {
    const { ask, keys } = await withAStudio({ keyPerHour: 1, commandReserve: 2 });
    const { secret: key, row } = await keys.mint("op", "wall");
    expect((await ask("GET", "/api/sites", { key })).status).toBe(200);
    expect((await ask("GET", "/api/sites", { key })).status).toBe(429);
    const opened = await ask("POST", "/api/auth/key", { key });
    expect(opened).toMatchObject({
      status: 200,
      body: { token_type: "Bearer", expires_in: 3_600 },
    });
    const page = String(opened.body["access_token"]);
    const me = await ask("GET", "/api/auth/me", { key: page });
    expect(me.body).toMatchObject({ id: `key:${row.id}`, name: "wall" });
    for (let i = 0; i < 99; i++) {
      expect((await ask("GET", "/api/streams", { key: page })).status).toBe(200);
    }
    const over = await ask("GET", "/api/streams", { key: page });
    expect(over.status).toBe(429);
    expect(over.body["detail"]).toContain("more than 100 requests an hour");
    // A page is no key: it opens no other page, and two logins were all that the reserve had.
    expect((await ask("POST", "/api/auth/key", { key: page })).status).toBe(409);
    expect((await ask("POST", "/api/auth/key", { key })).status).toBe(200);
    expect((await ask("POST", "/api/auth/key", { key })).status).toBe(429);
  },
);

slow("a page ends with its key, and may do no more than it", async () => {
  const { ask, keys } = await withAStudio();
  const { secret: key, row } = await keys.mint("ro", "wall");
  const { body } = await ask("POST", "/api/auth/key", { key });
  const page = String(body["access_token"]);
  expect((await ask("GET", "/api/streams", { key: page })).status).toBe(200);
  const stop = { key: page, body: { verb: "stop" } };
  expect((await ask("POST", "/api/streams/main/commands", stop)).status).toBe(403);
  await keys.revoke(row.id);
  expect((await ask("GET", "/api/streams", { key: page })).status).toBe(401);
  const site = await keys.mint("site", "studio", "studio");
  expect((await ask("POST", "/api/auth/key", { key: site.secret })).status).toBe(401);
});

slow(
  "behind a proxy that is trusted each of its clients has a budget; a stranger's word is nothing",
  async () => {
    const answers = async (trustedProxies: string[]) => {
      const { ask } = await withAStudio({ requests: 1, trustedProxies });
      const from = (address: string) =>
        ask("GET", "/health", { key: null, headers: { "x-forwarded-for": address } });
      return [(await from("192.0.2.1")).status, (await from("192.0.2.2")).status];
    };
    expect(await answers(["127.0.0.0/8"])).toEqual([200, 200]);
    expect(await answers([])).toEqual([200, 429]);
  },
);

test("one IPv6 network is one address", () => {
  expect(subjectOf("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
  expect(subjectOf("2001:db8:1:2::9")).toBe("2001:db8:1:2::/64");
  expect(subjectOf("::1")).toBe("0:0:0:0::/64");
  expect(subjectOf("10.0.0.7")).toBe("10.0.0.7");
  expect(subjectOf("::ffff:10.0.0.7")).toBe("::ffff:10.0.0.7");
});
