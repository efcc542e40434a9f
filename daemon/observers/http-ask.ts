import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

export type HttpAsk = {
  method?: "GET" | "POST";
  headers?: Record<string, string>;
  body?: string;
  /** For the whole exchange, ms. */
  limitMs: number;
  maxBytes: number;
};
export type HttpReply = { status: number; body: string };

/** An exchange that did not come to an end. The message names no address: it may hold a key. */
export class HttpAskError extends Error {
  override readonly name = "HttpAskError";
}

/**
 * One HTTP exchange on a connection of its own: no redirects followed, nothing kept alive, so
 * that each look asks the server anew. Rejects only with `HttpAskError`.
 */
export function askHttp(url: string, ask: HttpAsk, signal: AbortSignal): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const settled = new AbortController();
    const fail = (what: string, cause?: unknown) => {
      settled.abort();
      reject(new HttpAskError(what, { cause }));
    };
    if (signal.aborted) return fail("was not asked in time");
    const open = url.startsWith("https:") ? httpsRequest : httpRequest;
    const { method = "GET", headers = {}, body } = ask;
    const request = open(url, { method, headers, agent: false, signal: settled.signal });
    const late = setTimeout(() => fail(`did not answer within ${ask.limitMs} ms`), ask.limitMs);
    const aborted = () => fail("did not answer in time");
    signal.addEventListener("abort", aborted, { once: true });
    request.on("close", () => {
      clearTimeout(late);
      signal.removeEventListener("abort", aborted);
      fail("broke the connection off"); // no effect once settled
    });
    request.on("error", (cause: NodeJS.ErrnoException) => {
      fail(`did not answer: ${cause.code ?? "error"}`, cause);
    });
    request.on("response", (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        parts.push(part);
        if (bytes > ask.maxBytes) fail(`answered more than ${ask.maxBytes} bytes`);
      });
      response.on("error", (cause) => fail("broke its answer off", cause));
      response.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        resolve({ status: response.statusCode ?? 0, body: text });
      });
    });
    request.end(body);
  });
}

/** The reason of a failed exchange in words that hold no address and no key. */
export function reasonOf(cause: unknown): string {
  return cause instanceof HttpAskError ? cause.message : "could not be asked";
}
