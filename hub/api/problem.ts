/** One shape for every error: RFC 9457, with our stable `code`. */
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { STATUS_CODES } from "node:http";
import { z } from "zod";
import { StoreLeftAlone } from "../store/guard.ts";

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string(),
    /** Stable word for programs. */
    code: z.string(),
    /** The same as `detail`, for readers of `{code, message}`. */
    message: z.string(),
    requestId: z.string(),
    /** Where an id is ambiguous: the full ids to choose from. */
    candidates: z.array(z.string()).optional(),
    /** Where the body is wrong: one sentence per field. */
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof Problem>;

/** `waitS`: come again after so long. */
export type More = Pick<Problem, "candidates" | "errors"> & { waitS?: number };

/** Thrown by a handler; becomes one problem+json answer. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly status: number;
  readonly code: string;
  readonly more: More;
  constructor(status: number, code: string, detail: string, more: More = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.more = more;
  }
}

/** One sentence per field that is wrong. */
export function malformed(errors: NonNullable<Problem["errors"]>): ApiProblem {
  const detail = errors.map(({ path, message }) => `${path || "body"}: ${message}`).join("; ");
  return new ApiProblem(400, "malformed", detail, { errors });
}

/** @throws ApiProblem 400 `malformed` with the place of each error, under `place` */
export function checked<T>(schema: z.ZodType<T>, value: unknown, place = ""): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({
    path: [place, ...path.filter((part) => part !== "body")].filter(Boolean).join("."),
    message,
  }));
  throw malformed(errors);
}

/** The errors every route may answer with, for its schema. */
export const problems = { 400: Problem, 401: Problem, 403: Problem, 429: Problem, 500: Problem };

export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, code, message, more }: Pick<ApiProblem, "status" | "code" | "message" | "more">,
): FastifyReply {
  const { waitS, ...told } = more;
  if (waitS !== undefined) reply.header("Retry-After", waitS);
  const body: Problem = {
    type: `urn:understudy:problem:${code}`,
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail: message,
    instance: request.url.split("?")[0] ?? request.url,
    code,
    message,
    requestId: request.id,
    ...told,
  };
  return reply.code(status).type("application/problem+json").send(JSON.stringify(body));
}

/** Fastify's error handler. What we did not expect is logged here, once, and not shown. */
export function answerError(
  error: FastifyError | ApiProblem,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof ApiProblem) return sendProblem(request, reply, error);
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map(({ instancePath, message }) => ({
      path: instancePath.replace(/^\//, "").replaceAll("/", "."),
      message: message ?? "does not match",
    }));
    return sendProblem(request, reply, malformed(errors));
  }
  if (error.code === "FST_ERR_HANDLER_TIMEOUT") {
    const detail = "not done in time; what a site was asked goes on there";
    return sendProblem(request, reply, new ApiProblem(504, "timed_out", detail));
  }
  if ((error as Error) instanceof StoreLeftAlone) {
    return sendProblem(request, reply, new ApiProblem(500, "store_failing", error.message));
  }
  const status = error.statusCode ?? 500;
  if (status === 429) {
    return sendProblem(request, reply, new ApiProblem(429, "too_many_requests", error.message));
  }
  if (status >= 400 && status < 500) {
    const code = status === 415 ? "not_json" : status === 413 ? "too_large" : "malformed";
    return sendProblem(request, reply, new ApiProblem(status, code, error.message));
  }
  request.log.error({ err: error, requestId: request.id, code: "internal" }, "request failed");
  return sendProblem(request, reply, new ApiProblem(500, "internal", "the hub failed at this"));
}
