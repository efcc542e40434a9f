import { createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";

const mebibyte = 2 ** 20;

function whole(body: string, type = "application/json", status = "200 OK"): string {
  const length = Buffer.byteLength(body);
  const head = `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${length}`;
  return `${head}\r\n\r\n${body}`;
}

/** Writes for as long as it is listened to, without filling the memory of this test. */
function pour(socket: Socket, part: Buffer, totalBytes: number): void {
  let sentBytes = 0;
  const more = () => {
    while (!socket.destroyed && sentBytes < totalBytes) {
      sentBytes += part.length;
      if (!socket.write(part)) return void socket.once("drain", more);
    }
  };
  more();
}

function drip(socket: Socket, text: string, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => socket.write(text[at++ % text.length] ?? "x"), everyMs);
  socket.on("close", () => clearInterval(timer));
}

const poisoned =
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},' +
  '"result":{"__proto__":{"polluted":1}},"status":{"__proto__":"ok"},"name":{"__proto__":"x"}}';
const huge =
  '{"result":1e308,"cur-status":1e308,"status":1e308,"name":1e308,"value":1e308,"paramid":1e308}';

/** What a box may answer instead of an answer. Each is given the socket after a request came. */
export const insults: Record<string, (socket: Socket) => unknown> = {
  "a web page": (socket) => socket.write(whole("<html><body>Welcome</body></html>", "text/html")),
  "100 MB of JSON": (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${100 * mebibyte}\r\n\r\n{"pad":"`);
    pour(socket, Buffer.alloc(65_536, "a"), 100 * mebibyte);
  },
  "chunks without end": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    pour(socket, Buffer.from(`1000\r\n${"a".repeat(4_096)}\r\n`), 100 * mebibyte);
  },
  "headers without end": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    pour(socket, Buffer.from(`X-Pad: ${"a".repeat(1_000)}\r\n`), 10 * mebibyte);
  },
  "prototype keys": (socket) => socket.write(whole(poisoned)),
  "1e308 for every number": (socket) => socket.write(whole(huge)),
  "JSON nested 60,000 deep": (socket) =>
    socket.write(whole(`{"result":${"[".repeat(60_000)}${"]".repeat(60_000)}}`)),
  "a body that drips in": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    drip(socket, '{"result":0,', 15);
  },
  "a head that drips in": (socket) => drip(socket, "HTTP/1.1 200 OK\r\nX-Slow: yes\r\n", 15),
  "a redirect to itself": (socket) =>
    socket.write("HTTP/1.1 302 Found\r\nLocation: /usapi\r\nContent-Length: 0\r\n\r\n"),
  "a length that is too long": (socket) =>
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{}"),
  "a length that is too long, held open": (socket) =>
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{}"),
  "a length that is too short": (socket) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"result":0,"status":"ok"}'),
  "JSON cut in the middle": (socket) => socket.write(whole('{"status":"ok","result":{"na')),
  "an empty body": (socket) => socket.write(whole("")),
  "another protocol": (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"),
  silence: () => undefined,
};

/** A box that answers every request with one of `insults`. */
export async function aHostileBox(insult: (socket: Socket) => unknown) {
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", () => {
      requests += 1;
      insult(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, requests: () => requests };
}
