/** Who is calling. Nothing but what is `open` answers a stranger. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Audit } from "../audit/audit.ts";
import { demo, refusal, type Asker, type Caller } from "../auth/caller.ts";
import { permissionsOfScopes, type AccessName } from "../auth/permissions.ts";
import type { Sessions } from "../auth/sessions.ts";
import type { KeyRow } from "../store/store.ts";
import type { KeyRing } from "./keys.ts";
import { ApiProblem, sendProblem } from "./problem.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** null only where a route is `open`. */
    caller: Caller | null;
  }
  interface FastifyInstance {
    /** Every route with what it asks of its caller; complete when the server is ready. */
    routeTable: RouteAccess[];
  }
  interface FastifyContextConfig {
    /** Who may use this route: a row of `hub/auth/permissions.ts`. */
    access?: AccessName;
  }
}

type Headers = Record<string, string | string[] | undefined>;

/** `Bearer <key>`, `X-API-Key: <key>`, or Basic with the key as password (a browser's own box). */
export function secretFrom(headers: Headers): string | undefined {
  const { authorization, "x-api-key": apiKey } = headers;
  if (typeof apiKey === "string") return apiKey;
  const [scheme, value] = one(authorization)?.split(/\s+/, 2) ?? [];
  if (value === undefined) return undefined;
  if (scheme?.toLowerCase() === "bearer") return value;
  if (scheme?.toLowerCase() !== "basic") return undefined;
  return Buffer.from(value, "base64").toString("utf8").split(":").slice(1).join(":");
}

const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

/** A name a browser resolves to itself; anything else may be a page that rebinds its DNS name. */
function isLocalHost(host: string | undefined): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host ?? "");
}

/** Who may come in, and by what. */
export type Doors = { keys: KeyRing; sessions: Sessions; demoOpen: boolean };

/** @returns the caller, or undefined for a stranger. @param from the address, for "last used" */
export async function callerFrom(
  headers: Headers,
  doors: Doors,
  from?: string,
): Promise<Caller | undefined> {
  const atOnce = callerAtOnce(headers, doors, from);
  if (atOnce !== "notSaid") return atOnce;
  const secret = secretFrom(headers);
  if (secret === undefined) return undefined;
  return doors.sessions.callerOf(secret, (key) => pageOf(key, doors.keys));
}

/** The last secret that came over a connection. It is compared with what came over the same only. */
const lastSecrets = new WeakMap<object, { secret: string; hash: string }>();
function hashOn(connection: object | undefined, secret: string, keys: KeyRing): string {
  const last = connection && lastSecrets.get(connection);
  if (last?.secret === secret) return last.hash;
  const hash = keys.hashOf(secret);
  if (connection) lastSecrets.set(connection, { secret, hash });
  return hash;
}

/**
 * As `callerFrom`, where that needs no signature; "notSaid" for what is not a key.
 * @param connection over which it came: who asks again over it need not be hashed again
 */
export function callerAtOnce(
  headers: Headers,
  { keys, demoOpen }: Pick<Doors, "keys" | "demoOpen">,
  from?: string,
  connection?: object,
): Caller | undefined | "notSaid" {
  const secret = secretFrom(headers);
  if (secret === undefined) {
    return demoOpen && isLocalHost(one(headers["host"])) ? demo : undefined;
  }
  const row = keys.open(hashOn(connection, secret, keys), from);
  if (!row) return "notSaid";
  return row.kind === "site" ? undefined : callerOfKey(row);
}

/** What a key may do stays as it was made. */
const ofKeys = new WeakMap<KeyRow, Caller>();
function callerOfKey(row: KeyRow): Caller {
  const held = ofKeys.get(row);
  if (held) return held;
  const { id, name, scopes, sites } = row;
  const permissions = permissionsOfScopes(scopes);
  const made = { id: `key:${id}`, name, permissions, sites: sites && new Set(sites) };
  ofKeys.set(row, made);
  return made;
}

/** A page that somebody has opened with a key: it may do what the key may, while that is good. */
function pageOf(id: string, keys: KeyRing): Caller | undefined {
  const row = keys.isLive(id) ? keys.all().find((one) => one.id === id) : undefined;
  return row && row.kind !== "site" ? { ...callerOfKey(row), session: "page" } : undefined;
}

/** Whether who came in may still be here: for what stays open, such as a socket. */
export function isStillIn({ id, session }: Caller, { keys, sessions }: Doors): boolean {
  if (id.startsWith("key:")) return keys.isLive(id.slice("key:".length));
  return session === undefined || sessions.isLive(session);
}

/**
 * A browser sends a stored login along with requests that other pages make it send. `Origin`
 * and `Sec-Fetch-Site` cannot be forged by a page.
 */
export function isForeign(headers: Headers): boolean {
  const site = one(headers["sec-fetch-site"]);
  if (site === "cross-site" || site === "same-site") return true;
  const origin = one(headers["origin"]);
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== one(headers["host"]);
}

/** What a stranger is told; one who came with a key that opens nothing is written down. */
export function strangerProblem(
  audit: Audit,
  headers: Headers,
  address: string,
  requestId: string,
): ApiProblem {
  if (headers["authorization"] === undefined && headers["x-api-key"] === undefined) {
    return new ApiProblem(401, "missing_authorization", "Missing Authorization header");
  }
  const code = "unknown_key";
  audit.often(`stranger ${address}`, {
    ...{ type: "refused", actor: "stranger", outcome: "refused", code, address, requestId },
  });
  return new ApiProblem(401, code, "Unknown or expired key");
}

/** What a page of another origin asked for, with a login that the browser sent along. */
export function foreignProblem(
  audit: Audit,
  headers: Headers,
  { address, object, actor = "stranger" }: { address: string; object: string; actor?: string },
): ApiProblem {
  const code = "foreign_origin";
  const origin = one(headers["origin"])?.slice(0, 200);
  audit.often(`${code} ${address} ${object}`, {
    ...{ type: "refused", actor, outcome: "refused", code, address, object },
    ...(origin !== undefined && { detail: { origin } }),
  });
  return new ApiProblem(403, code, "asked by a page of another origin");
}

/**
 * @param object what was asked for, for the audit log
 * @throws ApiProblem 403 `not_allowed`, and writes it down
 */
export function allow(
  audit: Audit,
  { caller, address, requestId }: Asker,
  name: AccessName,
  object: string,
): void {
  const why = refusal(caller, name);
  if (why === undefined) return;
  const code = "not_allowed";
  audit.often(`refused ${caller.id} ${object}`, {
    ...{ type: "refused", actor: caller.id, name: caller.name, outcome: "refused", object },
    ...{ code, address, requestId },
  });
  throw new ApiProblem(403, code, why);
}

export function authenticator(
  doors: Doors,
  audit: Audit,
  perKey: (request: FastifyRequest, reply: FastifyReply) => void,
) {
  return async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
    // A path that nobody serves is as closed as the rest.
    const name = request.routeOptions.config.access ?? "known";
    if (name === "open") return payload;
    const { headers } = request;
    const caller = await callerFrom(headers, doors, request.ip);
    if (!caller) {
      // A browser that opens a page gets its own login box: any name, the key as password.
      const page = request.method === "GET" && (headers.accept ?? "").includes("text/html");
      reply.header("WWW-Authenticate", `${page ? "Basic" : "Bearer"} realm="understudy"`);
      sendProblem(request, reply, strangerProblem(audit, headers, request.ip, request.id));
      return reply;
    }
    const object = `${request.method} ${request.routeOptions.url ?? "unknown"}`;
    if (request.method !== "GET" && request.method !== "HEAD" && isForeign(headers)) {
      throw foreignProblem(audit, headers, { address: request.ip, object, actor: caller.id });
    }
    allow(audit, { caller, address: request.ip, requestId: request.id }, name, object);
    request.caller = caller;
    perKey(request, reply);
    return payload;
  };
}

/** @throws ApiProblem 401 where a route is `open` and a stranger asks */
export function callerOf({ caller }: FastifyRequest): Caller {
  if (caller) return caller;
  throw new ApiProblem(401, "missing_authorization", "Missing Authorization header");
}

export type RouteAccess = { method: string; url: string; access: AccessName };

/**
 * Gathers what every route declares. Packages that serve their own routes (the documents, the
 * page's files) cannot: `theirs` says it for these paths and those below.
 * @returns the table, complete when the server is ready; a route without a row stops the start
 */
export function gatherAccess(
  app: FastifyInstance,
  theirs: Readonly<Record<string, AccessName>>,
): RouteAccess[] {
  const table: RouteAccess[] = [];
  const undeclared: string[] = [];
  app.addHook("onRoute", (route) => {
    const [, access] =
      Object.entries(theirs).find(
        ([path]) => route.url === path || route.url.startsWith(`${path}/`),
      ) ?? [];
    if (access) route.config = { ...route.config, access };
    const declared = route.config?.access;
    for (const method of [route.method].flat()) {
      if (declared) table.push({ method, url: route.url, access: declared });
      else undeclared.push(`${method} ${route.url}`);
    }
  });
  app.addHook("onReady", async () => {
    if (undeclared.length === 0) return;
    throw new Error(`no \`config: { access }\` on ${undeclared.join(", ")}`);
  });
  return table;
}

/** Which methods there are at the path of an address. */
export function methodsOf(table: () => readonly RouteAccess[]): (address: string) => string[] {
  let paths: { matches: RegExp; method: string }[] | undefined;
  return (address) => {
    paths ??= table().map(({ method, url }) => ({ matches: pathPattern(url), method }));
    const [path = ""] = address.split("?", 1);
    const found = paths.filter(({ matches }) => matches.test(path)).map(({ method }) => method);
    return [...new Set(found)].toSorted();
  };
}

/** `/streams/:id/state` as a pattern of addresses. */
function pathPattern(url: string): RegExp {
  const parts = url.split("/").map((part) => {
    if (part === "*") return ".*";
    return part.startsWith(":") ? "[^/]+" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("/")}$`);
}
