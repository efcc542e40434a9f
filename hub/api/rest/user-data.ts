/** All that the hub holds about one person, to be handed to that person. */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Audit } from "../../audit/audit.ts";
import type { Sessions } from "../../auth/sessions.ts";
import type { Store } from "../../store/store.ts";
import { callerOf } from "../auth.ts";
import { ApiProblem, Problem, problems } from "../problem.ts";
import { AuditItem, auditItemOf } from "./audit.ts";
import { itemOf, SessionItem, sessionItemOf, UserItem } from "./users.ts";

/** Of the audit log; older rows are there by its own list. */
const mostRows = 10_000;

type Needs = { sessions: Sessions; store: Pick<Store, "audit">; audit: Audit };

export const userDataRoutes: FastifyPluginAsyncZod<Needs> = async (app, needs) => {
  const { sessions, store, audit } = needs;
  app.get(
    "/users/:id/data",
    {
      config: { access: "manageUsers" },
      schema: {
        params: z.object({ id: z.string().max(64) }),
        response: {
          200: z.object({
            user: UserItem,
            sessions: z.array(SessionItem),
            audit: z.array(AuditItem).describe("what this person did, the newest first"),
            auditIsWhole: z.boolean().describe("false: there is more in GET /audit?actor="),
          }),
          ...{ 404: Problem, ...problems },
        },
      },
    },
    async (request, reply) => {
      const person = sessions.person(request.params.id);
      if (!person) throw new ApiProblem(404, "unknown_user", `no user ${request.params.id}`);
      const { id, name } = callerOf(request);
      const object = `user:${person.id}`;
      const rows = await store.audit({ limit: mostRows, actor: object });
      audit.add({
        ...{ type: "user.data_given", actor: id, name, object, outcome: "ok" },
        ...{ address: request.ip, requestId: request.id },
      });
      reply.header("Cache-Control", "no-store");
      return {
        user: itemOf(person),
        sessions: sessions.of(person.id).map(sessionItemOf),
        audit: rows.items.map(auditItemOf),
        auditIsWhole: rows.next === null,
      };
    },
  );
};
