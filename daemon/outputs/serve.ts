/** Hands out what an output has written: range, CORS, cache headers, and a token in the path. */
import { createHash, timingSafeEqual } from "node:crypto";
import { closeSync, createReadStream, fstatSync, openSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { subjectOf } from "../../config/address-subject.ts";
import { isLoopback } from "../../config/fields.ts";

export type Served = {
  folder: string;
  /** Only these are handed out. */
  offers: (name: string) => boolean;
  /** Hexadecimal SHA-256 of the first part of each path; undefined: anybody may read. */
  tokenSha256?: string | undefined;
  /** A playlist was asked for, by somebody at this address. */
  read: (address: string) => void;
};

const types: Record<string, string> = {
  m3u8: "application/vnd.apple.mpegurl",
  mpd: "application/dash+xml",
  ts: "video/mp2t",
  m4s: "video/iso.segment",
  mp4: "video/mp4",
};
/** What has a name has it for good. */
export const keptFor = "public, max-age=3600, immutable";
export const askAgain = "no-cache";
const cors = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "Content-Length, Content-Range, Date",
};
const mostConnections = 1_000;
/** Of one address, behind which a house full of players may be. */
const mostOfOne = 200;

export const isPlaylist = (name: string) => /\.(m3u8|mpd)$/.test(name);
export const typeOf = (name: string) => types[name.split(".").at(-1)!] ?? "";

export function serve(p: Served): Server {
  const server = createServer((request, response) => answer(p, request, response));
  server.maxConnections = mostConnections;
  server.on("connection", limited(new Map()));
  server.requestTimeout = 10_000;
  // Of a reader that takes nothing any more.
  server.setTimeout(30_000);
  return server;
}

/** Nobody takes the places of all others; on this host it is a proxy, which speaks for many. */
function limited(open: Map<string, number>) {
  return (socket: Socket): void => {
    const address = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    if (isLoopback(address)) return;
    const subject = subjectOf(address);
    const others = open.get(subject) ?? 0;
    if (others >= mostOfOne) return void socket.destroy();
    open.set(subject, others + 1);
    socket.once("close", () => {
      const left = open.get(subject)! - 1;
      if (left === 0) open.delete(subject);
      else open.set(subject, left);
    });
  };
}

function answer(p: Served, request: IncomingMessage, response: ServerResponse): void {
  const refuse = (status: number, more: OutgoingHttpHeaders = {}) =>
    void response.writeHead(status, { ...cors, "Cache-Control": "no-store", ...more }).end();
  if (request.method === "OPTIONS") {
    return refuse(204, {
      "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
      "Access-Control-Allow-Headers": "Range, Authorization",
      "Access-Control-Max-Age": "86400",
    });
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return refuse(405, { Allow: "GET, HEAD, OPTIONS" });
  }
  const parts = (request.url ?? "/").split("?")[0]!.slice(1).split("/");
  const name = parts.pop()!;
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
  const token = parts.length === 0 ? bearer : parts.length === 1 ? parts[0] : "";
  if (p.tokenSha256 === undefined ? parts.length > 0 : !fits(token, p.tokenSha256)) {
    // Who has no token does not learn what there is.
    return refuse(p.tokenSha256 === undefined ? 404 : 403);
  }
  if (!p.offers(name)) return refuse(404);
  // What is put in its place meanwhile is another file.
  const fd = opened(join(p.folder, name));
  if (fd === undefined) return refuse(404);
  const { size } = fstatSync(fd);
  const range = rangeOf(request.headers.range, size);
  if (range === "unsatisfiable") {
    closeSync(fd);
    return refuse(416, { "Content-Range": `bytes */${size}` });
  }
  if (isPlaylist(name)) p.read(request.socket.remoteAddress ?? "");
  const { from, to } = range ?? { from: 0, to: size - 1 };
  response.writeHead(range ? 206 : 200, {
    ...cors,
    "Content-Type": typeOf(name),
    "Content-Length": to - from + 1,
    "Accept-Ranges": "bytes",
    "Cache-Control": isPlaylist(name) ? askAgain : keptFor,
    "X-Content-Type-Options": "nosniff",
    ...(range && { "Content-Range": `bytes ${from}-${to}/${size}` }),
  });
  if (request.method === "HEAD" || size === 0) {
    closeSync(fd);
    return void response.end();
  }
  pipeline(createReadStream("", { fd, start: from, end: to }), response, () => undefined);
}

function fits(token: string | undefined, sha256: string): boolean {
  const given = createHash("sha256")
    .update(token ?? "")
    .digest();
  return timingSafeEqual(given, Buffer.from(sha256, "hex"));
}

function opened(file: string): number | undefined {
  try {
    return openSync(file, "r");
  } catch {
    return undefined;
  }
}

/** One range of bytes, RFC 9110 (14.1.2); undefined: all of it, also where the header makes no sense. */
function rangeOf(header: string | undefined, size: number) {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const from = Math.max(0, size - Number(last));
    return Number(last) === 0 ? ("unsatisfiable" as const) : { from, to: size - 1 };
  }
  const from = Number(first);
  const to = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (from >= size) return "unsatisfiable" as const;
  return to < from ? undefined : { from, to };
}
