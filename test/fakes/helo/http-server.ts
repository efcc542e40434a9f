import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { HeloTimings } from "./timings.ts";

/** One answer of the device; `headers` besides the usual ones. */
export type Answer = {
  status: number;
  body: string | Buffer;
  headers?: Record<string, string>;
  /** File downloads come as HTTP/1.0 with a length, all else chunked. */
  download?: boolean;
};
/** A held answer (event wait) does not keep other requests waiting. */
export type Handled = Answer | { held: Promise<Answer> };
export type DeviceRequest = { method: string; url: URL; cookie: string; body: string };

/** Ways the web server can misbehave; all can be on at once. */
export type WebFaults = {
  /** Connections are accepted and requests read, but never answered. */
  hang: boolean;
  /** Each request is answered with RST. */
  reset: boolean;
  /** Added to each answer. */
  slowMs: number;
  nonsense: Nonsense | undefined;
  /** HTTP/1.0 style: each answer closes its connection. */
  closeAfterAnswer: boolean;
};
/** `wrongName`: valid JSON for another parameter. `bothLengths`: length and chunked together. */
export type Nonsense = "html" | "truncated" | "wrongName" | "bothLengths" | "empty";

export const notFoundPage: Answer = {
  status: 404,
  body:
    "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1>" +
    "<p>The requested document was not found on this server.</p></body></html>",
};

export type WebServerOptions = {
  host: string;
  port: number;
  timings: HeloTimings;
  /** The device's own clock, ms since the epoch. */
  now: () => number;
  handle: (request: DeviceRequest) => Handled;
};

function spoil(answer: Answer, nonsense: Nonsense | undefined): Answer {
  const text = answer.body.toString();
  if (nonsense === "html") return { status: 200, body: "<html><body>Please wait…</body></html>" };
  if (nonsense === "truncated") return { ...answer, body: text.slice(0, text.length / 2) };
  if (nonsense === "empty") return { ...answer, body: "" };
  if (nonsense !== "wrongName") return answer;
  return { ...answer, body: text.replace(/"name":"eParamID_\w+"/, '"name":"eParamID_ProductID"') };
}

/** Seminole as it is on the box: one request at a time, easily pounded to death. */
export class WebServer {
  readonly faults: WebFaults = {
    hang: false,
    reset: false,
    slowMs: 0,
    nonsense: undefined,
    closeAfterAnswer: false,
  };
  readonly #options: WebServerOptions;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  #queue: Promise<void> = Promise.resolve();
  #arrivalsMs: number[] = [];
  #port: number;

  constructor(options: WebServerOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  get port(): number {
    return this.#port;
  }

  get listening(): boolean {
    return this.#server !== undefined;
  }

  async listen(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) =>
      this.#serve(request, response),
    );
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, this.#options.host, resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** The port refuses from now on; open connections are reset. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Requests that hang are let go with RST. */
  resetConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.faults.hang) return;
    const perS = this.#countRequest();
    const { hardRequestsPerS, softRequestsPerS, overloadedAnswerMs, answerMs } =
      this.#options.timings;
    if (this.faults.reset || perS > hardRequestsPerS) {
      request.socket.resetAndDestroy();
      return;
    }
    const loadMs = perS > softRequestsPerS ? overloadedAnswerMs : 0;
    const takesMs = answerMs + loadMs + this.faults.slowMs;
    this.#queue = this.#queue.then(async () => {
      const body = await readBody(request);
      await new Promise((resolve) => setTimeout(resolve, takesMs));
      if (this.faults.hang || response.destroyed) return;
      const url = new URL(request.url ?? "/", "http://helo");
      const cookie = request.headers.cookie ?? "";
      const method = request.method ?? "GET";
      const handled = this.#options.handle({ method, url, cookie, body });
      if ("held" in handled) void handled.held.then((answer) => this.#answer(response, answer));
      else this.#answer(response, handled);
    });
  }

  #countRequest(): number {
    const now = performance.now();
    this.#arrivalsMs = this.#arrivalsMs.filter((atMs) => atMs > now - 1_000);
    return this.#arrivalsMs.push(now);
  }

  #answer(response: ServerResponse, honest: Answer): void {
    if (response.destroyed || this.faults.hang) return;
    const answer = spoil(honest, this.faults.nonsense);
    const both = this.faults.nonsense === "bothLengths";
    const plain = answer.download === true;
    const close = this.faults.closeAfterAnswer || plain || both;
    const body = Buffer.from(answer.body);
    const headers = [
      ["Server", "Seminole/2.71 (Linux; DF7)"],
      ["Date", new Date(this.#options.now()).toUTCString()],
      ["Connection", close ? "close" : "keep-alive"],
      ["Cache-Control", "no-cache"],
      ...Object.entries({ "Content-Type": "text/html", ...answer.headers }),
      ...(plain || both ? [["Content-Length", String(body.length)]] : []),
      ...(plain ? [] : [["Transfer-encoding", "chunked"]]),
    ];
    if (close) {
      // node:http would tidy such heads up; the device does not.
      const version = plain ? "HTTP/1.0" : "HTTP/1.1";
      const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
      const chunk = `${body.length.toString(16)}\r\n${body.toString("latin1")}\r\n0\r\n\r\n`;
      const content = plain ? body : Buffer.from(body.length > 0 ? chunk : "0\r\n\r\n", "latin1");
      const status = `${version} ${answer.status} ${answer.status === 200 ? "OK" : "Not Found"}`;
      response.socket?.end(Buffer.concat([Buffer.from(`${status}\r\n${head}\r\n`), content]));
      return;
    }
    response.sendDate = false;
    response.writeHead(answer.status, headers.flat());
    response.end(body);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes <= 65_536) chunks.push(chunk);
    }
  } catch {
    return ""; // the client went away; there is nobody to answer
  }
  return Buffer.concat(chunks).toString("utf8");
}
