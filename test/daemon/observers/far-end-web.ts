import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Answerer = (request: IncomingMessage, response: ServerResponse) => void;

/** A web server whose answers a test decides, and changes as it goes. */
export async function aFarEndWeb(answer: Answerer) {
  const state = { answer };
  const server = createServer((request, response) => state.answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    says: (next: Answerer | string) => {
      state.answer = typeof next === "string" ? (_, response) => void response.end(next) : next;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Answers that are no answers. Each must read as `unseen`, whoever looks. */
export const badAnswers: Record<string, Answerer> = {
  "a login page": (_, response) =>
    void response.end("<html><body><form>Log in</form></body></html>"),
  "an empty page": (_, response) => void response.end(),
  "an error page": (_, response) => void response.writeHead(502).end("Bad gateway"),
  "a redirect": (_, response) => {
    response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
  },
  "bytes at random": (_, response) => {
    response.end(Buffer.from(Array.from({ length: 4_096 }, (_, i) => (i * 7919 + 13) % 256)));
  },
  "9 MiB": (_, response) => void response.end(Buffer.alloc(9 * 1024 * 1024, "<rtmp>")),
  "a page that breaks off": (_, response) => {
    response.writeHead(200, { "content-length": "100000" });
    response.write("<rtmp><server>");
    setImmediate(() => response.destroy());
  },
  "a broken connection": (request) => void request.socket.destroy(),
  "nothing at all": () => undefined,
  "a drip that never ends": (_, response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(drip));
  },
};
