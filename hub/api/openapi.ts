/** What the plugin that makes the OpenAPI document does not know. */
import { STATUS_CODES } from "node:http";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { operations, requestHeaders, responseHeaders, tags } from "./operations.ts";
import type { Operation, ResponseHeader } from "./operations.ts";

type Ref = { $ref: string };
type Answer = {
  description: string;
  headers?: Record<string, Ref>;
  content?: Record<string, { schema?: { $ref?: string } }>;
};
type Document = {
  paths?: Record<string, Record<string, Documented>>;
  components?: { schemas?: Record<string, unknown> };
};
type Documented = {
  operationId?: string;
  summary?: string;
  tags?: string[];
  parameters?: unknown[];
  security?: unknown[];
  responses: Record<string, Answer>;
};

/** What a status means here, where its own name says less. */
const meanings: Record<number, string> = {
  304: "Not Modified: it is as you have it",
  401: "Unauthorized: who asks is not known",
  403: "Forbidden: you may not, or a page of another origin asked",
  404: "Not Found: there is none, or not for you to see",
  409: "Conflict: as things stand now; `ambiguous_id`: see `candidates`",
  412: "Precondition Failed: it was changed meanwhile",
  429: "Too Many Requests: come again after `Retry-After`",
  501: "Not Implemented: the site or this hub does not do that yet",
  503: "Service Unavailable: the site, the broker or the hub is away or busy; nothing was done",
  504: "Gateway Timeout: the hub did not get it done in time",
};

const unnamed = { tag: "Hub", summary: "" } as const;
const ofStatus: Record<string, readonly ResponseHeader[]> = {
  401: ["WWW-Authenticate"],
  429: ["Retry-After"],
};

/** Nothing is asked of strangers where a route is open. */
export const transform: typeof jsonSchemaTransform = (document) => {
  const made = jsonSchemaTransform(document);
  const isOpen = document.route.config?.access === "open";
  return isOpen ? { ...made, schema: { ...made.schema, security: [] } } : made;
};

/** Names, headers, and the answers that every route may give. */
export const transformObject: typeof jsonSchemaTransformObject = (input) => {
  const document = jsonSchemaTransformObject(input) as Document;
  const { paths = {} } = document;
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const route = `${method.toUpperCase()} ${path.replace(/^\/api(?=\/)/, "")}`;
      // A test asks for the row that is missing; the document is served without it.
      const row = operations.get(route) ?? { id: route.replace(/\W+/g, "_"), ...unnamed };
      const isSecondSpelling = Object.hasOwn(paths[`/api${path}`] ?? {}, method);
      operation.operationId = isSecondSpelling ? `${row.id}Unprefixed` : row.id;
      describe(operation, row, method);
    }
  }
  const schemas = usedOf(paths, document.components?.schemas ?? {});
  const named = Object.entries(tags).map(([name, description]) => ({ name, description }));
  const parameters = Object.entries(requestHeaders).map(([name, description]) => {
    return [name, { name, in: "header", description, schema: { type: "string" } }] as const;
  });
  const headers = Object.entries(responseHeaders).map(([name, description]) => {
    return [name, { description, schema: { type: "string" } }] as const;
  });
  const components = {
    ...document.components,
    schemas,
    parameters: Object.fromEntries(parameters),
    headers: Object.fromEntries(headers),
  };
  return { ...document, tags: named, components };
};

function describe(operation: Documented, row: Operation, method: string): void {
  const { summary, tag, takes = [], gives = {} } = row;
  Object.assign(operation, { summary, tags: [tag] });
  const refs = takes.map((name) => ({ $ref: `#/components/parameters/${name}` }));
  if (refs.length > 0) operation.parameters = [...(operation.parameters ?? []), ...refs];
  const isOpen = operation.security !== undefined;
  const readsBody = method !== "get" && tag !== "Later";
  const problems = [429, 500, 504, ...(isOpen ? [] : [401, 403]), ...(readsBody ? [413, 415] : [])];
  for (const status of problems) operation.responses[status] ??= problem();
  if (isOpen && method === "get") {
    delete operation.responses[401];
    delete operation.responses[403];
  }
  if (gives[304]) operation.responses[304] = { description: "" };
  for (const [status, answer] of Object.entries(operation.responses)) {
    answer.description = meanings[Number(status)] ?? STATUS_CODES[status] ?? "Answer";
    const json = answer.content?.["application/json"];
    const isOwn = json !== undefined && json.schema?.$ref !== problemRef;
    if (Number(status) >= 400 && !isOwn) answer.content = problem().content!;
    const names: ResponseHeader[] = [
      ...(["RateLimit-Policy", "RateLimit"] as const),
      ...(gives.always ?? []),
      ...(gives[Number(status)] ?? []),
      ...(ofStatus[status] ?? []),
    ];
    answer.headers = Object.fromEntries(
      names.map((name) => [name, { $ref: `#/components/headers/${name}` }]),
    );
  }
}

const problemRef = "#/components/schemas/Problem";
const problem = (): Answer => ({
  description: "",
  content: { "application/problem+json": { schema: { $ref: problemRef } } },
});

/** Those that are spoken of, and those that these speak of. */
function usedOf<S>(paths: unknown, schemas: Record<string, S>): Record<string, S> {
  const used = new Set<string>();
  const follow = (part: unknown) => {
    for (const [, name = ""] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      follow(schemas[name]);
    }
  };
  follow(paths);
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
}
