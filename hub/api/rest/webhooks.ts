/** Who is told by HTTP what happens. For admins: a webhook sees all that its sites tell. */
import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { Id } from "../../../machines/id.ts";
import type { Audit } from "../../audit/audit.ts";
import type { WebhookRow } from "../../store/store.ts";
import { cloudEvent } from "../../webhooks/cloud-event.ts";
import { mostWebhooks, type Webhooks } from "../../webhooks/webhooks.ts";
import { callerOf } from "../auth.ts";
import { ApiProblem, Problem, problems } from "../problem.ts";
import { isoOf } from "../times.ts";

const eventType = z
  .string()
  .max(80)
  .regex(/^[a-zA-Z][a-zA-Z.-]*(\.\*)?$/, "an event type, or `stream.*` for all that begin so");
const target = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine((text) => {
    const { username, password } = new URL(text);
    return username === "" && password === "";
  }, "no name or password in it: events are signed instead");

const WebhookBody = z.strictObject({
  url: target,
  types: z.array(eventType).min(1).max(100).optional().describe("left out: all events"),
  sites: z.array(Id).min(1).max(1_000).optional().describe("left out: all sites"),
});
const WebhookItem = z
  .object({
    id: z.string(),
    url: z.string(),
    types: z.array(z.string()).nullable(),
    sites: z.array(z.string()).nullable(),
    createdAt: z.iso.datetime().nullable(),
    createdBy: z.string(),
    lastDeliveredAt: z.iso.datetime().nullable(),
    /** Why the last try failed; null: it was taken. */
    error: z.string().nullable(),
    /** How often the event that is next was tried. */
    attempts: z.number().int(),
    nextTryAt: z.iso.datetime().nullable(),
    /** The receiver said that it is gone for good (410); `retry` asks it again. */
    disabledAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "WebhookItem" });
const MadeWebhook = WebhookItem.extend({
  secret: z.string().describe("shown only this once; checks signatures of standardwebhooks.com"),
});
const CloudEventItem = z.object({
  event: z.record(z.string(), z.unknown()),
  givenUpAt: z.iso.datetime().nullable(),
  error: z.string(),
});
const params = z.object({ id: z.string().max(64) });

type Needs = { webhooks: Webhooks; audit: Audit; hub: string };

export const webhookRoutes: FastifyPluginAsyncZod<Needs> = async (app, needs) => {
  const { webhooks, audit, hub } = needs;
  const read = { access: "readSystem" } as const;
  const write = { access: "manageSystem" } as const;
  const known = (id: string): WebhookRow => {
    const row = webhooks.get(id);
    if (row) return row;
    throw new ApiProblem(404, "unknown_webhook", `no webhook ${id}`);
  };
  const note = (request: FastifyRequest, type: string, id: string) => {
    const { id: actor, name } = callerOf(request);
    const object = `webhook:${id}`;
    audit.add({
      ...{ type, actor, name, object, outcome: "ok", address: request.ip },
      requestId: request.id,
    });
  };

  app.get(
    "/webhooks",
    {
      config: read,
      schema: { response: { 200: z.object({ items: z.array(WebhookItem) }), ...problems } },
    },
    async () => ({ items: webhooks.all().map(itemOf) }),
  );
  app.post(
    "/webhooks",
    {
      config: write,
      schema: { body: WebhookBody, response: { 201: MadeWebhook, 409: Problem, ...problems } },
    },
    async (request, reply) => {
      const { url, types = null, sites = null } = request.body;
      if (webhooks.all().length >= mostWebhooks) {
        throw new ApiProblem(409, "too_many", `there are ${mostWebhooks} webhooks already`);
      }
      try {
        webhooks.check(url);
      } catch (error) {
        throw new ApiProblem(400, "forbidden_address", `url: ${(error as Error).message}`);
      }
      const row = await webhooks.add({ url, types, sites, createdBy: callerOf(request).name });
      note(request, "webhook.made", row.id);
      reply.header("Cache-Control", "no-store");
      return reply.code(201).send({ ...itemOf(row), secret: await webhooks.secretOf(row) });
    },
  );
  app.delete(
    "/webhooks/:id",
    { config: write, schema: { params, response: { 204: z.null(), 404: Problem, ...problems } } },
    async (request, reply) => {
      const { id } = known(request.params.id);
      await webhooks.remove(id);
      note(request, "webhook.deleted", id);
      return reply.code(204).send(null);
    },
  );
  app.post(
    "/webhooks/:id/secret",
    {
      config: write,
      schema: { params, response: { 201: MadeWebhook, 404: Problem, ...problems } },
    },
    async (request, reply) => {
      const row = known(request.params.id);
      await webhooks.renew(row);
      note(request, "webhook.secretReplaced", row.id);
      reply.header("Cache-Control", "no-store");
      return reply.code(201).send({ ...itemOf(row), secret: await webhooks.secretOf(row) });
    },
  );
  app.post(
    "/webhooks/:id/test",
    {
      config: write,
      schema: {
        description: "Sends an event `understudy.ping` now and says what the receiver answered.",
        params,
        response: {
          200: z.object({ taken: z.boolean(), error: z.string().nullable() }),
          ...{ 404: Problem, ...problems },
        },
      },
    },
    async (request) => {
      const row = known(request.params.id);
      note(request, "webhook.tested", row.id);
      const outcome = await webhooks.ping(row);
      if (outcome.word === "taken") return { taken: true, error: null };
      return { taken: false, error: outcome.error };
    },
  );
  app.get(
    "/webhooks/:id/dead",
    {
      config: read,
      schema: {
        description: "Events that were given up after 16 h, or that the receiver refused.",
        params,
        response: {
          200: z.object({ items: z.array(CloudEventItem) }),
          ...{ 404: Problem, ...problems },
        },
      },
    },
    async (request) => {
      const dead = await webhooks.dead(known(request.params.id));
      return {
        items: dead.map(({ atMs, error, ...one }) => ({
          event: { ...cloudEvent(hub, one) },
          ...{ givenUpAt: isoOf(atMs), error },
        })),
      };
    },
  );
  app.post(
    "/webhooks/:id/retry",
    {
      config: write,
      schema: {
        description: "Tries at once what waits, and what was given up.",
        params,
        response: {
          200: z.object({ taken: z.number().int(), left: z.number().int() }),
          ...{ 404: Problem, ...problems },
        },
      },
    },
    async (request) => {
      const row = known(request.params.id);
      note(request, "webhook.retried", row.id);
      return webhooks.retry(row);
    },
  );
};

const itemOf = (row: WebhookRow): z.infer<typeof WebhookItem> => ({
  ...{ id: row.id, url: row.url, types: row.types, sites: row.sites },
  ...{ createdAt: isoOf(row.createdAtMs), createdBy: row.createdBy },
  ...{ lastDeliveredAt: isoOf(row.deliveredAtMs), error: row.error, attempts: row.attempts },
  ...{ nextTryAt: isoOf(row.nextTryAtMs), disabledAt: isoOf(row.disabledAtMs) },
});
