import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export type Answer = {
  status: number;
  body: string;
  headers?: Record<string, string>;
  /** Default `application/json`. */
  type?: string;
};
export type BoxRequest = {
  method: string;
  url: URL;
  headers: IncomingMessage["headers"];
  body: string;
};

/** Answers that are no answers. `wrongType`: a right one that calls itself a picture. */
export type Nonsense = "html" | "truncated" | "empty" | "wrongType" | "noResult";

/** Ways the web server can misbehave; all can be on at once. */
export type WebFaults = {
  /** Connections are accepted and requests read, but never answered. */
  hang: boolean;
  /** Each request is answered with RST. */
  reset: boolean;
  /** Added to each answer. */
  slowMs: number;
  /** Answers leave byte by byte, this far apart. */
  dripMs: number;
  nonsense: Nonsense | undefined;
};

export type WebServerOptions = {
  host: string;
  /** 0: any free port; it stays the same over reboots. */
  port: number;
  /** From the request to the answer. */
  answerMs: number;
  handle: (request: BoxRequest) => Answer;
};

/** The web server of a simulated box: one request at a time, with its faults. */
export class BoxWebServer {
  readonly faults: WebFaults = {
    ...{ hang: false, reset: false, slowMs: 0, dripMs: 0 },
    nonsense: undefined,
  };
  /** `GET /path`, in order of arrival, without queries. */
  readonly asked: string[] = [];
  /** The most requests that were ever on the wire at once. */
  mostAtOnce = 0;
  readonly #options: WebServerOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #queue: Promise<void> = Promise.resolve();
  #atOnce = 0;
  #port: number;

  constructor(options: WebServerOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  get port(): number {
    return this.#port;
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
    this.resetConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Requests that hang are let go with RST. */
  resetConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    response.on("close", () => (this.#atOnce -= 1));
    if (this.faults.hang) return;
    if (this.faults.reset) return void request.socket.resetAndDestroy();
    this.#queue = this.#queue.then(async () => {
      const body = await readBody(request);
      await new Promise((done) => setTimeout(done, this.#options.answerMs + this.faults.slowMs));
      if (this.faults.hang || response.destroyed) return;
      const url = new URL(request.url ?? "/", "http://box");
      const method = request.method ?? "GET";
      this.asked.push(`${method} ${url.pathname}`);
      const answer = this.#options.handle({ method, url, headers: request.headers, body });
      this.#answer(response, answer);
    });
  }

  #answer(response: ServerResponse, honest: Answer): void {
    const { status, body, headers, type } = spoil(honest, this.faults.nonsense);
    response.writeHead(status, { "Content-Type": type ?? "application/json", ...headers });
    if (this.faults.dripMs === 0) return void response.end(body);
    const bytes = Buffer.from(body);
    let at = 0;
    const drip = setInterval(() => {
      if (response.destroyed) return clearInterval(drip);
      response.write(bytes.subarray(at, at + 1));
      at += 1;
      if (at < bytes.length) return;
      clearInterval(drip);
      response.end();
    }, this.faults.dripMs);
    response.on("close", () => clearInterval(drip));
  }
}

function spoil(answer: Answer, nonsense: Nonsense | undefined): Answer {
  switch (nonsense) {
    case "html":
      return { status: 200, type: "text/html", body: "<html><body>Please wait…</body></html>" };
    case "truncated":
      return { ...answer, body: answer.body.slice(0, answer.body.length / 2) };
    case "empty":
      return { ...answer, body: "" };
    case "wrongType":
      return { ...answer, type: "image/jpeg" };
    case "noResult":
      return { ...answer, body: "{}" };
    case undefined:
      return answer;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    return ""; // the client went away; there is nobody to answer
  }
  return Buffer.concat(chunks).toString("utf8");
}
