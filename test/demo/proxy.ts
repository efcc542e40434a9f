/** Hands a request on as it is: the one address of the demo stands before the hub's port. */
import { request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";

const host = "127.0.0.1";

/** `Host` stays what the browser said, since the hub compares it with `Origin`. */
export function passOn(
  port: number,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { method, headers } = request;
  const onward = ask({ host, port, path, method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => {
    if (response.headersSent) return void response.destroy();
    return void response
      .writeHead(502, { "content-type": "application/problem+json" })
      .end(JSON.stringify({ title: "Bad Gateway", status: 502, detail: "it is not up right now" }));
  });
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}

/** WebSockets: the request line and headers are said again, then both ends talk to each other. */
export function passUpgrade(
  port: number,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const onward = connect(port, host, () => {
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    const { rawHeaders } = request;
    for (let at = 0; at < rawHeaders.length; at += 2) {
      lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
    }
    onward.write(`${lines.join("\r\n")}\r\n\r\n`);
    onward.write(head);
    onward.pipe(socket);
    socket.pipe(onward);
  });
  // Either end may vanish; then the other has nobody to talk to.
  const close = () => {
    onward.destroy();
    socket.destroy();
  };
  for (const end of [onward, socket]) end.on("error", close).on("close", close);
}
