/**
 * Subscriptions over the protocol `graphql-transport-ws`, on the HTTP port. Who asks says so in
 * `connection_init`: `{authorization: "Bearer …"}`, or `{token: "…"}` as with Socket.IO; the
 * upgrade's own headers do as well.
 * @see https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer, type RawData } from "ws";
import { z } from "zod";
import type { Audit } from "../../audit/audit.ts";
import type { Caller } from "../../auth/caller.ts";
import {
  callerFrom,
  foreignProblem,
  isForeign,
  isStillIn,
  strangerProblem,
  type Doors,
} from "../auth.ts";
import { ApiProblem } from "../problem.ts";
import { GraphRequest, type Graph } from "./graph.ts";

export type GraphSockets = {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): Promise<void>;
};

const protocol = "graphql-transport-ws";
const initWithinMs = 5_000;
const messagesPerSecond = 10;
const mostSubscriptions = 50;

const Credentials = z
  .object({ authorization: z.string(), Authorization: z.string(), token: z.string() })
  .partial();
const Message = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("connection_init"),
    payload: Credentials.nullish(),
  }),
  z.object({ type: z.literal("ping") }),
  z.object({ type: z.literal("pong") }),
  z.object({
    type: z.literal("subscribe"),
    id: z.string().min(1).max(100),
    payload: GraphRequest,
  }),
  z.object({ type: z.literal("complete"), id: z.string().min(1).max(100) }),
]);

type Connection = {
  socket: WebSocket;
  request: IncomingMessage;
  caller: Caller | undefined;
  hasBegun: boolean;
  open: Map<string, AbortController>;
  isAlive: boolean;
};

export function openGraphSockets({
  graph,
  audit,
  addressOf,
  ...doors
}: Doors & {
  graph: Graph;
  audit: Audit;
  addressOf: (request: IncomingMessage) => string;
}): GraphSockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: 64 * 1024,
    handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
  });
  const connections = new Set<Connection>();
  // Who is revoked, disabled or past the end of a shift is sent away within a second.
  const checking = setInterval(() => {
    for (const { caller, socket } of connections) {
      if (caller && !isStillIn(caller, doors)) socket.close(4403, "Forbidden");
    }
  }, 500);
  const beating = setInterval(() => {
    for (const connection of connections) {
      if (!connection.isAlive) connection.socket.terminate();
      connection.isAlive = false;
      connection.socket.ping();
    }
  }, 30_000);

  function connected(socket: WebSocket, request: IncomingMessage): void {
    const connection: Connection = {
      ...{ socket, request, caller: undefined, hasBegun: false, open: new Map(), isAlive: true },
    };
    connections.add(connection);
    const late = setTimeout(() => {
      if (!connection.caller) socket.close(4408, "Connection initialisation timeout");
    }, initWithinMs);
    let [count, windowMs] = [0, 0];
    socket.on("message", (data) => {
      const nowMs = performance.now();
      if (nowMs - windowMs >= 1_000) [count, windowMs] = [0, nowMs];
      count += 1;
      if (count > messagesPerSecond) return socket.close(4429, "Too many messages");
      message(connection, data).catch(() => socket.close(1011, "Internal error"));
    });
    socket.on("pong", () => (connection.isAlive = true));
    // A frame that is none closes it; there is nobody to tell.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(late);
      connections.delete(connection);
      for (const one of connection.open.values()) one.abort();
    });
  }

  async function message(connection: Connection, data: RawData): Promise<void> {
    const { socket } = connection;
    const read = Message.safeParse(jsonOf(data));
    if (!read.success) return socket.close(4400, "Not understood");
    const { data: said } = read;
    if (said.type === "ping") return send(socket, { type: "pong" });
    if (said.type === "pong") return;
    if (said.type === "connection_init") return begin(connection, said.payload ?? {});
    if (!connection.caller) return socket.close(4401, "Unauthorized");
    if (said.type === "complete") return connection.open.get(said.id)?.abort();
    if (connection.open.has(said.id)) {
      return socket.close(4409, `Subscriber for ${said.id} already exists`);
    }
    await follow(connection, connection.caller, said.id, said.payload);
  }

  async function begin(
    connection: Connection,
    payload: z.infer<typeof Credentials>,
  ): Promise<void> {
    const { socket, request } = connection;
    if (connection.hasBegun) return socket.close(4429, "Too many initialisation requests");
    connection.hasBegun = true;
    const { token } = payload;
    const authorization = payload.authorization ?? payload.Authorization;
    const headers = {
      ...request.headers,
      ...(authorization !== undefined && { authorization }),
      ...(token !== undefined && { "x-api-key": token }),
    };
    const address = addressOf(request);
    const caller = await callerFrom(headers, doors, address);
    if (!caller) {
      strangerProblem(audit, headers, address, randomUUID());
      return socket.close(4403, "Forbidden");
    }
    connection.caller = caller;
    await send(socket, { type: "connection_ack" });
  }

  async function follow(
    { socket, request, open }: Connection,
    caller: Caller,
    id: string,
    wanted: GraphRequest,
  ): Promise<void> {
    const requestId = randomUUID();
    const ending = new AbortController();
    try {
      if (open.size >= mostSubscriptions) {
        const detail = `more than ${mostSubscriptions} subscriptions on one socket`;
        throw new ApiProblem(429, "too_many_subscriptions", detail);
      }
      const prepared = graph.prepare(wanted);
      if (prepared.operation !== "subscription") {
        throw new ApiProblem(400, "needs_post", "queries and commands are sent by POST");
      }
      open.set(id, ending);
      const asker = { caller, address: addressOf(request), requestId };
      const results = await prepared.run(asker, ending.signal);
      if (!(Symbol.asyncIterator in results)) {
        const payload = graph.shown(results, requestId).errors;
        return await send(socket, { type: "error", id, payload });
      }
      // A reader that is slow is waited for; what it misses is told by its last state.
      for await (const one of results) {
        if (ending.signal.aborted) return;
        await send(socket, { type: "next", id, payload: graph.shown(one, requestId) });
      }
      if (!ending.signal.aborted) await send(socket, { type: "complete", id });
    } catch (error) {
      await send(socket, { type: "error", id, payload: graph.refused(error, requestId).errors });
    } finally {
      if (open.get(id) === ending) open.delete(id);
    }
  }

  return {
    upgrade: (request, socket, head) => {
      const offered = request.headers["sec-websocket-protocol"]?.split(/\s*,\s*/) ?? [];
      const isOfOthers = isForeign(request.headers);
      if (isOfOthers) {
        const from = { address: addressOf(request), object: "graphql-ws" };
        foreignProblem(audit, request.headers, from);
      }
      if (isOfOthers || !offered.includes(protocol)) {
        const why = offered.includes(protocol) ? "403 Forbidden" : "400 Bad Request";
        socket.end(`HTTP/1.1 ${why}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      server.handleUpgrade(request, socket, head, connected);
    },
    close: async () => {
      clearInterval(checking);
      clearInterval(beating);
      for (const { socket } of connections) socket.terminate();
      server.close();
    },
  };
}

function jsonOf(data: RawData): unknown {
  try {
    return JSON.parse((data as Buffer).toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}

/** Resolves when it has left for the network, or the socket is gone. */
function send(socket: WebSocket, what: object): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== WebSocket.OPEN) return resolve();
    socket.send(JSON.stringify(what), () => resolve());
  });
}
