import { createHmac, generateKeyPairSync } from "node:crypto";
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  jwtVerify,
  SignJWT,
  type JSONWebKeySet,
} from "jose";
import { expect, test } from "vitest";
import { sitesOf } from "../../../hub/auth/sessions.ts";
import { isOnShift, Shift } from "../../../hub/auth/shifts.ts";
import { openTokens } from "../../../hub/auth/tokens.ts";
import { openHubKeys } from "../../../hub/hub-keys.ts";
import { anApi, withAStudio } from "../api/an-api.ts";
import { aPerson, from, password } from "./people.ts";

const patience = 120_000;
const startMs = 1_800_000_000_000;

async function withMaria(over = {}) {
  const clock = { nowMs: startMs };
  const lines: string[] = [];
  const api = await withAStudio({ now: () => clock.nowMs, lines });
  const maria = await aPerson({ name: "maria", ...over });
  await api.sessions.save(maria);
  const log = (name: string, text: string) =>
    api.ask("POST", "/api/auth/login", { key: null, body: { name, password: text } });
  const refresh = (token: string) =>
    api.ask("POST", "/api/auth/refresh", { key: null, body: { refresh_token: token } });
  return { ...api, clock, lines, maria, log, refresh };
}
const access = (body: Record<string, unknown>) => String(body["access_token"]);
const renewal = (body: Record<string, unknown>) => String(body["refresh_token"]);

test(
  "a login gives an RS256 token for 3600 s that others can check by the key set",
  async () => {
    const { ask, log, clock } = await withMaria();
    const { status, body } = await log("Maria", password);
    expect([status, body["token_type"], body["expires_in"]]).toEqual([200, "Bearer", 3_600]);
    const token = access(body);
    expect(decodeProtectedHeader(token).alg).toBe("RS256");
    const jwks = (await ask("GET", "/.well-known/jwks.json", { key: null })).body;
    expect(JSON.stringify(jwks)).not.toMatch(/"(d|p|q|dp|dq|qi)":/);
    const keySet = createLocalJWKSet(jwks as unknown as JSONWebKeySet);
    const currentDate = new Date(clock.nowMs);
    await jwtVerify(token, keySet, { audience: "understudy", currentDate });
    const me = (await ask("GET", "/api/auth/me", { key: token })).body;
    expect(me).toMatchObject({
      ...{ name: "maria", sites: null },
      permissions: ["streaming:read", "streaming:write", "users:read"],
    });
    clock.nowMs = startMs + 3_600_000 - 1;
    expect((await ask("GET", "/api/streams", { key: token })).status).toBe(200);
    clock.nowMs += 1;
    expect((await ask("GET", "/api/streams", { key: token })).status).toBe(401);
  },
  patience,
);

test(
  "a refresh token is good once; the second time ends the whole session",
  async () => {
    const { ask, log, refresh, clock } = await withMaria();
    const first = (await log("maria", password)).body;
    clock.nowMs += 1_000;
    const second = (await refresh(renewal(first))).body;
    expect((await ask("GET", "/api/streams", { key: access(second) })).status).toBe(200);
    const copied = await refresh(renewal(first));
    expect([copied.status, copied.body["code"]]).toEqual([401, "unknown_token"]);
    for (const key of [access(first), access(second)]) {
      expect((await ask("GET", "/api/streams", { key })).status).toBe(401);
    }
    expect((await refresh(renewal(second))).status).toBe(401);
    const { items } = (await ask("GET", "/api/audit?type=session.copied")).body;
    expect(items).toMatchObject([{ code: "refresh_reused" }]);
  },
  patience,
);

test(
  "of two refreshes at the same moment at most one is answered",
  async () => {
    const { log, refresh } = await withMaria();
    const { body } = await log("maria", password);
    const both = await Promise.all([refresh(renewal(body)), refresh(renewal(body))]);
    expect(both.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
  },
  patience,
);

test(
  "a wrong password, an unknown name and a disabled account do not tell each other apart",
  async () => {
    const { log, sessions, maria, lines } = await withMaria();
    const answers = [await log("maria", "wrong-wrong-wrong"), await log("nobody", password)];
    await sessions.save({ ...maria, disabledAtMs: 1 });
    answers.push(await log("maria", "also-wrong-here"));
    for (const { status, body } of answers) {
      expect([status, body["code"], body["message"]]).toEqual([
        ...[401, "wrong_login", "wrong name or password"],
      ]);
    }
    const disabled = await log("maria", password);
    expect([disabled.status, disabled.body["code"]]).toEqual([403, "disabled"]);
    expect(lines.join("")).not.toContain(password);
  },
  patience,
);

test(
  "five wrong passwords close the name to that address for a while, also for the right one",
  async () => {
    const { log, clock } = await withMaria();
    const wrong = Array.from({ length: 8 }, (_, i) => log("maria", `guess number ${i}`));
    const codes = (await Promise.all(wrong)).map(({ body }) => body["code"]);
    expect(codes.filter((code) => code === "wrong_login")).toHaveLength(5);
    const right = await log("maria", password);
    expect([right.status, right.body["code"]]).toEqual([429, "too_many_attempts"]);
    expect(Number(right.headers["retry-after"])).toBe(900);
    clock.nowMs += 900_000;
    expect((await log("maria", password)).status).toBe(200);
  },
  patience,
);

test(
  "none of 5,000 mutated or foreign tokens is accepted",
  async () => {
    const { sessions, tokens, clock } = await withMaria();
    const real = (await sessions.login("maria", password, from)).access_token;
    expect(await sessions.callerOf(real)).toMatchObject({ name: "maria" });
    const [head = "", body = "", signature = ""] = real.split(".");
    const json = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = decodeJwt(real);
    const header = decodeProtectedHeader(real);
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const [jwk] = (await tokens.keySet()).keys;
    const sign = (over: object, kid = header.kid ?? "") =>
      new SignJWT({ ...claims, ...over })
        .setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid })
        .sign(other);
    const unsigned = `${json({ ...header, alg: "none" })}.${body}`;
    const confused = `${json({ ...header, alg: "HS256" })}.${body}`;
    const hmac = createHmac("sha256", JSON.stringify(jwk)).update(confused).digest("base64url");
    const elsewhere = openTokens({
      key: openHubKeys({ now: Date.now }).token,
      hub: "other",
      now: () => clock.nowMs,
    });
    const wanted = { person: String(claims.sub), session: String(claims["sid"]) };
    const crafted = [
      ...[`${unsigned}.`, `${unsigned}.${signature}`, `${confused}.${hmac}`],
      ...[await sign({}), await sign({}, "unknown"), `${head}.${json({ ...claims, exp: 9e9 })}`],
      `${head}.${json({ ...claims, role: "admin" })}.${signature}`,
      await elsewhere.issue({ ...wanted, name: "maria", role: "admin" }),
    ];
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
    const some = (below: number) => Math.floor(Math.random() * below);
    let accepted = 0;
    let tried = 0;
    for (let i = 0; tried < 5_000; i++) {
      const [at, by] = [some(real.length), alphabet.charAt(some(alphabet.length))];
      const last = alphabet.charAt(i % alphabet.length);
      const token =
        crafted[i] ??
        [
          real.slice(0, at) + by + real.slice(at + 1),
          real.slice(0, -1) + last,
          real.slice(0, at) + real.slice(at + 1),
          real.slice(0, at) + by + real.slice(at),
        ][i % 4];
      if (token === undefined || token === real) continue;
      tried += 1;
      if (await sessions.callerOf(token)) accepted += 1;
    }
    expect(accepted).toBe(0);
  },
  patience,
);

test(
  "an admin invites, limits, disables and logs out people, and cannot lock itself out",
  async () => {
    const { ask, sessions, log, lines } = await withMaria({ role: "admin" });
    const admin = access((await log("maria", password)).body);
    const weak = { name: "jo", role: "viewer", password: "password1234" };
    expect((await ask("POST", "/api/users", { key: admin, body: weak })).body["code"]).toBe(
      "weak_password",
    );
    const body = { name: "jo", role: "viewer", sites: ["studio"] };
    const made = (await ask("POST", "/api/users", { key: admin, body })).body;
    const invitation = String(made["invitation"]);
    const take = { invitation, password: "seven grey herons" };
    const accept = () => ask("POST", "/api/auth/accept", { key: null, body: take });
    expect([(await accept()).status, (await accept()).status]).toEqual([204, 401]);
    const jo = (await log("jo", take.password)).body;
    expect((await ask("GET", "/api/streams", { key: access(jo) })).status).toBe(200);
    const own = `/api/users/${sessions.byName("maria")?.id}`;
    const locked = await ask("PATCH", own, { key: admin, body: { disabled: true } });
    expect([locked.status, locked.body["code"]]).toEqual([409, "own_account"]);
    const his = `/api/users/${String(made["id"])}`;
    const raised = await ask("PATCH", his, { key: admin, body: { role: "operator" } });
    expect(raised.body).toMatchObject({ role: "operator", sites: ["studio"] });
    expect((await ask("PATCH", his, { key: admin, body: { disabled: true } })).status).toBe(200);
    expect((await ask("GET", "/api/streams", { key: access(jo) })).status).toBe(401);
    await ask("DELETE", his, { key: admin });
    const log1 = JSON.stringify((await ask("GET", "/api/audit?limit=500")).body);
    for (const type of ["user.made", "user.changed", "user.removed", "login.ok"]) {
      expect(log1).toContain(`"type":"${type}"`);
    }
    expect(log1).toContain('"before":"viewer","after":"operator"');
    for (const secret of [invitation, take.password, password, access(jo), renewal(jo)]) {
      expect(log1 + lines.join("")).not.toContain(secret);
    }
  },
  patience,
);

test("a region or department limits a person to its sites; a site of none belongs to none", () => {
  const places = [
    { site: "studio", region: "north", department: "sport" },
    { site: "arena", region: "north", department: "news" },
    { site: "chapel" },
  ];
  const none = { sites: null, department: null, region: null };
  expect(sitesOf(none, places)).toBeNull();
  expect([...(sitesOf({ ...none, region: "north" }, places) ?? [])]).toEqual(["studio", "arena"]);
  const both = { ...none, region: "north", department: "sport" };
  expect([...(sitesOf(both, places) ?? [])]).toEqual(["studio"]);
  expect(sitesOf({ ...both, sites: ["chapel"] }, places)?.size).toBe(0);
});

test("a shift begins and ends at its minute, over midnight and in its own time zone", () => {
  const days = ["fri"];
  const night = Shift.parse({ days, from: "22:00", to: "06:00", timeZone: "Europe/Berlin" });
  const at = (iso: string) => isOnShift([night], Date.parse(iso));
  expect(at("2026-01-09T20:59:59Z")).toBe(false);
  expect(at("2026-01-09T21:00:00Z")).toBe(true);
  expect(at("2026-01-10T04:59:59Z")).toBe(true);
  expect(at("2026-01-10T05:00:00Z")).toBe(false);
  expect(at("2026-01-10T21:00:00Z")).toBe(false);
  expect(Shift.safeParse({ days, from: "1:00", to: "25:00", timeZone: "Mars/Base" }).success).toBe(
    false,
  );
});

test("an off-shift person is sent away with the reason", async () => {
  const shifts = [Shift.parse({ days: ["mon"], from: "00:00", to: "00:01" })];
  const { log } = await withMaria({ shifts });
  const answer = await log("maria", password);
  expect([answer.status, answer.body["code"]]).toEqual([403, "off_shift"]);
}, 60_000);

test("no error repeats the secret it was given", async () => {
  const { ask } = await anApi();
  const key = "canary-5b1e-not-a-key";
  const answers = [
    await ask("GET", "/api/streams", { key }),
    await ask("POST", "/api/auth/login", { key: null, body: { name: 7, password: key } }),
    await ask("POST", "/api/auth/refresh", { key: null, body: { refresh_token: key } }),
    await ask("POST", "/api/auth/accept", { key: null, body: { invitation: key, password: key } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 400, 401, 401]);
  expect(JSON.stringify(answers)).not.toContain(key);
});
