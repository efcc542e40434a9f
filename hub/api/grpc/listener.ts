/** gRPC on a port of its own, as HTTP/2 wants it: in clear on this machine, else with TLS. */
import { createSecureServer, createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { createContextValues } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { FastifyBaseLogger } from "fastify";
import type { Audit } from "../../audit/audit.ts";
import type { Doors } from "../auth.ts";
import { HubOptionsError } from "../../options.ts";
import type { Limits } from "../budgets.ts";
import { followFiles, secretsIn, type TlsFiles } from "../../certificate.ts";
import { Health } from "./gen/grpc/health/v1/health_pb.js";
import { HubService } from "./gen/understudy/v1/hub_pb.js";
import { addressKey, doorkeeper, guard, requestIdOf } from "./guard.ts";
import { healthService } from "./health.ts";
import { rpcError } from "./problems.ts";
import { hubService, type ServiceNeeds } from "./service.ts";
import { openWatchers } from "./watchers.ts";

export type GrpcOptions = {
  host: string;
  port: number;
  tls?: TlsFiles;
};

type Needs = Doors &
  Omit<ServiceNeeds, "watchers"> & {
    limits: Limits;
    audit: Audit;
    healthy: () => boolean;
    log: Pick<FastifyBaseLogger, "error" | "info">;
    /** For callers who set no deadline; 10 s when left out. */
    answersWithinMs?: number;
    /** How often the files of its certificate are looked at. */
    lookEveryMs?: number;
  };

export type GrpcListener = { url: string; close(): Promise<void> };

/** Methods that go on until their caller has enough. */
const endless = new Set(
  [HubService, Health].flatMap(({ typeName, methods }) =>
    methods
      .filter(({ methodKind }) => methodKind !== "unary")
      .map(({ name }) => `/${typeName}/${name}`),
  ),
);
const mostBytes = 64 * 1024;
const mostSessions = 1_000;
/** A connection with no call open for so long is closed. */
const idleMs = 60_000;
/** Said for each service: what is said for all of them is forgotten by a service with options. */
const only = { grpc: true, grpcWeb: false, connect: false };
const settings = { maxConcurrentStreams: 100, maxHeaderListSize: 8 * 1024 };

/** @throws HubOptionsError when a file cannot be read or the port cannot be had */
export async function openGrpc(options: GrpcOptions, needs: Needs): Promise<GrpcListener> {
  const { host, port, tls } = options;
  const { keys, sessions, demoOpen, limits, audit, log, answersWithinMs = 10_000 } = needs;
  const watchers = openWatchers({ keys, sessions, demoOpen });
  const service = hubService({ ...needs, watchers });
  const { watch } = service;
  const door = doorkeeper({ limits, log });
  const stopping = new AbortController();
  const answer = connectNodeAdapter({
    readMaxBytes: mostBytes,
    contextValues: ({ socket }) =>
      createContextValues().set(addressKey, socket.remoteAddress ?? "unknown"),
    shutdownSignal: stopping.signal,
    routes: (router) => {
      router.service(Health, healthService(needs.healthy), { ...only, interceptors: [door] });
      router.service(
        HubService,
        {
          ...service,
          // What a stream throws comes past the interceptors.
          watch: async function* (request, context) {
            try {
              yield* watch(request, context);
            } catch (error) {
              throw rpcError(error, requestIdOf(context), log);
            }
          },
        },
        { ...only, interceptors: [door, guard({ keys, sessions, demoOpen, limits, audit })] },
      );
    },
  });
  const handler: typeof answer = (request, response) => {
    // As if its caller had said so: the rest is done as with any deadline.
    if (!endless.has(request.url ?? "")) request.headers["grpc-timeout"] ??= `${answersWithinMs}m`;
    answer(request, response);
  };
  const where = host.includes(":") ? `[${host}]` : host;
  const failed = (cause: unknown) => {
    watchers.close();
    stopFollowing();
    const why = cause instanceof Error ? cause.message : String(cause);
    return new HubOptionsError(`gRPC cannot listen at ${where}:${port}: ${why}`, { cause });
  };
  let stopFollowing = () => {};
  const server = openServer();
  function openServer() {
    try {
      if (!tls) return createServer({ settings }, handler);
      const asks = tls.clientCa !== undefined;
      const clients = asks && { requestCert: true, rejectUnauthorized: true };
      const secure = createSecureServer({ settings, ...secretsIn(tls), ...clients }, handler);
      stopFollowing = followFiles(secure, tls, log, needs.lookEveryMs);
      return secure;
    } catch (error) {
      throw failed(error);
    }
  }
  const open = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    if (open.size >= mostSessions) return session.destroy();
    open.add(session);
    let calls = 0;
    session.on("stream", (stream) => {
      calls += 1;
      stream.on("close", () => (calls -= 1));
    });
    session.setTimeout(idleMs, () => calls === 0 && session.close());
    // Who breaks the protocol is disconnected; there is nobody to tell.
    session.on("error", () => session.destroy());
    session.on("close", () => open.delete(session));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(failed(error)));
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://${where}:${bound}`,
    close: async () => {
      stopping.abort();
      stopFollowing();
      watchers.close();
      const closed = new Promise((resolve) => server.close(resolve));
      for (const session of open) session.destroy();
      await closed;
    },
  };
}
