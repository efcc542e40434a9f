/** Keys for people, programs and sites. A secret is shown once, in the answer that made it. */
import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { Id } from "../../../machines/id.ts";
import type { Audit } from "../../audit/audit.ts";
import { scopes, type Scope } from "../../auth/permissions.ts";
import { keyKinds, type KeyKind, type KeyRow } from "../../store/store.ts";
import { callerOf } from "../auth.ts";
import type { KeyRing } from "../keys.ts";
import { ApiProblem, Problem, problems } from "../problem.ts";
import { isoOf } from "../times.ts";

const KeyItem = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(keyKinds),
    scopes: z.array(z.enum(scopes)),
    site: z.string().nullable(),
    /** The sites it sees; null = all. */
    sites: z.array(z.string()).nullable(),
    createdAt: z.iso.datetime().nullable(),
    /** null: it lives in the hub's environment, as long as the hub is started with it. */
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable(),
    lastUsedFrom: z.string().nullable(),
    /** The key that came in its place; until `expiresAt` both are valid. */
    replacedBy: z.string().nullable(),
  })
  .meta({ id: "KeyItem" });

const dayMs = 86_400_000;
const KeyBody = z
  .strictObject({
    name: z.string().min(1).max(80),
    kind: z.enum(keyKinds).optional().describe("ro, op and adm stand for scopes; or name those"),
    scopes: z.array(z.enum(scopes)).min(1).optional(),
    site: Id.optional().describe("the one site a key of kind `site` logs in as over MQTT"),
    sites: z.array(Id).min(1).max(1_000).optional().describe("the sites it sees; left out: all"),
    days: z.number().int().min(1).max(730).default(90),
  })
  .refine(({ kind, scopes: named }) => (kind === undefined) !== (named === undefined), {
    message: "either kind or scopes is needed",
    path: ["kind"],
  })
  .refine(({ kind, site }) => (kind === "site") === (site !== undefined), {
    message: "needed for kind site, and only there",
    path: ["site"],
  })
  .refine(({ kind, sites }) => kind !== "site" || sites === undefined, {
    message: "a key of kind site sees nothing; it logs in as `site`",
    path: ["sites"],
  });

/** The prefix tells the most that a key may do. */
function kindOf(held: readonly Scope[]): KeyKind {
  return held.includes("admin") ? "adm" : held.includes("write") ? "op" : "ro";
}
const MadeKey = KeyItem.extend({ key: z.string() });

export const keyRoutes: FastifyPluginAsyncZod<{ keys: KeyRing; audit: Audit }> = async (
  app,
  { keys, audit },
) => {
  function note(request: FastifyRequest, type: string, id: string, detail?: object) {
    const { id: actor, name } = callerOf(request);
    audit.add({
      ...{ type, actor, name, object: `key:${id}`, outcome: "ok", address: request.ip },
      ...(detail && { detail: { ...detail } }),
      requestId: request.id,
    });
  }
  app.get(
    "/keys",
    {
      config: { access: "readSystem" },
      schema: { response: { 200: z.object({ items: z.array(KeyItem) }), ...problems } },
    },
    async () => ({ items: keys.all().map(itemOf) }),
  );
  app.post(
    "/keys",
    {
      config: { access: "manageSystem" },
      schema: {
        body: KeyBody,
        response: { 201: MadeKey, ...problems },
      },
    },
    async (request, reply) => {
      const { name, site, sites, days } = request.body;
      const held = request.body.scopes && [...new Set(request.body.scopes)];
      const { row, secret } = await keys.make({
        ...{ name, kind: request.body.kind ?? kindOf(held ?? []), lifeMs: days * dayMs },
        ...(held && { scopes: held }),
        ...(site !== undefined && { site }),
        ...(sites && { sites }),
      });
      const { kind, scopes: may } = row;
      note(request, "key.made", row.id, {
        name,
        kind,
        scopes: may,
        site: row.site,
        sites: row.sites,
      });
      reply.header("Cache-Control", "no-store");
      return reply.code(201).send({ ...itemOf(row), key: secret });
    },
  );
  app.post(
    "/keys/:id/rotate",
    {
      config: { access: "manageSystem" },
      schema: {
        params: z.object({ id: z.string().max(64) }),
        body: z.strictObject({
          graceS: z
            .number()
            .int()
            .min(0)
            .max(30 * 86_400)
            .default(86_400)
            .describe("how long the old key stays valid beside the new one"),
        }),
        response: { 201: MadeKey, 404: Problem, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const made = await keys.rotate(id, request.body.graceS * 1_000);
      if (!made) {
        const detail = `no key ${id} that could be replaced: unknown, expired or replaced already`;
        throw new ApiProblem(404, "unknown_key", detail);
      }
      note(request, "key.replaced", id, { by: made.row.id, graceS: request.body.graceS });
      reply.header("Cache-Control", "no-store");
      return reply.code(201).send({ ...itemOf(made.row), key: made.secret });
    },
  );
  app.delete(
    "/keys/:id",
    {
      config: { access: "manageSystem" },
      schema: {
        params: z.object({ id: z.string().max(64) }),
        response: { 204: z.null(), 404: Problem, 409: Problem, ...problems },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { id } = request.params;
      if (`key:${id}` === caller.id)
        throw new ApiProblem(409, "own_key", "this is the key you use");
      if (!(await keys.revoke(id))) throw new ApiProblem(404, "unknown_key", `no key ${id}`);
      note(request, "key.revoked", id);
      return reply.code(204).send(null);
    },
  );
};

function itemOf({ sha256: _secret, ...row }: KeyRow): z.infer<typeof KeyItem> {
  const { createdAtMs, expiresAtMs, lastUsedAtMs, ...same } = row;
  return {
    ...same,
    createdAt: isoOf(createdAtMs),
    expiresAt: isoOf(expiresAtMs),
    lastUsedAt: isoOf(lastUsedAtMs),
  };
}
