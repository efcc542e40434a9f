/**
 * The one address of the demo. Ours: `/` (the hub's page with the panel in it) and `/demo/…`;
 * everything else, WebSockets included, goes to the hub as it is.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { z } from "zod";
import { FaultError, type Faults } from "./faults.ts";
import type { DemoPage } from "./page.ts";
import { passOn, passUpgrade } from "./proxy.ts";
import { streamIds, streams, type StreamId } from "./site-config.ts";

export type DemoWeb = {
  page: DemoPage;
  faults: Faults;
  hubPort: number;
  farEndUrl: string;
  carrierOf: (stream: StreamId) => string | undefined;
};

const word = z.string().min(1).max(63);
/** `{}` hits whoever is on air. Target: `encoder`, `helo`, `stream` or `target`, all the same. */
const FaultBody = z.record(word, word);
const longestBody = 4_096;

/** @param current undefined until everything has been started */
export function demoWeb(current: () => DemoWeb | undefined): Server {
  const server = createServer((request, response) => {
    const p = current();
    if (!p) return starting(response);
    answer(p, request, response).catch((error: unknown) => {
      const { status, code, message } = readable(error);
      problem(response, status, code, message);
    });
  });
  server.on("upgrade", (request, socket, head) => {
    const p = current();
    if (p) passUpgrade(p.hubPort, request, socket, head);
    else socket.destroy();
  });
  return server;
}

async function answer(p: DemoWeb, request: IncomingMessage, response: ServerResponse) {
  const { pathname } = new URL(request.url ?? "/", "http://demo");
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (pathname === "/" && isRead) return frontPage(p, response);
  if (!pathname.startsWith("/demo")) {
    return passOn(p.hubPort, request.url ?? "/", request, response);
  }
  const [, , what, ...rest] = pathname.split("/");
  if (what === "faults") return faults(p, request, response, rest.join("/"));
  if (!isRead) return problem(response, 405, "read_only", `${pathname} can only be read`);
  if (what === "panel.js") return send(response, 200, "text/javascript", p.page.script);
  if (what === "panel.css") return send(response, 200, "text/css", p.page.style);
  if (what === "streams")
    return json(response, 200, { streams: streamIds.map((id) => item(p, id)) });
  if (what === "hls") return hls(p, request, response, rest);
  if (what === undefined || what === "")
    return void response.writeHead(302, { location: "/" }).end();
  return problem(response, 404, "unknown_path", `nothing at ${pathname}`);
}

/** The hub may be away: its page is then served when it is back. */
async function frontPage(p: DemoWeb, response: ServerResponse) {
  const from = await fetch(`http://127.0.0.1:${p.hubPort}/`).catch(() => undefined);
  if (from?.status !== 200) return starting(response);
  const policy = from.headers.get("content-security-policy");
  if (policy !== null) response.setHeader("content-security-policy", policy);
  send(response, 200, "text/html; charset=utf-8", p.page.into(await from.text()));
}

function starting(response: ServerResponse): void {
  response.setHeader("refresh", "1");
  send(response, 503, "text/html; charset=utf-8", "<title>Understudy</title><p>Starting …</p>");
}

function item(p: DemoWeb, id: StreamId) {
  const { name, encoders } = streams[id];
  return { id, name, encoders, onAir: p.carrierOf(id) ?? null, hls: `/demo/hls/${id}/index.m3u8` };
}

/** By the stream's id, so that no page and no log shows a stream key. */
function hls(p: DemoWeb, request: IncomingMessage, response: ServerResponse, rest: string[]) {
  const [id, name = ""] = rest;
  const stream = streamIds.find((known) => known === id);
  if (stream === undefined) return problem(response, 404, "unknown_stream", `no stream ${id}`);
  const path = `/hls/${encodeURIComponent(streams[stream].key)}/${encodeURIComponent(name)}`;
  passOn(Number(new URL(p.farEndUrl).port), path, request, response);
}

async function faults(
  p: DemoWeb,
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
): Promise<void> {
  if (request.method === "GET" && name === "") {
    return json(response, 200, { faults: p.faults.list() });
  }
  if (request.method !== "POST") {
    return problem(response, 405, "unknown_method", "GET /demo/faults or POST /demo/faults/NAME");
  }
  if (isForeign(request)) {
    return problem(response, 403, "foreign_origin", "asked by a page of another origin");
  }
  const { encoder, helo, stream, target, ...options } = await bodyOf(request);
  if (name === "heal") return json(response, 200, { fault: "heal", ended: p.faults.heal() });
  json(response, 200, p.faults.begin(name, target ?? encoder ?? helo ?? stream, options));
}

/** A page elsewhere must not break things here, even if only a demo's. */
function isForeign({ headers }: IncomingMessage): boolean {
  const { origin, host = "" } = headers;
  if (!/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host)) return true;
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
}

/** @throws SyntaxError or ZodError when it is not an object of words */
async function bodyOf(request: IncomingMessage): Promise<Record<string, string>> {
  let text = "";
  for await (const piece of request) {
    text += (piece as Buffer).toString();
    if (text.length > longestBody) throw new SyntaxError("too long");
  }
  return FaultBody.parse(text.trim() === "" ? {} : JSON.parse(text));
}

function readable(error: unknown): { status: number; code: string; message: string } {
  if (error instanceof FaultError) {
    const status = { unknown_fault: 404, not_possible: 409 }[error.code as string] ?? 400;
    return { status, code: error.code, message: error.message };
  }
  if (error instanceof SyntaxError || error instanceof z.ZodError) {
    const message = 'send a JSON object of words, such as {"encoder":"helo-a"}, or nothing';
    return { status: 400, code: "malformed", message };
  }
  return { status: 500, code: "failed", message: error instanceof Error ? error.message : "?" };
}

function problem(response: ServerResponse, status: number, code: string, detail: string): void {
  if (response.headersSent) return void response.destroy();
  const body = JSON.stringify({ title: code.replaceAll("_", " "), status, code, detail });
  send(response, status, "application/problem+json", body);
}
function json(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, "application/json", JSON.stringify(body));
}
function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}
