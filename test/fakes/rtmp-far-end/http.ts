import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { Block, PublisherRecord } from "./publications.ts";

/** What the web side of the far end shows and does. */
export type FarEndPages = {
  app: string;
  statistics: () => string;
  records: () => PublisherRecord[];
  /** Answers how many were dropped. */
  drop: (key: string) => number;
  block: (block: Block) => void;
  unblock: (key: string) => void;
  /** Where the HLS files of a key are, if HLS is on. */
  hlsDirectory: (key: string) => string | undefined;
};

const contentTypes: Record<string, string> = {
  m3u8: "application/vnd.apple.mpegurl",
  ts: "video/mp2t",
};

/** `/stat` and `/control` as nginx-rtmp has them, `/hls/<key>/…`, `/publishers.json`. */
export function farEndWeb(pages: FarEndPages): Server {
  return createServer((request, response) => {
    response.setHeader("access-control-allow-origin", "*");
    const url = new URL(request.url ?? "/", "http://far-end");
    if (request.method === "OPTIONS") preflight(response);
    else if (url.pathname === "/stat") send(response, 200, "text/xml", pages.statistics());
    else if (url.pathname === "/publishers.json") {
      send(response, 200, "application/json", JSON.stringify(pages.records()));
    } else if (url.pathname.startsWith("/control/")) {
      control(pages, url, request).then(
        ({ status, body }) => send(response, status, undefined, body),
        () => response.destroy(), // the asker broke off
      );
    } else if (url.pathname.startsWith("/hls/")) hls(pages, url, request, response);
    else send(response, 404, "text/plain", "not here\n");
  });
}

function preflight(response: ServerResponse): void {
  response.setHeader("access-control-allow-methods", "GET, HEAD, POST, OPTIONS");
  response.setHeader("access-control-allow-headers", "*");
  response.writeHead(204).end();
}

/**
 * `/control/drop/publisher?app=live&name=KEY` answers the number dropped, as nginx-rtmp does.
 * `/control/block` and `/control/unblock` (query, or a posted form) stand for the operator's own
 * publish authoriser, which nginx-rtmp asks through `on_publish`: with `flashver` of one of our
 * encoders, or else `addr`, only that publisher is kept out, without either everybody.
 */
async function control(pages: FarEndPages, url: URL, request: IncomingMessage) {
  const fields = new URLSearchParams([...url.searchParams, ...(await form(request))]);
  const key = fields.get("name") ?? "";
  const ours = fields.get("app") === pages.app && key !== "";
  switch (url.pathname) {
    case "/control/drop/publisher":
      return { status: 200, body: String(ours ? pages.drop(key) : 0) };
    case "/control/block": {
      const mark = /^understudy\/.+/.exec(fields.get("flashver") ?? "")?.[0];
      const host = fields.get("addr");
      if (ours) pages.block({ key, ...(mark ? { mark } : host ? { host } : {}) });
      return ours ? { status: 200, body: "1" } : { status: 404, body: "0" };
    }
    case "/control/unblock":
      if (ours) pages.unblock(key);
      return ours ? { status: 200, body: "1" } : { status: 404, body: "0" };
    default:
      return { status: 404, body: "not here\n" };
  }
}

async function form(request: IncomingMessage): Promise<URLSearchParams> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return new URLSearchParams(Buffer.concat(parts).toString());
}

function hls(pages: FarEndPages, url: URL, request: IncomingMessage, response: ServerResponse) {
  const [, , key = "", file = ""] = url.pathname.split("/").map(decodeURIComponent);
  const directory = pages.hlsDirectory(key);
  const type = /^[a-z0-9]+\.(m3u8|ts)$/.exec(file)?.[1];
  if (directory === undefined || type === undefined) {
    return send(response, 404, "text/plain", "not here\n");
  }
  const content = createReadStream(join(directory, file));
  content.on("error", () => {
    if (response.headersSent) response.destroy();
    else send(response, 404, "text/plain", "not yet\n");
  });
  content.on("open", () => {
    response.writeHead(200, {
      "content-type": contentTypes[type],
      "cache-control": type === "m3u8" ? "no-cache" : "max-age=60",
    });
    if (request.method === "HEAD") response.end();
    else content.pipe(response);
  });
}

function send(response: ServerResponse, status: number, type: string | undefined, body: string) {
  const headers = { "content-length": Buffer.byteLength(body) };
  response.writeHead(status, type === undefined ? headers : { ...headers, "content-type": type });
  response.end(body);
}
