/**
 * Boxes that answer at once, each on an address of its own: `get-status` as a Magewell Ultra Encode
 * gives it, and every number in that answer as Prometheus reads it at `/metrics`. Tells where they
 * are, and how often each kind was asked.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import info from "../fixtures/magewell/get-info.json" with { type: "json" };
import settings from "../fixtures/magewell/get-settings.json" with { type: "json" };
import status from "../fixtures/magewell/get-status.json" with { type: "json" };

const count = Number(process.argv[2]);
const asked = { polls: 0, scrapes: 0 };
/** Broken numbers would be no numbers of a box: all that moves are counters and one temperature. */
const frameMs = 20;
const beginMs = performance.now();

function statusNow(): object {
  const runMs = Math.round(performance.now() - beginMs) + 183_204;
  const frames = Math.floor(runMs / frameMs);
  const [first, ...others] = status["live-status"].live;
  const live = {
    ...first,
    ...{ "run-ms": runMs, "uptime-ms": runMs, "inst-bps": 6_000_000 + (frames % 1_000) * 100 },
    ...{ "video-frames-totoal": frames, "audio-frames-totoal": frames },
  };
  return {
    ...status,
    "cpu-temperature": 60_000 + 100 * (Math.floor(runMs / 1_000) % 20),
    "live-status": { live: [live, ...others] },
  };
}

/** Every number, named by its way through the answer. */
function metrics(value: unknown, name: string): string[] {
  if (typeof value === "number") return [`# TYPE ${name} gauge\n${name} ${value}\n`];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) =>
    metrics(part, `${name}_${key.replaceAll("-", "_")}`),
  );
}

let json = "";
let text = "";
let values = 0;
function refresh(): void {
  const now = statusNow();
  const lines = metrics(now, "box");
  values = lines.length;
  json = JSON.stringify(now);
  text = lines.join("");
}
refresh();
setInterval(refresh, 100);

const answers: Record<string, () => string> = {
  "get-status": () => {
    asked.polls += 1;
    return json;
  },
  "get-info": () => JSON.stringify({ ...info, result: 0 }),
  "get-settings": () => JSON.stringify({ ...settings, result: 0 }),
};

function answer(request: IncomingMessage, response: ServerResponse): void {
  const method = /^\/usapi\?method=([\w-]+)/.exec(request.url ?? "")?.[1];
  if (method !== undefined) {
    const body = answers[method]?.() ?? '{"result":-10}';
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length });
    response.end(body);
    return;
  }
  asked.scrapes += 1;
  response.writeHead(200, {
    "Content-Type": "text/plain; version=0.0.4",
    "Content-Length": text.length,
  });
  response.end(text);
}

const boxes: { host: string; port: number }[] = [];
for (let at = 0; at < count; at += 1) {
  const server = createServer({ keepAliveTimeout: 120_000 }, answer);
  const host = `127.1.${1 + (at >> 8)}.${at & 255}`;
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  boxes.push({ host, port: (server.address() as AddressInfo).port });
}
process.send?.({ boxes, values });
process.on("message", () => process.send?.(asked));
process.on("disconnect", () => process.exit());
