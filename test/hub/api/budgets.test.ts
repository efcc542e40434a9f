import { expect, test } from "vitest";
import { subjectOf } from "../../../hub/api/budgets.ts";
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
  const basic = { authorization: `Basic ${Buffer.from(`me:${key}`).toString("base64")}` };
  expect((await ask("GET", "/api/streams", { key: null, headers: basic })).status).toBe(429);
  const page = { key, headers: { "sec-fetch-site": "same-origin" } };
  expect((await ask("GET", "/api/streams", page)).status).toBe(200);
  nowMs += 3_599_000;
  expect((await list()).status).toBe(200);
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
