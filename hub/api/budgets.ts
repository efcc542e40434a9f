/**
 * How much is answered: so many requests a second for one address, so many an hour for one key.
 * People's sessions, sockets and answers of 304 are free of the hourly budget, and a key whose hour
 * is used up can still command: nobody is locked out at 3 a.m. by a program that polls.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { IncomingMessage } from "node:http";
import type { Caller } from "../auth/caller.ts";
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
    /** Of a route whose body says whether it is a command: call it as soon as that is known. */
    allowKey: ((isCommand: boolean) => void) | null;
  }
  interface FastifyContextConfig {
    /** Reads and commands come by the same route: its handler calls `request.allowKey`. */
    bodySaysWhat?: true;
  }
}

/** What one address and one key have left, on all surfaces together. */
export type Limits = ReturnType<typeof openLimits>;

export function openLimits(limit: RateLimit, now: () => number) {
  const addresses = openCounter(limit.withinMs, now);
  const keys = openCounter(hourMs, now);
  const reserves = openCounter(hourMs, now);
  const refuse = (endsInMs: number, what: string): never => {
    const waitS = Math.max(1, Math.ceil(endsInMs / 1_000));
    throw new ApiProblem(429, "too_many_requests", `${what}; wait ${waitS} s`, { waitS });
  };
  return {
    limit,
    /** Counts one request. */
    ofAddress: (address: string) => addresses.use(subjectOf(address), limit.requests),
    ofKey: (callerId: string) => keys.use(callerId, limit.keyPerHour),
    giveBack: (callerId: string) => keys.giveBack(callerId),
    giveBackAddress: (address: string) => addresses.giveBack(subjectOf(address)),
    /** @throws ApiProblem 429 when `ofAddress` says that it was one too many */
    allowAddress: ({ left, endsInMs }: Left) => {
      if (left < 0) refuse(endsInMs, `more than ${limit.requests} requests from one address`);
    },
    /** @throws ApiProblem 429 when `ofKey` says so, unless it is a command and there is reserve */
    allowKey: (callerId: string, { left, endsInMs }: Left, isCommand: boolean) => {
      if (left >= 0) return;
      if (isCommand && reserves.use(callerId, limit.commandReserve).left >= 0) return;
      refuse(endsInMs, `more than ${limit.keyPerHour} requests an hour with one key`);
    },
  };
}
type Left = { left: number; endsInMs: number };

export type Budgets = ReturnType<typeof openBudgets>;

/** Call `perKey` once the caller is known. */
export function openBudgets(app: FastifyInstance, limits: Limits) {
  const { limit } = limits;
  const policies = {
    address: `"address";q=${limit.requests};w=${limit.withinMs / 1_000}`,
    key: `"key";q=${limit.keyPerHour};w=3600`,
  };
  const stateOf = (name: string, { left, endsInMs }: Left) =>
    `"${name}";r=${Math.max(0, left)};t=${Math.max(1, Math.ceil(endsInMs / 1_000))}`;
  function tell(reply: FastifyReply, name: keyof typeof policies, left: Left) {
    reply.header("RateLimit-Policy", policies[name]).header("RateLimit", stateOf(name, left));
  }

  app.decorateRequest("countedIn", null);
  app.decorateRequest("allowKey", null);
  app.addHook("onRequest", async (request, reply) => {
    const held = limits.ofAddress(request.ip);
    tell(reply, "address", held);
    limits.allowAddress(held);
  });
  app.addHook("onResponse", async (request, reply) => {
    if (reply.statusCode === 304 && request.countedIn !== null) limits.giveBack(request.countedIn);
  });

  return {
    perKey: (request: FastifyRequest, reply: FastifyReply) => {
      const { id } = request.caller ?? {};
      if (!id?.startsWith("key:") || isPerson(request)) return;
      const held = limits.ofKey(id);
      tell(reply, "key", held);
      if (held.left >= 0) request.countedIn = id;
      const allow = (isCommand: boolean) => limits.allowKey(id, held, isCommand);
      if (request.routeOptions.config.bodySaysWhat) request.allowKey = allow;
      else allow(isCommand(request));
    },
    /**
     * Counts an answer that is ready: one of 304 is free of the hour.
     * @returns its headers; undefined where a budget is used up, and nothing is counted
     */
    ready: (p: { address: string; caller: Caller; isPerson: boolean; isSame: boolean }) => {
      const ofAddress = limits.ofAddress(p.address);
      const { id } = p.caller;
      const counts = id.startsWith("key:") && !p.isPerson;
      const ofKey = counts ? limits.ofKey(id) : undefined;
      const isOver = ofAddress.left < 0 || (ofKey && ofKey.left < 0);
      if (counts && (isOver || p.isSame)) limits.giveBack(id);
      if (isOver) return limits.giveBackAddress(p.address);
      const name = ofKey ? "key" : "address";
      return { policy: policies[name], state: stateOf(name, ofKey ?? ofAddress) };
    },
  };
}

const isCommand = ({ routeOptions }: FastifyRequest) =>
  routeOptions.config.access?.startsWith("command") === true;

/** A page of ours: a script need not, and does not, say that. */
export function isPerson({ headers }: Pick<IncomingMessage, "headers">): boolean {
  return headers["sec-fetch-site"] === "same-origin";
}
