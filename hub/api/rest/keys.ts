/** Keys for people, programs and sites. A secret is shown once, in the answer that made it. */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { Id } from "../../../machines/id.ts";
import { keyKinds, type KeyRow } from "../../store/store.ts";
import { callerOf } from "../auth.ts";
import type { KeyRing } from "../keys.ts";
import { ApiProblem, Problem, problems } from "../problem.ts";
import { isoOf } from "../times.ts";

const KeyItem = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(keyKinds),
    site: z.string().nullable(),
    createdAt: z.iso.datetime().nullable(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "KeyItem" });

const dayMs = 86_400_000;
const KeyBody = z
  .strictObject({
    name: z.string().min(1).max(80),
    kind: z.enum(keyKinds),
    site: Id.optional().describe("the one site a key of kind `site` logs in as over MQTT"),
    days: z.number().int().min(1).max(730).default(90),
  })
  .refine(({ kind, site }) => (kind === "site") === (site !== undefined), {
    message: "needed for kind site, and only there",
    path: ["site"],
  });

export const keyRoutes: FastifyPluginAsyncZod<{ keys: KeyRing }> = async (app, { keys }) => {
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
        response: { 201: KeyItem.extend({ key: z.string() }), ...problems },
      },
    },
    async (request, reply) => {
      const { kind, name, site, days } = request.body;
      const { row, secret } = await keys.mint(kind, name, site, days * dayMs);
      return reply.code(201).send({ ...itemOf(row), key: secret });
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
      return reply.code(204).send(null);
    },
  );
};

function itemOf({ id, name, kind, site, ...times }: KeyRow): z.infer<typeof KeyItem> {
  return {
    ...{ id, name, kind, site },
    createdAt: isoOf(times.createdAtMs),
    expiresAt: isoOf(times.expiresAtMs),
    lastUsedAt: isoOf(times.lastUsedAtMs),
  };
}
