/** What the plugin that makes the OpenAPI document does not know. */
import { STATUS_CODES } from "node:http";
import { jsonSchemaTransformObject } from "fastify-type-provider-zod";

type Answer = { description: string; content?: Record<string, { schema?: { $ref?: string } }> };

/** Each answer says what its status means; errors are problem+json. */
export const transformObject: typeof jsonSchemaTransformObject = (input) => {
  const document = jsonSchemaTransformObject(input);
  for (const item of Object.values(document.paths ?? {}) as Record<string, unknown>[]) {
    for (const operation of Object.values(item) as { responses?: Record<string, Answer> }[]) {
      for (const [status, answer] of Object.entries(operation.responses ?? {})) {
        answer.description = STATUS_CODES[status] ?? "Answer";
        const json = answer.content?.["application/json"];
        if (json?.schema?.$ref === "#/components/schemas/Problem")
          answer.content = { "application/problem+json": json };
      }
    }
  }
  return document;
};
