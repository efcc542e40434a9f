/** GraphQL by POST. Reads and commands; what stays open is asked for over a socket. */
import type { FastifyReply } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { printSchema } from "graphql";
import { callerOf } from "../auth.ts";
import { ApiProblem } from "../problem.ts";
import { GraphRequest, type Graph } from "./graph.ts";
import { limits } from "./limits.ts";

export const graphRoutes: FastifyPluginAsyncZod<{ graph: Graph }> = async (app, { graph }) => {
  app.post(
    "/graphql",
    {
      config: { access: "known", bodySaysWhat: true },
      bodyLimit: 2 * limits.queryBytes,
      // Its document is `/schema.graphql`.
      schema: { hide: true, body: GraphRequest },
    },
    async (request, reply) => {
      const { id: requestId } = request;
      const asker = { caller: callerOf(request), address: request.ip, requestId };
      let prepared;
      try {
        prepared = graph.prepare(request.body);
        if (prepared.operation === "subscription") {
          throw new ApiProblem(
            400,
            "needs_socket",
            "subscribe over a socket: graphql-transport-ws",
          );
        }
      } catch (error) {
        return send(reply, 400, graph.refused(error, requestId));
      }
      request.allowKey?.(prepared.operation === "mutation");
      const result = await prepared.run(asker, new AbortController().signal);
      if (Symbol.asyncIterator in result) throw new Error("a query went on");
      return send(reply, 200, graph.shown(result, requestId));
    },
  );
};

const send = (reply: FastifyReply, status: number, answer: object) =>
  reply.code(status).type("application/json; charset=utf-8").send(JSON.stringify(answer));

/** The whole schema, as it is committed in `schema.graphql`. */
export const schemaText = ({ schema }: Graph) => `${printSchema(schema)}\n`;
