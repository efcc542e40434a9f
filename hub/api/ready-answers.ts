/**
 * Answers whose bytes are ready, given before the framework begins its work: an actor or a list of
 * them, to a caller with a key. Whatever is not plain (a stranger, a used-up budget, an id of two
 * meanings, a person's token) is left to the routes, which answer the same.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { refusal, type Caller } from "../auth/caller.ts";
import { seenBy } from "../auth/own-sites.ts";
import type { View } from "../view.ts";
import { callerAtOnce, type Doors } from "./auth.ts";
import type { Budgets } from "./budgets.ts";
import type { Items, Ready } from "./items.ts";
import { ListQuery, stateLists, type Lists } from "./lists.ts";
import type { HubMetrics } from "./metrics.ts";
import { isHeld, linkTo, type Page } from "./pages.ts";
import { ApiProblem } from "./problem.ts";

type Needs = Pick<Doors, "keys" | "demoOpen"> & {
  view: View;
  items: Items;
  lists: Lists;
  budgets: Budgets;
  metrics: Pick<HubMetrics, "answered">;
  /** Who asks is then not who is connected. */
  behindProxy: boolean;
};

/** @returns whether it was answered */
export type Answering = (request: IncomingMessage, response: ServerResponse) => boolean;

const kinds = new Map<string, { kind: string; also: string | null }>(
  stateLists.flatMap(({ path, kind, also }) =>
    ["/api", ""].map((prefix) => [`${prefix}/${path}`, { kind, also }] as const),
  ),
);
const shape = /^((?:\/api)?\/[a-z]+)(?:\/([a-z0-9~-]+)(?:\/([a-z]+))?)?(?:\?(.*))?$/;
/** Addresses that were understood and are kept; who polls asks for the same again and again. */
const mostAddresses = 20_000;
const longestAddress = 200;

export function readyAnswers(needs: Needs): Answering {
  const { view, items, lists, budgets } = needs;
  const { answered } = needs.metrics;

  const known = new Map<string, Asked | null>();

  function askedBy(url: string): Asked | null {
    const held = known.get(url);
    if (held !== undefined) return held;
    const asked = understood(url);
    if (known.size >= mostAddresses) known.clear();
    if (url.length <= longestAddress) known.set(url, asked);
    return asked;
  }
  /** What is asked for, if it is there, once, and this caller may see it. */
  function find(caller: Caller, { kind, ref, query }: Asked): Found | undefined {
    if (query) return pageOf(caller, kind, query);
    const [actor, ...others] = seenBy(caller, view).named(kind, ref);
    return actor && others.length === 0 ? items.actor(actor) : undefined;
  }
  function pageOf(caller: Caller, kind: string, query: ListQuery): Page | undefined {
    try {
      return lists.page(caller, kind, query);
    } catch (error) {
      if (error instanceof ApiProblem) return undefined;
      throw error;
    }
  }

  return (request, response) => {
    const { method, url = "", socket, headers } = request;
    const address = socket.remoteAddress;
    if (method !== "GET" || address === undefined || needs.behindProxy) return false;
    const asked = askedBy(url);
    if (!asked) return false;
    const beganMs = performance.now();
    const caller = callerAtOnce(headers, needs, address, socket);
    if (caller === undefined || caller === "notSaid") return false;
    if (refusal(caller, "watch") !== undefined) return false;
    const found = find(caller, asked);
    if (!found) return false;
    const isSame = isHeld(headers["if-none-match"], found.tag);
    const counted = budgets.ready({ address, caller, isSame });
    if (!counted) return false;

    const told = ["ETag", found.tag, "Cache-Control", "private, no-cache"];
    told.push("RateLimit-Policy", counted.policy, "RateLimit", counted.state);
    // A browser must not take it for anything else, nor give it to other pages.
    told.push("X-Content-Type-Options", "nosniff", "Cross-Origin-Resource-Policy", "same-origin");
    if (found.next != null) told.push("Link", linkTo(found.next, url));
    if (isSame) {
      response.writeHead(304, told).end();
    } else {
      told.push("Content-Type", "application/json; charset=utf-8");
      told.push("Content-Length", String(found.bytes));
      send(response.writeHead(200, told), found);
    }
    answered("GET", asked.route, isSame ? 304 : 200, (performance.now() - beganMs) / 1_000);
    return true;
  };
}

type Found = (Ready | Page) & { next?: string | null };

function send(response: ServerResponse, found: Found): void {
  if ("json" in found) {
    // Head and body go as one text: for Node that is half the work of two buffers.
    const encoding = found.bytes === found.json.length ? "latin1" : "utf8";
    return void response.end(found.json, encoding);
  }
  if (found.parts.length === 1) return void response.end(found.parts[0]);
  response.cork();
  for (const part of found.parts) response.write(part);
  response.end();
  response.uncork();
}

type Asked = { kind: string; ref: string; query: ListQuery | null; route: string };

function understood(url: string): Asked | null {
  const [, path = "", ref, also, text] = shape.exec(url) ?? [];
  const list = kinds.get(path);
  if (!list) return null;
  const { kind } = list;
  if (ref === undefined) {
    const query = ListQuery.safeParse(Object.fromEntries(new URLSearchParams(text)));
    return query.success ? { kind, ref: "", query: query.data, route: path } : null;
  }
  if (text !== undefined || (also !== undefined && also !== list.also)) return null;
  return { kind, ref, query: null, route: `${path}/:id${also === undefined ? "" : `/${also}`}` };
}
