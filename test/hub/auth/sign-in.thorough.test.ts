/** Logging in with a provider's account: a real provider on loopback, real cookies, no browser. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { SignInProvider } from "../../../config/sign-in.schema.ts";
import type { PersonRow } from "../../../hub/store/store.ts";
import { withAStudio } from "../api/an-api.ts";
import { aProvider, client, type Idp } from "./a-provider.ts";
import { aPerson, password } from "./people.ts";

const hubUrl = "http://127.0.0.1";
const callback = `${hubUrl}/api/auth/oidc/idp/callback`;
const patience = 240_000;
const begin = "/api/auth/oidc/idp/login";
const anna = { email: "Anna@Example.org", email_verified: true, groups: ["crew", "engineers"] };

let idp: Idp;
beforeAll(async () => {
  idp = await aProvider(callback);
});
afterAll(() => idp.close());
beforeEach(() => {
  Object.assign(idp.accounts, { "anna-1": anna, "eve-1": { ...anna, email: "eve@example.org" } });
  Object.assign(idp, { is: "anna-1", denies: false, silent: false, forges: false, poses: false });
});

type Reply = { status: number; location: string; body: string };

async function aHub(over: Partial<SignInProvider> = {}, who: Partial<PersonRow> = {}) {
  const clock = { nowMs: Date.now() };
  const lines: string[] = [];
  const provider: SignInProvider = {
    ...{ id: "idp", name: "Test", issuer: idp.issuer, ...client, emailDomains: [] },
    ...{ scopes: ["openid", "profile", "email"], attributes: {} },
    ...over,
  };
  const api = await withAStudio({ providers: [provider], now: () => clock.nowMs, lines });
  const person = await aPerson({ name: "anna", email: "anna@example.org", ...who });
  await api.sessions.save(person);

  /** One browser: it follows nobody by itself, and keeps the cookies of each host. */
  function aBrowser() {
    const jars = new Map<string, Map<string, string>>();
    async function go(to: string, method: "GET" | "POST" = "GET"): Promise<Reply> {
      const url = new URL(to, hubUrl);
      const jar = jars.get(url.origin) ?? new Map<string, string>();
      jars.set(url.origin, jar);
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const headers = { cookie, accept: "text/html" };
      const take = (all: string[]) => {
        for (const one of all) {
          const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(one) ?? [];
          if (/max-age=0|01 jan 1970/i.test(one) || value === "") jar.delete(name);
          else jar.set(name, value);
        }
      };
      if (url.origin !== hubUrl) {
        const reply = await fetch(url, { method, headers, redirect: "manual" });
        take(reply.headers.getSetCookie());
        const location = new URL(reply.headers.get("location") ?? "", url).href;
        return { status: reply.status, location, body: await reply.text() };
      }
      const reply = await api.app.inject({ method, url: url.pathname + url.search, headers });
      take([reply.headers["set-cookie"] ?? []].flat());
      const location = String(reply.headers.location ?? "");
      return { status: reply.statusCode, location, body: reply.body };
    }
    /** Until the provider sends the browser back. @returns the address it shall come back to */
    async function toCallback(start = begin, bend = (url: string) => url): Promise<string> {
      let at = bend((await go(start)).location);
      for (let hops = 0; hops < 12 && !at.startsWith(`${callback}?`); hops++) {
        at = (await go(at)).location;
      }
      return at;
    }
    const signIn = async () => (await go(await toCallback())).location;
    const session = async () => {
      const reply = await go("/api/auth/oidc/session", "POST");
      return { status: reply.status, body: JSON.parse(reply.body) as Record<string, string> };
    };
    return { go, toCallback, signIn, session };
  }
  const noted = async (type: string) =>
    ((await api.ask("GET", `/api/audit?type=${type}`)).body["items"] as object[])[0];
  return { ...api, ...aBrowser(), aBrowser, clock, lines, person, noted };
}
const refused = (code: string) => `/#not-signed-in=${code}`;

test(
  "who is invited by address comes in, with the hub's own session, and no token is told",
  async () => {
    const { signIn, session, ask, noted, lines, sessions, person, go } = await aHub();
    const { body: offered } = await ask("GET", "/api/auth/oidc", { key: null });
    expect(offered).toEqual({ items: [{ id: "idp", name: "Test", url: `${hubUrl}${begin}` }] });
    expect(await signIn()).toBe("/#signed-in");
    const { status, body } = await session();
    expect([status, body["token_type"]]).toEqual([200, "Bearer"]);
    const key = body["access_token"]!;
    const me = (await ask("GET", "/api/auth/me", { key })).body;
    expect(me).toMatchObject({
      name: "anna",
      permissions: expect.arrayContaining(["users:read"]) as unknown,
    });
    const refresh = { key: null, body: { refresh_token: body["refresh_token"] } };
    expect((await ask("POST", "/api/auth/refresh", refresh)).status).toBe(200);
    expect(sessions.person(person.id)?.identities).toMatchObject([
      { issuer: idp.issuer, subject: "anna-1" },
    ]);
    expect(await noted("login.ok")).toMatchObject({
      ...{ actor: `user:${person.id}`, outcome: "ok", detail: { provider: "idp" } },
    });
    expect(await noted("user.changed")).toMatchObject({
      ...{ actor: "provider:idp", detail: { changed: ["identities"] } },
    });
    // What makes a session of it is good once.
    expect((await session()).status).toBe(401);
    expect((await go("/api/auth/oidc/nobody/login")).status).toBe(404);
    expect(lines.join("")).not.toMatch(/anna@|code=|secret/i);
    // Ended by an admin, it is over at once.
    await ask("DELETE", `/api/users/${person.id}/sessions`);
    expect((await ask("GET", "/api/auth/me", { key })).status).toBe(401);
  },
  patience,
);

test(
  "the account stays linked when the address changes; another account with it stays out",
  async () => {
    const { signIn, aBrowser } = await aHub();
    expect(await signIn()).toBe("/#signed-in");
    idp.accounts["anna-1"] = { email: "new@example.org", email_verified: false };
    expect(await aBrowser().signIn()).toBe("/#signed-in");
    idp.accounts["eve-1"] = anna;
    idp.is = "eve-1";
    expect(await aBrowser().signIn()).toBe(refused("other_account"));
  },
  patience,
);

test(
  "an unverified address, an unknown one, another domain and a disabled user stay out",
  async () => {
    const { signIn, aBrowser, sessions, person, noted } = await aHub({
      emailDomains: ["example.org"],
    });
    idp.accounts["anna-1"] = { ...anna, email_verified: false };
    expect(await signIn()).toBe(refused("email_not_verified"));
    expect(await noted("login.failed")).toMatchObject({
      ...{ actor: "stranger", outcome: "refused", code: "email_not_verified" },
      detail: { provider: "idp" },
    });
    idp.accounts["anna-1"] = { ...anna, email: "anna@example.org.evil.net" };
    expect(await aBrowser().signIn()).toBe(refused("wrong_domain"));
    idp.is = "eve-1";
    expect(await aBrowser().signIn()).toBe(refused("unknown_person"));
    idp.accounts["anna-1"] = anna;
    idp.is = "anna-1";
    await sessions.save({ ...person, disabledAtMs: 1 });
    expect(await aBrowser().signIn()).toBe(refused("disabled"));
    expect(sessions.person(person.id)?.identities).toEqual([]);
    // Somebody is disabled after the provider has vouched, before the page asks for the session.
    await sessions.save(person);
    const late = aBrowser();
    expect(await late.signIn()).toBe("/#signed-in");
    await sessions.save({ ...sessions.person(person.id)!, disabledAtMs: 1 });
    expect((await late.session()).body["code"]).toBe("disabled");
  },
  patience,
);

test(
  "groups give the role at each login, and who is in none stays out",
  async () => {
    const groups = [
      { group: "chiefs", role: "admin" as const },
      { group: "engineers", role: "operator" as const },
    ];
    const { signIn, aBrowser, sessions, person, noted } = await aHub(
      { roles: { claim: "groups", groups } },
      { role: "viewer" },
    );
    expect(await signIn()).toBe("/#signed-in");
    expect(sessions.person(person.id)?.role).toBe("operator");
    expect(await noted("user.changed")).toMatchObject({
      detail: { changed: ["identities", "role"], role: { before: "viewer", after: "operator" } },
    });
    idp.accounts["anna-1"] = { ...anna, groups: ["crew"] };
    expect(await aBrowser().signIn()).toBe(refused("no_role"));
  },
  patience,
);

test(
  "a callback that this browser did not ask for, or asked for long ago, is nothing",
  async () => {
    const { toCallback, aBrowser, go, clock, session } = await aHub();
    const mine = await toCallback();
    // Somebody else's code and state, put under this browser; and a state that was made up.
    const other = aBrowser();
    await other.toCallback();
    expect((await other.go(mine)).location).toBe(refused("bad_answer"));
    expect((await aBrowser().go(mine)).location).toBe(refused("expired"));
    const bent = aBrowser();
    const at = new URL(await bent.toCallback());
    at.searchParams.set("state", "made-up");
    expect((await bent.go(at.href)).location).toBe(refused("bad_answer"));
    // Ten minutes later.
    const slow = aBrowser();
    const late = await slow.toCallback();
    clock.nowMs += 601_000;
    expect((await slow.go(late)).location).toBe(refused("expired"));
    clock.nowMs -= 601_000;
    expect((await go(mine)).location).toBe("/#signed-in");
    expect((await session()).status).toBe(200);
  },
  patience,
);

test(
  "a code is good once: the same address again opens nothing, in any browser",
  async () => {
    const { toCallback, go, app } = await aHub();
    const { headers } = await app.inject({ url: begin });
    const cookie = String(headers["set-cookie"]).split(";")[0] ?? "";
    expect(String(headers["set-cookie"])).toMatch(/; HttpOnly; SameSite=Lax/);
    const mine = await toCallback();
    expect((await go(mine)).location).toBe("/#signed-in");
    expect((await go(mine)).location).toBe(refused("expired"));
    const again = await app.inject({ url: mine.slice(hubUrl.length), headers: { cookie } });
    expect(again.headers.location).toBe(refused("bad_answer"));
    const twice = await app.inject({ url: mine.slice(hubUrl.length), headers: { cookie } });
    expect(twice.headers.location).toBe(refused("expired"));
  },
  patience,
);

test(
  "another nonce, another issuer, a forged signature and a provider that poses are refused",
  async () => {
    const { aBrowser, noted } = await aHub();
    const bendNonce = (to: string) => {
      const url = new URL(to);
      url.searchParams.set("nonce", "of-another-login");
      return url.href;
    };
    const one = aBrowser();
    expect((await one.go(await one.toCallback(begin, bendNonce))).location).toBe(
      refused("bad_answer"),
    );
    expect(await noted("login.failed")).toMatchObject({ code: "bad_answer" });
    const two = aBrowser();
    const mixed = new URL(await two.toCallback());
    expect(mixed.searchParams.get("iss")).toBe(idp.issuer);
    mixed.searchParams.set("iss", "https://other.example.org");
    expect((await two.go(mixed.href)).location).toBe(refused("bad_answer"));
    idp.forges = true;
    expect(await (await aHub()).signIn()).toBe(refused("bad_answer"));
    idp.forges = false;
    idp.poses = true;
    expect((await (await aHub()).go(begin)).location).toBe(refused("provider_away"));
  },
  patience,
);

test(
  "who says no at the provider, a wrong secret and a provider that is away say so",
  async () => {
    idp.denies = true;
    const { signIn, ask, noted } = await aHub();
    expect(await signIn()).toBe(refused("cancelled"));
    idp.denies = false;
    const wrong = await aHub({ clientSecret: "another" });
    expect(await wrong.signIn()).toBe(refused("bad_answer"));
    expect(await wrong.noted("login.failed")).toMatchObject({
      detail: { why: "Test does not take the hub's clientId and secret" },
    });
    const away = await aHub({ issuer: "http://127.0.0.1:1" });
    expect((await away.go(begin)).location).toBe(refused("provider_away"));
    expect(await away.noted("login.failed")).toMatchObject({
      detail: { why: "Test does not answer" },
    });
    idp.silent = true;
    const hangs = await aHub();
    const askedAtMs = performance.now();
    expect((await hangs.go(begin)).location).toBe(refused("provider_away"));
    expect(performance.now() - askedAtMs).toBeLessThan(25_000);
    // Passwords go on.
    const body = { name: "anna", password };
    expect((await ask("POST", "/api/auth/login", { key: null, body })).status).toBe(200);
    expect(await noted("login.ok")).not.toMatchObject({ detail: { provider: "idp" } });
  },
  patience,
);

test(
  "an admin links an account by hand, gives an address once, and takes both away",
  async () => {
    const { ask, person, signIn, aBrowser, session } = await aHub({}, { email: null });
    const other = await ask("POST", "/api/users", { body: { name: "eve", role: "viewer" } });
    const change = (id: string, body: object) => ask("PATCH", `/api/users/${id}`, { body });
    expect(await signIn()).toBe(refused("unknown_person"));
    const identities = [{ issuer: idp.issuer, subject: "anna-1" }];
    expect((await change(person.id, { identities })).body).toMatchObject({ identities });
    expect(await aBrowser().signIn()).toBe("/#signed-in");
    expect((await change(String(other.body["id"]), { identities })).body["code"]).toBe(
      "account_taken",
    );
    const email = "Eve@example.org";
    expect((await change(String(other.body["id"]), { email })).body["email"]).toBe(
      "eve@example.org",
    );
    expect((await change(person.id, { email })).body["code"]).toBe("email_taken");
    const again = { name: "eva", role: "viewer", email };
    expect((await ask("POST", "/api/users", { body: again })).body["code"]).toBe("email_taken");
    // Unlinked, it is out: at once, and until it is linked again.
    expect(await signIn()).toBe("/#signed-in");
    const key = (await session()).body["access_token"]!;
    expect((await ask("GET", "/api/auth/me", { key })).status).toBe(200);
    await change(person.id, { identities: [] });
    expect((await ask("GET", "/api/auth/me", { key })).status).toBe(401);
    expect(await aBrowser().signIn()).toBe(refused("unknown_person"));
  },
  patience,
);

test(
  "only pages of the hub get the session of a login that was finished",
  async () => {
    const { signIn, app } = await aHub();
    expect(await signIn()).toBe("/#signed-in");
    const foreign = await app.inject({
      ...{ method: "POST", url: "/api/auth/oidc/session" },
      headers: { origin: "https://evil.example", host: "127.0.0.1" },
    });
    expect([foreign.statusCode, foreign.json<{ code: string }>().code]).toEqual([
      ...[403, "foreign_origin"],
    ]);
  },
  patience,
);
