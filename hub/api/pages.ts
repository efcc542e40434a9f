/** Lists: a limit, an opaque cursor, and 304 when nothing has changed. */
import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { ApiProblem } from "./problem.ts";

export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(512).optional().describe("`nextCursor` of the page before"),
});

export const encodeCursor = (text: string) => Buffer.from(text).toString("base64url");

/** @throws ApiProblem 400 for a cursor that was never ours */
export function decodeCursor(cursor: string | undefined, shape: RegExp): string | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  if (!shape.test(text)) throw new ApiProblem(400, "malformed", "cursor: not one of ours");
  return text;
}

/** One page of a list that is in memory, ordered by `keyOf`, and the cursor of the next. */
export function cutPage<T>(
  all: T[],
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  keyOf: (item: T) => string,
): { page: T[]; next: string | null } {
  const after = decodeCursor(cursor, /^[a-z0-9~-]+$/);
  const left = after === undefined ? all : all.filter((item) => keyOf(item) > after);
  const page = left.slice(0, limit);
  const last = page.at(-1);
  const next = left.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null;
  return { page, next };
}

/**
 * Answers with one page.
 * @param toJson the item as JSON text, ready: lists are put together, not serialised again
 */
export function sendPage<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  all: T[],
  { limit, cursor }: z.infer<typeof PageQuery>,
  keyOf: (item: T) => string,
  toJson: (item: T) => string,
): FastifyReply {
  const { page, next } = cutPage(all, { limit, cursor }, keyOf);
  return sendJson(request, reply, pageJson(page.map(toJson), next), next);
}

export function pageJson(items: string[], next: string | null): string {
  return `{"items":[${items.join(",")}],"nextCursor":${JSON.stringify(next)}}`;
}

/** JSON text with an entity tag; 304 when the caller has it already. */
export function sendJson(
  request: FastifyRequest,
  reply: FastifyReply,
  json: string,
  next: string | null = null,
): FastifyReply {
  const etag = `"${createHash("sha1").update(json).digest("base64url")}"`;
  reply.header("ETag", etag).header("Cache-Control", "private, no-cache");
  if (next !== null) {
    const url = new URL(request.url, "http://hub");
    url.searchParams.set("cursor", next);
    reply.header("Link", `<${url.pathname}${url.search}>; rel="next"`);
  }
  const known = request.headers["if-none-match"]?.split(",").map((tag) => tag.trim());
  if (known?.some((tag) => tag === etag || tag === `W/${etag}`)) return reply.code(304).send();
  return reply.type("application/json; charset=utf-8").send(json);
}
