/** One port for people: MQTT over WebSocket on the hub's HTTP port, passed on byte by byte. */
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";

/** Hop-by-hop framing stays as the client sent it; a login for the page is not the broker's. */
const dropped = new Set(["authorization", "cookie"]);

/** Hand an upgrade request to the broker's loopback WebSocket port. */
export function passToBroker(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  port: number | null,
): void {
  client.on("error", () => client.destroy());
  if (port === null) {
    client.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n");
    return;
  }
  const broker = connect(port, "127.0.0.1", () => {
    const lines = [`GET /mqtt HTTP/1.1`];
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      const name = request.rawHeaders[i] ?? "";
      if (!dropped.has(name.toLowerCase())) lines.push(`${name}: ${request.rawHeaders[i + 1]}`);
    }
    broker.write(`${lines.join("\r\n")}\r\n\r\n`);
    if (head.length > 0) broker.write(head);
    client.pipe(broker).pipe(client);
  });
  broker.setNoDelay(true);
  broker.on("error", () => client.destroy());
  broker.on("close", () => client.destroy());
  client.on("close", () => broker.destroy());
}
