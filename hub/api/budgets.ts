/**
 * How much is answered: so many requests a second for one address, so many an hour for one key.
 * People's sessions, sockets and answers of 304 are free of the hourly budget, and a key whose hour
 * is used up can still command: nobody is locked out at 3 a.m. by a program that polls.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ApiProblem } from "./problem.ts";

export type RateLimit = {
  /** For one address. */
  requests: number;
  withinMs: number;
  /** For one key. */
  keyPerHour: number;
  /** Commands beyond that. */
  commandReserve: number;
};

type Window = { used: number; endsAtMs: number };
/** More subjects than this are an attack; the oldest are forgotten. */
const mostSubjects = 50_000;
const hourMs = 3_600_000;

export type Counter = {
  /** Counts one. @returns what is left (below 0: too many) and when the window ends */
  use(subject: string, limit: number): { left: number; endsInMs: number };
  giveBack(subject: string): void;
};

export function openCounter(windowMs: number, now: () => number): Counter {
  const windows = new Map<string, Window>();
  return {
    use: (subject, limit) => {
      const nowMs = now();
      const held = windows.get(subject);
      const open = held && nowMs < held.endsAtMs ? held : { used: 0, endsAtMs: nowMs + windowMs };
      if (open !== held) {
        windows.delete(subject);
        windows.set(subject, open);
        if (windows.size > mostSubjects) windows.delete(windows.keys().next().value ?? "");
      }
      if (open.used <= limit) open.used += 1;
      return { left: limit - open.used, endsInMs: open.endsAtMs - nowMs };
    },
    giveBack: (subject) => {
      const held = windows.get(subject);
      if (held && held.used > 0) held.used -= 1;
    },
  };
}

/** One person's IPv6 network is one address: it has 2^64 of them. */
export function subjectOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail] = address.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => "0");
  return `${[...front, ...zeros, ...back].slice(0, 4).join(":")}::/64`;
}

declare module "fastify" {
  interface FastifyRequest {
    /** The budget this request was counted in, to be given back with a 304. */
    countedIn: string | null;
  }
}

/** Call `perKey` once the caller is known. */
export function openBudgets(app: FastifyInstance, limit: RateLimit, now: () => number) {
  const addresses = openCounter(limit.withinMs, now);
  const keys = openCounter(hourMs, now);
  const reserves = openCounter(hourMs, now);

  function tell(reply: FastifyReply, name: string, most: number, left: number, endsInMs: number) {
    const policy = `"${name}";q=${most};w=${name === "key" ? 3_600 : limit.withinMs / 1_000}`;
    reply.header("RateLimit-Policy", policy);
    const state = `"${name}";r=${Math.max(0, left)};t=${Math.max(1, Math.ceil(endsInMs / 1_000))}`;
    reply.header("RateLimit", state);
  }
  function refuse(reply: FastifyReply, endsInMs: number, what: string): never {
    const waitS = Math.max(1, Math.ceil(endsInMs / 1_000));
    reply.header("Retry-After", waitS);
    throw new ApiProblem(429, "too_many_requests", `${what}; wait ${waitS} s`);
  }

  app.decorateRequest("countedIn", null);
  app.addHook("onRequest", async (request, reply) => {
    const { left, endsInMs } = addresses.use(subjectOf(request.ip), limit.requests);
    tell(reply, "address", limit.requests, left, endsInMs);
    if (left < 0) refuse(reply, endsInMs, `more than ${limit.requests} requests from one address`);
  });
  app.addHook("onResponse", async (request, reply) => {
    if (reply.statusCode === 304 && request.countedIn !== null) keys.giveBack(request.countedIn);
  });

  return {
    perKey: (request: FastifyRequest, reply: FastifyReply) => {
      const { caller } = request;
      if (!caller?.id.startsWith("key:") || isPerson(request)) return;
      const { left, endsInMs } = keys.use(caller.id, limit.keyPerHour);
      tell(reply, "key", limit.keyPerHour, left, endsInMs);
      if (left >= 0) request.countedIn = caller.id;
      if (
        left >= 0 ||
        (isCommand(request) && reserves.use(caller.id, limit.commandReserve).left >= 0)
      )
        return;
      refuse(reply, endsInMs, `more than ${limit.keyPerHour} requests an hour with one key`);
    },
  };
}

const isCommand = ({ routeOptions }: FastifyRequest) =>
  routeOptions.config.access?.startsWith("command") === true;

/** A browser's login box (Basic), or a page of ours: a script need not, and does not, say that. */
function isPerson({ headers }: FastifyRequest): boolean {
  const basic = /^basic /i.test(headers.authorization ?? "");
  return basic || headers["sec-fetch-site"] === "same-origin";
}
