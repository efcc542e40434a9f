/** Who did what. For admins. */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { AuditRow } from "../../audit/chain.ts";
import type { Store } from "../../store/store.ts";
import { decodeCursor, encodeCursor, PageQuery } from "../pages.ts";
import { problems } from "../problem.ts";

export const AuditItem = z
  .object({
    n: z.number().int(),
    at: z.iso.datetime(),
    type: z.string(),
    actor: z.string(),
    outcome: z.string(),
    name: z.string().optional(),
    address: z.string().optional(),
    object: z.string().optional(),
    site: z.string().optional(),
    code: z.string().optional(),
    detail: z.record(z.string(), z.unknown()).optional(),
    requestId: z.string().optional(),
    /** Over the hash of the row before and this row. */
    hash: z.string(),
  })
  .meta({ id: "AuditItem" });

export function auditItemOf({ n, body, hash }: AuditRow): z.infer<typeof AuditItem> {
  const { atMs, ...entry } = JSON.parse(body) as { atMs: number };
  return { ...entry, n, hash, at: new Date(atMs).toISOString() } as z.infer<typeof AuditItem>;
}

export const auditRoutes: FastifyPluginAsyncZod<{ store: Pick<Store, "audit"> }> = async (
  app,
  { store },
) => {
  app.get(
    "/audit",
    {
      config: { access: "readSystem" },
      schema: {
        querystring: PageQuery.extend({
          type: z.string().max(80).optional(),
          actor: z.string().max(120).optional().describe("key:<id> or user:<id>"),
          since: z.iso.datetime({ offset: true }).optional(),
        }),
        response: {
          200: z.object({ items: z.array(AuditItem), nextCursor: z.string().nullable() }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { limit, cursor, type, actor, since } = request.query;
      const before = decodeCursor(cursor, /^\d+$/);
      const page = await store.audit({
        limit,
        ...(before !== undefined && { before }),
        ...(type !== undefined && { type }),
        ...(actor !== undefined && { actor }),
        ...(since !== undefined && { sinceMs: Date.parse(since) }),
      });
      return {
        items: page.items.map(auditItemOf),
        nextCursor: page.next === null ? null : encodeCursor(page.next),
      };
    },
  );
};
