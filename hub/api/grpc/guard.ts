/** Who calls, whether they may, and how often: the same keys, table, budgets and log as REST. */
import {
  Code,
  ConnectError,
  createContextKey,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import { randomUUID } from "node:crypto";
import type { FastifyBaseLogger } from "fastify";
import type { Audit } from "../../audit/audit.ts";
import type { Asker } from "../../auth/caller.ts";
import type { AccessName } from "../../auth/permissions.ts";
import { allow, callerFrom, strangerProblem, type Doors } from "../auth.ts";
import type { Limits } from "../budgets.ts";
import { HubService } from "./gen/understudy/v1/hub_pb.js";
import { rpcError } from "./problems.ts";

/** Who may call what: rows of `hub/auth/permissions.ts`. */
export const rpcAccess: Record<keyof (typeof HubService)["method"], AccessName> = {
  listSites: "watch",
  getSite: "watch",
  listEncoders: "watch",
  getEncoder: "watch",
  listStreams: "watch",
  getStream: "watch",
  listDestinations: "watch",
  getDestination: "watch",
  listStorages: "watch",
  getStorage: "watch",
  listIncidents: "watch",
  getIncident: "watch",
  getCommand: "watch",
  commandEncoder: "commandEncoder",
  commandStream: "commandStream",
  commandStorage: "commandStorage",
  commandSite: "commandSite",
  watch: "watch",
};

export const addressKey = createContextKey("unknown");
const requestIdKey = createContextKey("");
const askerKey = createContextKey<Asker | undefined>(undefined);

export const requestIdOf = ({ values }: Pick<HandlerContext, "values">) => values.get(requestIdKey);

export function askerOf({ values }: Pick<HandlerContext, "values">): Asker {
  const asker = values.get(askerKey);
  if (asker) return asker;
  throw new Error("a call came past the guard");
}

type Log = Pick<FastifyBaseLogger, "error">;

/** For every service: counts the address, and tells errors as gRPC does. */
export function doorkeeper({ limits, log }: { limits: Limits; log: Log }): Interceptor {
  return (next) => async (request) => {
    const requestId = randomUUID();
    request.contextValues.set(requestIdKey, requestId);
    try {
      limits.allowAddress(limits.ofAddress(request.contextValues.get(addressKey)));
      return await (request.stream ? next(request) : orAborted(next(request), request.signal));
    } catch (error) {
      throw rpcError(error, requestId, log);
    }
  };
}

/** The library tells a method that its deadline has come, and would wait for it all the same. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(ConnectError.from(signal.reason, Code.Canceled)));
  });
  return Promise.race([work, aborted]);
}

export function guard({
  limits,
  audit,
  ...doors
}: Doors & { limits: Limits; audit: Audit }): Interceptor {
  return (next) => async (request) => {
    const { contextValues, header, method } = request;
    const address = contextValues.get(addressKey);
    const requestId = contextValues.get(requestIdKey);
    // Without `Host`, so that a key is needed here even in the open demo.
    const headers = Object.fromEntries(
      ["authorization", "x-api-key"].map((name) => [name, header.get(name) ?? undefined]),
    );
    const caller = await callerFrom(headers, doors, address);
    if (!caller) throw strangerProblem(audit, headers, address, requestId);
    const asker = { caller, address, requestId };
    const access = rpcAccess[method.localName as keyof typeof rpcAccess];
    allow(audit, asker, access, `grpc ${method.name}`);
    const held = limits.ofKey(caller);
    if (held) limits.allowKey(held, access.startsWith("command"));
    contextValues.set(askerKey, asker);
    return next(request);
  };
}
