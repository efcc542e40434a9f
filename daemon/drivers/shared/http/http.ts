import { Agent, request, type IncomingMessage } from "node:http";
import { DriverError, type Pool } from "../../driver.ts";

export type HttpRequest = {
  method: "GET" | "POST" | "PATCH";
  path: string;
  headers?: Record<string, string>;
  body?: { type: "application/x-www-form-urlencoded" | "application/json"; text: string };
};
export type HttpReply = {
  status: number;
  setCookies: string[];
  body: string;
  /** The `Date` header as it came: the clock of the box. */
  date?: string;
  /** The `Server` header: what the web server calls itself. */
  server?: string;
  /** The `WWW-Authenticate` header: how it wants a login. */
  challenge?: string;
};

export type Http = {
  /**
   * One exchange. Follows no redirect and reads at most `maxBodyBytes`. Rejects only with
   * `DriverError`, whose text and cause hold neither path nor body: both may carry a stream key.
   */
  send(ask: HttpRequest, signal: AbortSignal): Promise<HttpReply>;
  /** Left out where nothing is kept open. */
  pool?(): Pool;
  close(): void;
};

/** The longest honest answer is some 30 kB; a clip in its place is not read to its end. */
const maxBodyBytes = 256 * 1024;

/**
 * HTTP towards the small web servers of boxes. Some send `Content-Length` together with chunked
 * encoding, which `fetch` and a strict `node:http` refuse (encoder-devices.md §1.2): hence the
 * lenient parser. Header names go out as written, because a few mind the case (§5 item 19).
 * @param timeoutMs for the whole exchange, so that an answer dripping in cannot hold a poll for ever
 */
export function openHttp(host: string, port: number, timeoutMs: number): Http {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const where = `${host}:${port}`;

  function exchange(ask: HttpRequest, signal: AbortSignal, deadlineAtMs: number) {
    return new Promise<HttpReply>((resolve, reject) => {
      const headers: Record<string, string> = { Accept: "*/*", ...ask.headers };
      if (ask.body !== undefined) {
        headers["Content-Type"] = ask.body.type;
        headers["Content-Length"] = String(Buffer.byteLength(ask.body.text));
      } else if (ask.method !== "GET") headers["Content-Length"] = "0";
      const req = request({
        host,
        port,
        agent,
        method: ask.method,
        path: ask.path,
        headers,
        insecureHTTPParser: true,
      });
      let settled = false;
      const fail = (error: DriverError | StaleConnection) => {
        if (settled) return;
        finish();
        req.destroy();
        reject(error);
      };
      const onAbort = () => fail(new DriverError("timeout", `${where} did not answer in time`));
      const timer = setTimeout(
        () => fail(new DriverError("timeout", `${where} did not answer within ${timeoutMs} ms`)),
        Math.max(deadlineAtMs - performance.now(), 0),
      );
      const finish = () => {
        settled = true;
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
      };
      signal.addEventListener("abort", onAbort, { once: true });

      let answering = false;
      const onError = (error: NodeJS.ErrnoException) => {
        // Each exchange closes in the end, and errors that nobody gets cost a poll its fiftieth.
        if (settled) return;
        const closed = error.code === "ECONNRESET" || error.code === "EPIPE";
        if (answering && closed)
          fail(broken("malformed", `${where} broke off in the middle of an answer`));
        else if (closed && req.reusedSocket) fail(new StaleConnection());
        else fail(inOurWords(where, error));
      };
      req.on("error", onError);
      // Also an exchange that ends without a word, such as an answer "101 Switching Protocols".
      req.on("close", () => onError({ name: "Error", message: "", code: "ECONNRESET" }));
      req.on("response", (res: IncomingMessage) => {
        answering = true;
        const parts: Buffer[] = [];
        let sizeBytes = 0;
        res.on("data", (part: Buffer) => {
          sizeBytes += part.length;
          if (sizeBytes <= maxBodyBytes) parts.push(part);
          else fail(new DriverError("malformed", `${where} sent more than ${maxBodyBytes} bytes`));
        });
        res.on("error", onError);
        res.on("end", () => {
          finish();
          const { server } = res.headers as { server?: string };
          const challenge = res.headers["www-authenticate"];
          resolve({
            status: res.statusCode ?? 0,
            setCookies: res.headers["set-cookie"] ?? [],
            body: Buffer.concat(parts).toString("utf8"),
            ...(res.headers.date !== undefined && { date: res.headers.date }),
            ...(server !== undefined && { server }),
            ...(challenge !== undefined && { challenge }),
          });
        });
      });
      req.end(ask.body?.text);
    });
  }

  return {
    async send(ask, signal) {
      if (signal.aborted) throw new DriverError("timeout", `${where} was not asked in time`);
      const deadlineAtMs = performance.now() + timeoutMs;
      try {
        return await exchange(ask, signal, deadlineAtMs);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
      }
      // Such servers close kept connections whenever they like (§1.10). That says nothing of the
      // box, and everything asked here is absolute, so the request goes out once more.
      try {
        return await exchange(ask, signal, deadlineAtMs);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
        throw broken("refused", `${where} closed the connection`);
      }
    },
    pool() {
      const socketsBusy = countIn(agent.sockets);
      return {
        socketsOpen: socketsBusy + countIn(agent.freeSockets),
        ...{ socketsBusy, requestsWaiting: countIn(agent.requests) },
      };
    },
    close: () => agent.destroy(),
  };
}

const countIn = (lists: NodeJS.ReadOnlyDict<readonly unknown[]>): number =>
  Object.values(lists).reduce((sum, list) => sum + (list?.length ?? 0), 0);

/** A kept connection was closed before the first byte of an answer. */
class StaleConnection extends Error {}

/** The connection was there and is not any more. */
const broken = (code: "malformed" | "refused", message: string) =>
  new DriverError(code, message, { cause: new Error("ECONNRESET") });

/** Only the code is kept as cause: a parser error of Node carries the raw answer with it. */
function inOurWords(where: string, { code = "unknown" }: NodeJS.ErrnoException): DriverError {
  const cause = new Error(code);
  return code.startsWith("HPE_")
    ? new DriverError("malformed", `${where} does not speak HTTP (${code})`, { cause })
    : new DriverError("refused", `${where} cannot be reached (${code})`, { cause });
}
