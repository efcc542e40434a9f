/** Lists: a limit, an opaque cursor, and 304 when nothing has changed. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { readyOf, type Ready } from "./items.ts";
import { ApiProblem } from "./problem.ts";

export const PageQuery = z.object({
  /** Pages are kept ready: a long one costs the hub little more than a short one. */
  limit: z.coerce.number().int().min(1).max(10_000).default(50),
  cursor: z.string().max(512).optional().describe("`nextCursor` of the page before"),
});

/** A page of a list, ready to be sent. */
export type Page = {
  /** One after the other. */
  parts: readonly Buffer[];
  bytes: number;
  tag: string;
  /** The cursor of the page after it. */
  next: string | null;
};

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
  all: readonly T[],
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  keyOf: (item: T) => string,
): { page: T[]; next: string | null } {
  const after = decodeCursor(cursor, /^[a-z0-9~-]+$/);
  let [from, beyond] = [0, after === undefined ? 0 : all.length];
  while (from < beyond) {
    const middle = (from + beyond) >> 1;
    const item = all[middle];
    if (item !== undefined && keyOf(item) > (after ?? "")) beyond = middle;
    else from = middle + 1;
  }
  const page = all.slice(from, from + limit);
  const last = page.at(-1);
  const isWhole = from + limit >= all.length;
  return { page, next: isWhole || last === undefined ? null : encodeCursor(keyOf(last)) };
}

/** Put together, not serialised again. */
export function pageJson(items: string[], next: string | null): string {
  return `{"items":[${items.join(",")}],"nextCursor":${JSON.stringify(next)}}`;
}

/** Where the page after this one is. */
export function linkTo(next: string, asked: string): string {
  const url = new URL(asked, "http://hub");
  url.searchParams.set("cursor", next);
  return `<${url.pathname}${url.search}>; rel="next"`;
}

/** Whether a caller that sent this `If-None-Match` has it already. */
export const isHeld = (known: string | undefined, tag: string): boolean =>
  known?.split(",").some((one) => one.trim().replace(/^W\//, "") === tag) === true;

/** JSON with an entity tag; 304 when the caller has it already. */
export function sendJson(
  request: FastifyRequest,
  reply: FastifyReply,
  content: string | Ready | Page,
  next: string | null = null,
): FastifyReply {
  const made = typeof content === "string" ? readyOf(content) : content;
  const { tag } = made;
  reply.header("ETag", tag).header("Cache-Control", "private, no-cache");
  if (next !== null) reply.header("Link", linkTo(next, request.url));
  if (isHeld(request.headers["if-none-match"], tag)) return reply.code(304).send();
  return reply
    .type("application/json; charset=utf-8")
    .send("json" in made ? made.json : Buffer.concat(made.parts));
}
