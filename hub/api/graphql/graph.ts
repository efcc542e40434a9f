/** From a request in GraphQL to its answer, the same way for HTTP and for sockets. */
import {
  execute,
  getOperationAST,
  GraphQLError,
  parse,
  specifiedRules,
  subscribe,
  validate,
  type DocumentNode,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLFormattedError,
  type GraphQLSchema,
  type OperationTypeNode,
} from "graphql";
import type { FastifyBaseLogger } from "fastify";
import { z } from "zod";
import type { Audit } from "../../audit/audit.ts";
import type { Asker } from "../../auth/caller.ts";
import { allow } from "../auth.ts";
import { ApiProblem } from "../problem.ts";
import { checkLimits, limits } from "./limits.ts";
import { openDeadline } from "./deadline.ts";
import { contextOf, resolversOf, type GraphNeeds } from "./resolvers.ts";
import { makeSchema } from "./schema.ts";

export const GraphRequest = z.strictObject({
  query: z.string().max(limits.queryBytes),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().max(200).nullish(),
  /** Clients send it; nothing in it is used. */
  extensions: z.unknown().optional(),
});
export type GraphRequest = z.infer<typeof GraphRequest>;

export type Prepared = {
  operation: `${OperationTypeNode}`;
  run(asker: Asker, signal: AbortSignal): Promise<ExecutionResult | AsyncIterable<ExecutionResult>>;
};

export type Graph = {
  schema: GraphQLSchema;
  /** @throws ApiProblem or GraphQLErrors: nothing was carried out */
  prepare(request: GraphRequest): Prepared;
  /** As it is sent: each error with our code, nothing of ours in it that we did not mean. */
  shown(result: ExecutionResult, requestId: string): FormattedExecutionResult;
  refused(error: unknown, requestId: string): FormattedExecutionResult;
};

/** A document that means nothing here. */
export class GraphQLErrors extends Error {
  override readonly name = "GraphQLErrors";
  readonly errors: readonly GraphQLError[];
  constructor(errors: readonly GraphQLError[]) {
    super(errors[0]?.message ?? "not understood");
    this.errors = errors;
  }
}

const mostErrors = 10;
/** The rest of an answer that takes longer is errors. */
const answersWithinMs = 15_000;

export function openGraph(
  needs: GraphNeeds & {
    audit: Audit;
    log: Pick<FastifyBaseLogger, "error">;
    /** 15 s when left out. */
    answersWithinMs?: number;
  },
): Graph {
  const schema = makeSchema(resolversOf(needs));

  function read(query: string): DocumentNode {
    try {
      return parse(query, { maxTokens: limits.tokens });
    } catch (error) {
      if (error instanceof GraphQLError) throw new GraphQLErrors([error]);
      throw error;
    }
  }

  function formatted(error: GraphQLError, requestId: string): GraphQLFormattedError {
    const { path, locations } = error;
    const place = { ...(path && { path }), ...(locations && { locations }) };
    const cause = causeOf(error);
    if (cause instanceof ApiProblem) {
      const { message, code, status, more } = cause;
      return { message, ...place, extensions: { code, status, requestId, ...more } };
    }
    if (cause === undefined) {
      return { message: error.message, ...place, extensions: { code: "malformed", requestId } };
    }
    needs.log.error({ err: cause, requestId, code: "internal" }, "request failed");
    const message = "the hub failed at this";
    return { message, ...place, extensions: { code: "internal", status: 500, requestId } };
  }

  return {
    schema,
    prepare: ({ query, variables, operationName }) => {
      const document = read(query);
      const operation = getOperationAST(document, operationName);
      if (!operation) {
        throw new ApiProblem(400, "malformed", "query: needs one operation, or operationName");
      }
      const variableValues = variables ?? {};
      checkLimits(schema, document, operation, variableValues);
      const errors = validate(schema, document, specifiedRules, { maxErrors: mostErrors });
      if (errors.length > 0) throw new GraphQLErrors(errors);
      const kind: Prepared["operation"] = operation.operation;
      return {
        operation: kind,
        run: async (asker, signal) => {
          const deadline = openDeadline(
            kind === "subscription" ? Infinity : (needs.answersWithinMs ?? answersWithinMs),
          );
          const how = {
            ...{ schema, document, variableValues, operationName: operationName ?? null },
            contextValue: contextOf(needs, { asker, signal, deadline }, (access, object) =>
              allow(needs.audit, asker, access, object),
            ),
          };
          if (kind === "subscription") return subscribe(how);
          try {
            return await execute(how);
          } finally {
            deadline.close();
          }
        },
      };
    },
    shown: ({ data, errors }, requestId) => ({
      ...(data !== undefined && { data }),
      ...(errors && { errors: errors.map((error) => formatted(error, requestId)) }),
    }),
    refused: (error, requestId) => {
      const errors =
        error instanceof GraphQLErrors
          ? error.errors
          : [new GraphQLError("", { originalError: error instanceof Error ? error : new Error() })];
      return { errors: errors.map((one) => formatted(one, requestId)) };
    },
  };
}

/** What a resolver threw; undefined: the request itself is wrong. */
function causeOf({ originalError }: GraphQLError): Error | undefined {
  return originalError instanceof GraphQLError ? causeOf(originalError) : originalError;
}
