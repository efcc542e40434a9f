/** The hub's own keys: which public half a site pins, and replacing one that may have been seen. */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Audit } from "../../audit/audit.ts";
import { publicHalf } from "../../command-key.ts";
import { hubKeyNames, type HubKeys } from "../../hub-keys.ts";
import type { Held } from "../../own-keys.ts";
import type { Webhooks } from "../../webhooks/webhooks.ts";
import { callerOf } from "../auth.ts";
import { problems } from "../problem.ts";
import { isoOf } from "../times.ts";

const HubKeyItem = z
  .object({
    name: z.enum(hubKeyNames),
    /** What it signs. */
    signs: z.string(),
    /** Of `command`: what sites pin in mqtt.commandKeys. */
    publicKey: z.string().nullable(),
    /** The one before still holds, until then. */
    previousPublicKey: z.string().nullable(),
    previousUntil: z.iso.datetime().nullable(),
  })
  .meta({ id: "HubKeyItem" });
/** The secrets that receivers need from now on. */
const Rotated = HubKeyItem.extend({
  webhooks: z.array(z.object({ id: z.string(), url: z.string(), secret: z.string() })),
});

const signs = {
  token: "access tokens of people and pages",
  webhook: "what is sent to webhooks",
  command: "what sites are asked for",
};

type Needs = { hubKeys: HubKeys; webhooks: Webhooks; audit: Audit };

export const hubKeyRoutes: FastifyPluginAsyncZod<Needs> = async (app, needs) => {
  const { hubKeys, webhooks, audit } = needs;
  const itemOf = (name: keyof HubKeys, { now, before }: Held): z.infer<typeof HubKeyItem> => ({
    ...{ name, signs: signs[name], publicKey: name === "command" ? publicHalf(now) : null },
    previousPublicKey: name === "command" && before ? publicHalf(before.text) : null,
    previousUntil: isoOf(before?.endsAtMs ?? null),
  });
  app.get(
    "/hub-keys",
    {
      config: { access: "readSystem" },
      schema: { response: { 200: z.object({ items: z.array(HubKeyItem) }), ...problems } },
    },
    async () => ({
      items: await Promise.all(
        hubKeyNames.map(async (name) => itemOf(name, await hubKeys[name].held())),
      ),
    }),
  );
  app.post(
    "/hub-keys/:name/rotate",
    {
      config: { access: "manageSystem" },
      schema: {
        description:
          "Makes another. The one before holds for an hour (token), a week (webhook) or 30 days " +
          "(command), and whatever was before that is over.",
        params: z.object({ name: z.enum(hubKeyNames) }),
        response: { 200: Rotated, ...problems },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const held = await hubKeys[name].rotate();
      const { id: actor, name: who } = callerOf(request);
      audit.add({
        ...{ type: "hubKey.rotated", actor, name: who, outcome: "ok", object: `hubKey:${name}` },
        ...{ address: request.ip, requestId: request.id },
      });
      const told = name === "webhook" ? webhooks.all() : [];
      reply.header("Cache-Control", "no-store");
      return {
        ...itemOf(name, held),
        webhooks: await Promise.all(
          told.map(async (row) => ({
            ...{ id: row.id, url: row.url, secret: await webhooks.secretOf(row) },
          })),
        ),
      };
    },
  );
};
