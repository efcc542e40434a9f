/** Holds every answer that a test gets against the hub's own OpenAPI document. */
import type { FastifyInstance } from "fastify";

type Operation = { operationId: string; responses: Record<string, { headers?: object }> };
export type Document = { paths: Record<string, Record<string, Operation>> };
export type Given = {
  method: string;
  url: string;
  status: number;
  headers: Record<string, unknown>;
};

/** Documents do not document themselves; GraphQL has one of its own. */
export const others =
  /^(\/api)?\/(docs|openapi\.json|asyncapi\.json|schema\.graphql|graphql)(\/|$|\?)/;
/** What a path or method that is not listed answers, as the document says at its top. */
const elsewhere = new Set([401, 404, 405, 429]);
/** Of HTTP itself, and helmet's, which say nothing about an answer. */
const unsaid =
  /^(content-(type|length|security-policy)|connection|keep-alive|date|transfer-encoding|allow|vary|referrer-policy|origin-agent-cluster|cross-origin-.*|x-(content-type-options|dns-prefetch-control|download-options|frame-options|permitted-cross-domain-policies|xss-protection))$/;

let kept: Document | undefined;
/** It is the same for every hub; made once, for it takes its time. */
export const documentOf = (app: FastifyInstance): Document =>
  (kept ??= app.swagger() as unknown as Document);

/** The path of the document that an address has; one without parameters comes first. */
export function operationAt({ paths }: Document, method: string, url: string) {
  const said = (url.split("?")[0] ?? "").split("/");
  const fits = (path: string) => {
    const wanted = path.split("/");
    const isSame = (level: string, at: number) => level === said[at] || level.startsWith("{");
    return wanted.length === said.length && wanted.every(isSame);
  };
  // HEAD is GET without the body.
  const name = method === "HEAD" ? "get" : method.toLowerCase();
  const [path = ""] = Object.keys(paths)
    .filter((one) => paths[one]?.[name] && fits(one))
    .sort((a, b) => a.split("{").length - b.split("{").length);
  return paths[path]?.[name];
}

/** @returns what of an answer the document does not say; nothing: all is said */
export function undocumented(document: Document, given: Given): string[] {
  const { method, url, status } = given;
  const place = `${method} ${url}`;
  if (others.test(url)) return [];
  const operation = operationAt(document, method, url);
  if (!operation) return elsewhere.has(status) ? [] : [`${place}: no such operation (${status})`];
  const answer = operation.responses[status];
  if (!answer) return [`${place}: ${status} is not documented`];
  const said = Object.keys(answer.headers ?? {}).map((name) => name.toLowerCase());
  return Object.keys(given.headers)
    .filter((name) => !unsaid.test(name) && !said.includes(name))
    .map((name) => `${place}: ${status} has ${name}, which is not documented`);
}
