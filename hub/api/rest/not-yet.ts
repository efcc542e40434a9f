/** Paths that are promised and not served yet: each says so, and is in the document. */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { AccessName } from "../../auth/permissions.ts";
import { ApiProblem, Problem, problems } from "../problem.ts";

type Promised = {
  method: "GET" | "POST" | "PUT" | "DELETE";
  url: string;
  what: string;
  access: AccessName;
};

/** With and without /api. */
const both: Promised[] = [
  { method: "GET", url: "/monitoring/alerts", what: "alerts", access: "monitor" },
  { method: "POST", url: "/upload", what: "uploads", access: "commandStream" },
  { method: "GET", url: "/status/:job_id", what: "jobs", access: "watch" },
  { method: "GET", url: "/video/:job_id/:quality", what: "results of jobs", access: "watch" },
  { method: "GET", url: "/jobs", what: "jobs", access: "watch" },
];
/** `/jobs` and `/api/jobs` are two things: the first is the queue, the second a list of uploads. */
const bare: Promised[] = [
  { method: "POST", url: "/jobs", what: "jobs", access: "commandStream" },
  { method: "GET", url: "/jobs/:id", what: "jobs", access: "watch" },
  { method: "GET", url: "/nodes", what: "nodes", access: "watch" },
  { method: "POST", url: "/nodes/register", what: "nodes", access: "manageSystem" },
];

export const notYetRoutes: FastifyPluginAsyncZod = async (app) => {
  const all = [...both, ...both.map((one) => ({ ...one, url: `/api${one.url}` })), ...bare];
  for (const { method, url, what, access } of all) {
    const names = [...url.matchAll(/:(\w+)/g)].map(([, name]) => name ?? "");
    const params = z.object(Object.fromEntries(names.map((name) => [name, z.string().max(200)])));
    const response = { 501: Problem, ...problems };
    app.route({
      ...{ method, url },
      config: { access },
      schema: { ...(names.length > 0 && { params }), response },
      // Before a body is read: whatever it is, the answer is the same.
      preParsing: async () => {
        throw new ApiProblem(501, "not_implemented", `this hub does not do ${what} yet`);
      },
      handler: async () => undefined,
    });
  }
};
