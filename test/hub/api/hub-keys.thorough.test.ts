/** The hub's own keys over its API: who may replace them, and what goes on holding meanwhile. */
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { aPerson, from, password } from "../auth/people.ts";
import { shell } from "../cli/a-shell.ts";
import { anApi, type Answer } from "./an-api.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});
const hourMs = 3_600_000;
type Items = { items: Record<string, string | null>[] };
const rotated = async ({ ask }: Awaited<ReturnType<typeof anApi>>, name: string): Promise<Answer> =>
  ask("POST", `/api/hub-keys/${name}/rotate`);

test("a token of the key before is good until it ends; others check both by the key set", async () => {
  const clock = { nowMs: 1_800_000_000_000 };
  const api = await anApi({ now: () => clock.nowMs });
  const { ask, sessions } = api;
  await sessions.save(await aPerson({ name: "maria", role: "viewer" }));
  const logIn = async () => (await sessions.login("maria", password, from)).access_token;
  const before = await logIn();
  expect((await rotated(api, "token")).status).toBe(200);
  const after = await logIn();
  const kidOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString()) as { kid: string }).kid;
  expect(kidOf(after)).not.toBe(kidOf(before));
  const set = async () =>
    ((await ask("GET", "/.well-known/jwks.json")).body["keys"] as { kid: string }[]).map(
      ({ kid }) => kid,
    );
  expect(await set()).toEqual([kidOf(after), kidOf(before)]);
  const isIn = async (key: string) => (await ask("GET", "/api/streams", { key })).status === 200;
  expect([await isIn(before), await isIn(after)]).toEqual([true, true]);
  // Twice: then the first is over at once.
  await rotated(api, "token");
  expect([await isIn(before), await isIn(after)]).toEqual([false, true]);
  clock.nowMs += hourMs;
  expect(await set()).toHaveLength(1);
  const { items } = (await ask("GET", "/api/audit?type=hubKey.rotated")).body as Items;
  expect(items).toMatchObject([{ object: "hubKey:token" }, { object: "hubKey:token" }]);
});

test("a webhook is signed with both keys for a week, and the answer has each receiver's new secret", async () => {
  const clock = { nowMs: 1_800_000_000_000 };
  const api = await anApi({ allow: ["127.0.0.0/8"], now: () => clock.nowMs });
  const heard: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      heard.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closers.push(() => (server.closeAllConnections(), server.close()));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const { id, secret } = (await api.ask("POST", "/api/webhooks", { body: { url } })).body as {
    id: string;
    secret: string;
  };
  /** As a receiver checks it: one of the signatures is enough. */
  const isFrom = async (of: string) => {
    await api.ask("POST", `/api/webhooks/${id}/test`);
    const { headers, body } = heard.at(-1)!;
    const said = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`;
    const key = Buffer.from(of.replace("whsec_", ""), "base64");
    const signature = `v1,${createHmac("sha256", key).update(said).digest("base64")}`;
    return String(headers["webhook-signature"]).split(" ").includes(signature);
  };
  expect(await isFrom(secret)).toBe(true);
  const { body, headers } = await rotated(api, "webhook");
  const webhooks = body["webhooks"] as { id: string; url: string; secret: string }[];
  expect(webhooks).toMatchObject([{ id, url }]);
  expect(headers["cache-control"]).toBe("no-store");
  const next = webhooks[0]!.secret;
  expect(next).not.toBe(secret);
  expect([await isFrom(secret), await isFrom(next)]).toEqual([true, true]);
  clock.nowMs += 7 * 24 * hourMs;
  expect([await isFrom(secret), await isFrom(next)]).toEqual([false, true]);
});

test("the command line lists what sites pin, and replaces it", async () => {
  const api = await anApi();
  const url = await api.app.listen({ port: 0, host: "127.0.0.1" });
  const env = { UNDERSTUDY_HUB: url, UNDERSTUDY_API_KEY: api.secret };
  const run = async (...args: string[]) => shell([...args, "--json"], { env });
  type Key = { name: string; publicKey: string; previousPublicKey: string | null };
  const listed = async () => {
    const { out } = await run("hub-key", "list");
    return out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Key);
  };
  const [token, webhook, command] = await listed();
  expect([token?.name, webhook?.name, command?.name]).toEqual(["token", "webhook", "command"]);
  expect([token?.publicKey, webhook?.publicKey]).toEqual([null, null]);
  expect(command?.publicKey).toMatch(/^ed25519:[\w-]{43}$/);
  expect((await run("hub-key", "rotate", "command")).code).toBe(0);
  expect((await listed())[2]?.previousPublicKey).toBe(command?.publicKey);
  expect((await run("hub-key", "rotate", "everything")).code).toBe(2);
});
