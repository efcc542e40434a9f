/**
 * The only way by which an ffmpeg that reads a playlist gets anywhere. It asks here for each hop, so
 * each is looked at: what a playlist names, keys, and where a server redirects it to.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type Connect, OwnNetworkError, placeOf } from "./guarded-connect.ts";

const mostConnections = 16;
const mostTold = 32;

/**
 * @param refused somewhere it may not go; each place once
 * @returns its port on loopback
 */
export async function openGuardedProxy(
  connect: Connect,
  refused: (where: string, why: string) => void,
): Promise<number> {
  const told = new Set<string>();
  const reach = async (host: string, port: number) => {
    try {
      return await connect(host, port);
    } catch (error) {
      const where = `${host}:${port}`;
      if (error instanceof OwnNetworkError && told.size < mostTold && !told.has(where)) {
        told.add(where);
        refused(where, error.message);
      }
      throw error;
    }
  };
  const server = createServer((asked, answer) => {
    forward(asked, answer, reach).catch((error: unknown) => {
      if (!answer.headersSent) answer.writeHead(statusOf(error));
      answer.end();
    });
  });
  // For https: what is said is between the two, where it goes is not.
  server.on("connect", (asked: IncomingMessage, client: Duplex, head: Buffer) => {
    tunnel(asked, client, head, reach).catch((error: unknown) => {
      client.end(`HTTP/1.1 ${statusOf(error)} Refused\r\n\r\n`);
    });
  });
  server.maxConnections = mostConnections;
  server.unref().listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const statusOf = (error: unknown) => (error instanceof OwnNetworkError ? 403 : 502);

async function forward(asked: IncomingMessage, answer: ServerResponse, connect: Connect) {
  const url = new URL(asked.url ?? "");
  if (url.protocol !== "http:" || asked.method !== "GET") throw new Error("not asked so");
  const { host, port } = placeOf(url);
  const socket = await connect(host, port);
  answer.once("close", () => socket.destroy());
  const { "proxy-connection": _, "proxy-authorization": __, ...headers } = asked.headers;
  const onward = request({
    createConnection: () => socket,
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, host: url.host, connection: "close" },
  });
  onward.end();
  const [reply] = (await once(onward, "response")) as [IncomingMessage];
  onward.on("error", () => answer.destroy());
  answer.writeHead(reply.statusCode ?? 502, { ...reply.headers, connection: "close" });
  reply.on("error", () => answer.destroy()).pipe(answer);
}

async function tunnel(asked: IncomingMessage, client: Duplex, head: Buffer, connect: Connect) {
  client.on("error", () => undefined);
  const url = new URL(`https://${asked.url}`);
  const { host, port } = placeOf(url);
  const socket = await connect(host, port);
  socket.on("error", () => client.destroy()).once("close", () => client.destroy());
  client.once("close", () => socket.destroy());
  client.write("HTTP/1.1 200 Connected\r\n\r\n");
  socket.write(head);
  socket.pipe(client).pipe(socket);
}
