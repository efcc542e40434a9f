/** The monitoring paths that scripts already know; each spelling of a path has the same handler. */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { seenBy, type Seen } from "../../auth/own-sites.ts";
import type { Actor, View } from "../../view.ts";
import type { HubHealth } from "../health.ts";
import { StreamItem, type Items } from "../items.ts";
import { sendJson } from "../pages.ts";
import { Problem, problems } from "../problem.ts";
import { actorBy, Ref } from "../subject.ts";
import { isoOf } from "../times.ts";
import {
  EncoderHealth,
  EncoderMetrics,
  healthOf,
  healthWords,
  judged,
  metricsOf,
  type HealthWord,
} from "./encoder-health.ts";
import { StreamConfig, streamConfigOf, StreamHealth, streamHealthOf } from "./stream-health.ts";

type Needs = { view: View; items: Items; health: HubHealth; now: () => number };

const Counts = z
  .object({ total: z.number().int() })
  .extend(
    Object.fromEntries(healthWords.map((word) => [word, z.number().int()])) as Record<
      HealthWord,
      z.ZodNumber
    >,
  );
const worstFirst = ["critical", "warning", "unknown", "healthy"] as const;

const Status = z
  .object({
    status: z.enum(healthWords).describe("the worst of all"),
    at: z.iso.datetime(),
    sites: z.object({ total: z.number().int(), online: z.number().int() }),
    encoders: Counts,
    streams: Counts.extend({
      on_air: z.number().int(),
      without_understudy: z.number().int().describe("of those with several encoders"),
    }),
  })
  .meta({ id: "MonitoringStatus" });

const SystemStatus = Status.extend({
  items: z.array(EncoderHealth).describe("every encoder"),
}).meta({ id: "SystemStatus" });

const SystemMetrics = z
  .object({
    at: z.iso.datetime(),
    hub: z
      .object({
        version: z.string(),
        uptime: z.number().describe("s"),
        memory_bytes: z.number().describe("resident"),
        link: z.enum(["up", "down"]),
        events_total: z.number().int().describe("taken from sites since the start"),
      })
      .nullable()
      .describe("null for callers who are limited to some sites"),
    encoders: z.array(EncoderMetrics),
    streams: z.array(StreamHealth),
  })
  .meta({ id: "SystemMetrics" });

export const monitoringRoutes: FastifyPluginAsyncZod<Needs> = async (
  app,
  { view, items, health, now },
) => {
  const config = { access: "monitor" } as const;
  const params = z.object({ id: Ref });
  const missing = { 404: Problem, 409: Problem, ...problems };
  const nowIso = () => isoOf(now()) ?? "";

  for (const path of ["/encoders/:id/metrics", "/monitoring/encoders/:id/metrics"]) {
    app.get(
      path,
      { config, schema: { params, response: { 200: EncoderMetrics, ...missing } } },
      async (request) => {
        const seen = seenBy(request.caller, view);
        return metricsOf(seen, actorBy(seen, "encoder", request.params.id));
      },
    );
  }
  app.get(
    "/health/encoder/:id",
    {
      config,
      schema: {
        params,
        response: { 200: z.object({ encoder: EncoderHealth }), ...missing },
      },
    },
    async (request) => {
      const seen = seenBy(request.caller, view);
      return { encoder: healthOf(seen, actorBy(seen, "encoder", request.params.id)) };
    },
  );
  app.get(
    "/streams/:id/health",
    {
      config,
      schema: { params, response: { 200: StreamItem.extend(StreamHealth.shape), ...missing } },
    },
    async (request, reply) => {
      const seen = seenBy(request.caller, view);
      const actor = actorBy(seen, "stream", request.params.id);
      const item = JSON.parse(items.actor(actor).json) as Record<string, unknown>;
      return sendJson(request, reply, JSON.stringify({ ...item, ...streamHealthOf(seen, actor) }));
    },
  );
  app.get(
    "/monitoring/streams/health",
    {
      config,
      schema: { response: { 200: z.object({ streams: z.array(StreamHealth) }), ...problems } },
    },
    async (request) => {
      const seen = seenBy(request.caller, view);
      return { streams: seen.shown("stream").map((actor) => streamHealthOf(seen, actor)) };
    },
  );
  app.get(
    "/monitoring/streams/config/:id",
    { config, schema: { params, response: { 200: StreamConfig, ...missing } } },
    async (request) => {
      const seen = seenBy(request.caller, view);
      return streamConfigOf(seen, actorBy(seen, "encoder", request.params.id));
    },
  );
  app.get(
    "/monitoring/status",
    { config, schema: { response: { 200: Status, ...problems } } },
    async (request) => ({ ...statusOf(seenBy(request.caller, view)), at: nowIso() }),
  );
  // An encoder may not be called `system`, so this path has one meaning.
  app.get(
    "/encoders/system/status",
    { config, schema: { response: { 200: SystemStatus, ...problems } } },
    async (request) => {
      const seen = seenBy(request.caller, view);
      const all = seen.shown("encoder").map((actor) => healthOf(seen, actor));
      return { ...statusOf(seen), at: nowIso(), items: all };
    },
  );
  app.get(
    "/monitoring/metrics",
    { config, schema: { response: { 200: SystemMetrics, ...problems } } },
    async (request) => {
      const seen = seenBy(request.caller, view);
      const isLimited = request.caller?.sites !== null;
      return {
        at: nowIso(),
        hub: isLimited
          ? null
          : {
              version: health.version,
              uptime: Math.round((now() - health.startedAtMs) / 1_000),
              memory_bytes: process.memoryUsage.rss(),
              link: health.linkUp() ? ("up" as const) : ("down" as const),
              events_total: health.counts.events,
            },
        encoders: seen.shown("encoder").map((actor) => metricsOf(seen, actor)),
        streams: seen.shown("stream").map((actor) => streamHealthOf(seen, actor)),
      };
    },
  );
};

function statusOf(seen: Seen) {
  const sites = [...seen.sites.values()];
  const encoders = seen.shown("encoder").map((actor) => judged(seen, actor).status);
  const streams = seen.shown("stream").map((actor: Actor) => streamHealthOf(seen, actor));
  const all = [...encoders, ...streams.map(({ status }) => status)];
  const isAlone = ({ state }: Actor) => {
    const boxes = state?.["encoders"];
    return Array.isArray(boxes) && boxes.length > 1 && state?.["understudy"] !== "ready";
  };
  return {
    status: worstFirst.find((word) => all.includes(word)) ?? "unknown",
    sites: { total: sites.length, online: sites.filter(({ online }) => online === true).length },
    encoders: countsOf(encoders),
    streams: {
      ...countsOf(streams.map(({ status }) => status)),
      on_air: streams.filter(({ stale, carriage }) => !stale && carriage === "onAir").length,
      without_understudy: seen.shown("stream").filter(isAlone).length,
    },
  };
}

function countsOf(words: HealthWord[]): z.infer<typeof Counts> {
  const count = (word: HealthWord) => words.filter((one) => one === word).length;
  return {
    total: words.length,
    healthy: count("healthy"),
    warning: count("warning"),
    critical: count("critical"),
    unknown: count("unknown"),
  };
}
