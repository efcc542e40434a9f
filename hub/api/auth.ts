/** Who is calling. Nothing but `/health` answers a stranger. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { KeyKind } from "../store/store.ts";
import type { KeyRing } from "./keys.ts";
import { ApiProblem, sendProblem } from "./problem.ts";

export type Caller = { keyId: string; name: string; kind: KeyKind };

declare module "fastify" {
  interface FastifyRequest {
    caller: Caller | null;
  }
}

type Headers = Record<string, string | string[] | undefined>;

/** The demo's caller: only where the hub is bound to loopback and was told to be open. */
const demo: Caller = { keyId: "demo", name: "demo", kind: "adm" };

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

/** @returns the caller, or undefined for a stranger */
export function callerFrom(headers: Headers, keys: KeyRing, demoOpen: boolean): Caller | undefined {
  const secret = secretFrom(headers);
  const row = secret === undefined ? undefined : keys.check(secret);
  if (row && row.kind !== "site") return { keyId: row.id, name: row.name, kind: row.kind };
  return demoOpen && secret === undefined && isLocalHost(one(headers["host"])) ? demo : undefined;
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

export function authenticator(keys: KeyRing, demoOpen: boolean) {
  return async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
    if (request.routeOptions.url === "/health") return payload;
    const { headers } = request;
    const caller = callerFrom(headers, keys, demoOpen);
    if (!caller) {
      const missing = headers.authorization === undefined && headers["x-api-key"] === undefined;
      const text = missing ? "Missing Authorization header" : "Unknown or expired key";
      const code = missing ? "missing_authorization" : "unknown_key";
      // A browser that opens a page gets its own login box: any name, the key as password.
      const page = request.method === "GET" && (headers.accept ?? "").includes("text/html");
      reply.header("WWW-Authenticate", `${page ? "Basic" : "Bearer"} realm="understudy"`);
      sendProblem(request, reply, new ApiProblem(401, code, text));
      return reply;
    }
    if (request.method !== "GET" && request.method !== "HEAD" && isForeign(headers)) {
      throw new ApiProblem(403, "foreign_origin", "asked by a page of another origin");
    }
    request.caller = caller;
    return payload;
  };
}

/** @throws ApiProblem 403 unless the caller's key is of one of these kinds */
export function allow(request: FastifyRequest, ...kinds: KeyKind[]): Caller {
  const { caller } = request;
  if (caller && kinds.includes(caller.kind)) return caller;
  throw new ApiProblem(403, "not_allowed", `this key may not do that; needs ${kinds.join(" or ")}`);
}
