/** The problems of REST as gRPC tells them: a status of its own, and ours in the details. */
import { Code, ConnectError } from "@connectrpc/connect";
import type { FastifyBaseLogger } from "fastify";
import { ApiProblem } from "../problem.ts";
import { ProblemSchema } from "./gen/understudy/v1/hub_pb.js";

const codes: Partial<Record<number, Code>> = {
  400: Code.InvalidArgument,
  401: Code.Unauthenticated,
  403: Code.PermissionDenied,
  404: Code.NotFound,
  409: Code.FailedPrecondition,
  422: Code.InvalidArgument,
  429: Code.ResourceExhausted,
  501: Code.Unimplemented,
  503: Code.Unavailable,
  504: Code.DeadlineExceeded,
};

/** What we did not expect is logged here, once, and not shown. */
export function rpcError(
  error: unknown,
  requestId: string,
  log: Pick<FastifyBaseLogger, "error">,
): ConnectError {
  if (error instanceof ConnectError) return error;
  if (!(error instanceof ApiProblem)) {
    log.error({ err: error, requestId, code: "internal" }, "request failed");
    return rpcError(new ApiProblem(500, "internal", "the hub failed at this"), requestId, log);
  }
  const { status, message, code, more } = error;
  const value = { code, message, requestId, ...more };
  return new ConnectError(message, codes[status] ?? Code.Internal, undefined, [
    { desc: ProblemSchema, value },
  ]);
}
