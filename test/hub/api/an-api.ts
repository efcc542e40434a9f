/** A hub's whole API in memory: no socket, no file, no broker. A site speaks by `hears`. */
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { afterEach } from "vitest";
import type { SignInProvider } from "../../../config/sign-in.schema.ts";
import { openAsking } from "../../../hub/api/asking.ts";
import { openLimits } from "../../../hub/api/budgets.ts";
import { openGraph } from "../../../hub/api/graphql/graph.ts";
import { itemsOf } from "../../../hub/api/items.ts";
import { openKeyRing } from "../../../hub/api/keys.ts";
import { openMetrics } from "../../../hub/api/metrics.ts";
import { openServer } from "../../../hub/api/server.ts";
import { openAudit } from "../../../hub/audit/audit.ts";
import { openSessions, type Place } from "../../../hub/auth/sessions.ts";
import { openSignIn } from "../../../hub/auth/sign-in.ts";
import { openTokens } from "../../../hub/auth/tokens.ts";
import { commandSigner } from "../../../hub/command-key.ts";
import { type Commands, openCommands } from "../../../hub/commands.ts";
import { openFeed } from "../../../hub/feed.ts";
import { openHubKeys } from "../../../hub/hub-keys.ts";
import { openIngest } from "../../../hub/ingest.ts";
import type { Publish } from "../../../hub/publish.ts";
import { guardStore } from "../../../hub/store/guard.ts";
import { openSqliteStore } from "../../../hub/store/sqlite.ts";
import { openThumbnails } from "../../../hub/thumbnails.ts";
import { openView } from "../../../hub/view.ts";
import { openGuard } from "../../../hub/webhooks/guard.ts";
import { openSigning } from "../../../hub/webhooks/signing.ts";
import { openWebhooks } from "../../../hub/webhooks/webhooks.ts";
import { encoder, info, stream } from "../messages.ts";
import { documentOf, undocumented } from "./documented.ts";

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export type Answer = {
  status: number;
  body: Record<string, unknown>;
  headers: Record<string, unknown>;
};

type Over = {
  demoOpen?: boolean;
  requests?: number;
  keyPerHour?: number;
  commandReserve?: number;
  trustedProxies?: string[];
  /** Networks that webhooks may go to, and how long after each failure they wait, ms. */
  allow?: string[];
  pauses?: number[];
  places?: Place[];
  providers?: SignInProvider[];
  /** Waits no longer for a site than this. */
  waitsMs?: number;
  /** How long an answer may take. */
  restWithinMs?: number;
  graphWithinMs?: number;
  now?: () => number;
  /** Log lines, as they would be written. */
  lines?: string[];
};

export async function anApi(over: Over = {}) {
  const held = openSqliteStore(":memory:");
  const feed = openFeed(1);
  const view = openView(feed);
  const { lines } = over;
  const log = lines
    ? pino({ level: "trace" }, { write: (line: string) => void lines.push(line) })
    : pino({ level: "silent" });
  const said: { topic: string; payload: string }[] = [];
  const wire: { answer?: (topic: string, payload: string) => void } = {};
  const publish: Publish = (topic, payload) => {
    said.push({ topic, payload });
    wire.answer?.(topic, payload);
  };
  const now = over.now ?? Date.now;
  const guard = guardStore(held, { log, now });
  const { store } = guard;
  const keys = await openKeyRing(store, now);
  const hubKeys = openHubKeys({ now });
  const commands = openCommands(store, publish, now, commandSigner(hubKeys.command));
  const thumbnails = openThumbnails(now);
  const ingest = await openIngest({
    ...{ store, view, feed, publish, log, now, hub: "main", thumbnails },
    onResponse: (site, response) => void commands.answered(site, response),
  });
  const version = "0.1.0";
  const metrics = await openMetrics({
    ...{ view, feed, store, version, now, counts: ingest.counts, storeBreaker: guard.word },
  });
  const storeOk = () => ingest.healthy() && guard.word() === "closed";
  const audit = openAudit(store, log, now);
  const tokens = openTokens({ key: hubKeys.token, hub: "main", now });
  const sessions = await openSessions({ store, tokens, audit, places: over.places ?? [], now });
  const signIn = openSignIn({
    ...{ publicUrl: "http://127.0.0.1", providers: over.providers ?? [], sessions, audit, now },
  });
  const webhooks = await openWebhooks({
    ...{
      store,
      feed,
      log,
      now,
      hub: "main",
      signing: openSigning(hubKeys.webhook),
      pauses: over.pauses ?? [],
    },
    guard: openGuard(over.allow ?? []),
  });
  const limits = openLimits(
    {
      ...{ requests: over.requests ?? 100_000, withinMs: 60_000 },
      ...{ keyPerHour: over.keyPerHour ?? 100_000, commandReserve: over.commandReserve ?? 100 },
    },
    now,
  );
  const waits = impatient(commands, over.waitsMs);
  const linkUp = () => true;
  const asking = openAsking({ view, commands: waits, store, linkUp, audit });
  const { restWithinMs, graphWithinMs } = over;
  const graph = openGraph({
    ...{ view, feed, store, asking, audit, log },
    ...(graphWithinMs !== undefined && { answersWithinMs: graphWithinMs }),
  });
  const app: FastifyInstance = await openServer({
    ...{ sessions, signIn, tokens, audit, now, commands: waits },
    ...{ view, store, keys, metrics, log, linkUp, items: itemsOf(view) },
    health: {
      ...{ linkUp, storeOk, storeBreaker: guard.word, counts: ingest.counts, version },
      ...{ broker: null, startedAtMs: now() },
    },
    demoOpen: over.demoOpen ?? false,
    ...{ asking, limits, graph, thumbnails },
    trustedProxies: over.trustedProxies ?? [],
    ...{ webhooks, hubKeys, hub: "main" },
    ...{ webDir: "/nowhere", mediaFrom: [] },
    ...(restWithinMs !== undefined && { answersWithinMs: restWithinMs }),
  });
  closers.push(
    () => ingest.close(),
    () => feed.close(),
    () => webhooks.close(),
    () => app.close(),
  );
  const { secret } = await keys.mint("adm", "test");
  const hears = (site: string, path: string, payload: unknown) => {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    ingest.message(`understudy/v1/${site}/${path}`, Buffer.from(text));
  };
  /** Fails where the answer is not as the OpenAPI document says. */
  async function ask(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    url: string,
    more: { body?: object; headers?: Record<string, string>; key?: string | null } = {},
  ): Promise<Answer> {
    const key = more.key === undefined ? secret : more.key;
    const headers = { ...(key !== null && { authorization: `Bearer ${key}` }), ...more.headers };
    const reply = await app.inject({
      method,
      url,
      headers,
      ...(more.body && { payload: more.body }),
    });
    const { statusCode: status } = reply;
    const unsaid = undocumented(documentOf(app), { method, url, status, headers: reply.headers });
    if (unsaid.length > 0) throw new Error(`not in the OpenAPI document: ${unsaid.join("; ")}`);
    const isJson = String(reply.headers["content-type"] ?? "").includes("json");
    const body = isJson && reply.body !== "" ? reply.json<Record<string, unknown>>() : {};
    return { status, body, headers: reply.headers };
  }
  const forSurfaces = {
    ...{ view, feed, store, asking, limits, audit, log, keys, sessions },
    demoOpen: over.demoOpen ?? false,
  };
  return {
    app,
    ask,
    forSurfaces,
    feed,
    view,
    graph,
    commands,
    hears,
    ingest,
    keys,
    said,
    wire,
    /** An admin's. */
    key: secret,
    store,
    held,
    guard,
    secret,
    sessions,
    tokens,
    hubKeys,
  };
}

const impatient = (commands: Commands, waitsMs = Infinity): Commands => ({
  ...commands,
  settled: (id, ms) => commands.settled(id, Math.min(ms, waitsMs)),
  question: (question) => {
    const answerWithinMs = Math.min(question.answerWithinMs, waitsMs);
    return commands.question({ ...question, answerWithinMs });
  },
});

export async function withAStudio(over: Over = {}) {
  const api = await anApi(over);
  api.hears("studio", "info", info());
  api.hears("studio", "availability", "online");
  api.hears("studio", "encoder/helo-a/state", encoder());
  api.hears("studio", "stream/main/state", stream());
  return api;
}

export const itemsIn = (answer: Answer) => answer.body["items"] as Record<string, unknown>[];
