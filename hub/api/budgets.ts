/**
 * How much is answered: so many requests a second for one address, so many an hour for one key.
 * People's sessions, sockets and answers of 304 are free of the hourly budget, and a key whose hour
 * is used up can still command: nobody is locked out at 3 a.m. by a program that polls. Whatever comes
 * with a key counts; a page that somebody has opened with one has an hour of its own.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { subjectOf } from "../../config/address-subject.ts";
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
/** All pages that were opened with one key have so many times its hour: a page asks several times a second. */
const pagesShare = 100;

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
    /** As commands are, it is answered when the hour is used up. */
    isReserved?: true;
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
    /** @returns undefined for a caller who has no key: nothing is counted */
    ofKey: (caller: Caller): Counted | undefined => {
      if (!caller.id.startsWith("key:")) return undefined;
      const isPage = caller.session !== undefined;
      const subject = isPage ? `page ${caller.id}` : caller.id;
      const mostPerHour = limit.keyPerHour * (isPage ? pagesShare : 1);
      return { ...keys.use(subject, mostPerHour), subject, mostPerHour };
    },
    giveBack: (subject: string) => keys.giveBack(subject),
    giveBackAddress: (address: string) => addresses.giveBack(subjectOf(address)),
    /** @throws ApiProblem 429 when `ofAddress` says that it was one too many */
    allowAddress: ({ left, endsInMs }: Left) => {
      if (left < 0) refuse(endsInMs, `more than ${limit.requests} requests from one address`);
    },
    /** @throws ApiProblem 429 when `ofKey` says so, unless it is a command and there is reserve */
    allowKey: ({ left, endsInMs, subject, mostPerHour }: Counted, isCommand: boolean) => {
      if (left >= 0) return;
      if (isCommand && reserves.use(subject, limit.commandReserve).left >= 0) return;
      refuse(endsInMs, `more than ${mostPerHour} requests an hour with one key`);
    },
  };
}
type Left = { left: number; endsInMs: number };
type Counted = Left & { subject: string; mostPerHour: number };

export type Budgets = ReturnType<typeof openBudgets>;

/** Call `perKey` once the caller is known. */
export function openBudgets(app: FastifyInstance, limits: Limits) {
  const { limit } = limits;
  const ofAddress = `"address";q=${limit.requests};w=${limit.withinMs / 1_000}`;
  const policyOf = (held: Left | Counted) =>
    "mostPerHour" in held ? `"key";q=${held.mostPerHour};w=3600` : ofAddress;
  const stateOf = (held: Left | Counted) =>
    `"${"mostPerHour" in held ? "key" : "address"}";r=${Math.max(0, held.left)}` +
    `;t=${Math.max(1, Math.ceil(held.endsInMs / 1_000))}`;
  function tell(reply: FastifyReply, held: Left | Counted) {
    reply.header("RateLimit-Policy", policyOf(held)).header("RateLimit", stateOf(held));
  }

  app.decorateRequest("countedIn", null);
  app.decorateRequest("allowKey", null);
  app.addHook("onRequest", async (request, reply) => {
    const held = limits.ofAddress(request.ip);
    tell(reply, held);
    limits.allowAddress(held);
  });
  app.addHook("onResponse", async (request, reply) => {
    if (reply.statusCode === 304 && request.countedIn !== null) limits.giveBack(request.countedIn);
  });

  return {
    perKey: (request: FastifyRequest, reply: FastifyReply) => {
      const held = request.caller && limits.ofKey(request.caller);
      if (!held) return;
      tell(reply, held);
      if (held.left >= 0) request.countedIn = held.subject;
      const allow = (isCommand: boolean) => limits.allowKey(held, isCommand);
      if (request.routeOptions.config.bodySaysWhat) request.allowKey = allow;
      else allow(isReserved(request));
    },
    /**
     * Counts an answer that is ready: one of 304 is free of the hour.
     * @returns its headers; undefined where a budget is used up, and nothing is counted
     */
    ready: (p: { address: string; caller: Caller; isSame: boolean }) => {
      const byAddress = limits.ofAddress(p.address);
      const byKey = limits.ofKey(p.caller);
      const isOver = byAddress.left < 0 || (byKey && byKey.left < 0);
      if (byKey && (isOver || p.isSame)) limits.giveBack(byKey.subject);
      if (isOver) return limits.giveBackAddress(p.address);
      const held = byKey ?? byAddress;
      return { policy: policyOf(held), state: stateOf(held) };
    },
  };
}

const isReserved = ({ routeOptions: { config } }: FastifyRequest) =>
  config.isReserved === true || config.access?.startsWith("command") === true;
