/** Lets one WHIP publisher in (RFC 9725): one request with an offer, and one that ends it. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { givesWayAfterMs, isKey, type Publisher, type Refusal } from "./door.ts";
import type { Arrived, Report, Track } from "./rtp-feed.ts";
import type { IngestSource } from "./settings.ts";
import { hasSound, unfit } from "./whip-offer.ts";
import type { Peer } from "./whip-peer.ts";

/** A publisher that has sent nothing for so long is gone; the first packets come within it, too. */
const deadAfterMs = 10_000;
const lookEveryMs = 500;
const mostConnections = 32;
const mostOfferBytes = 64 * 1024;
const patienceMs = 10_000;

export type WhipMedia = {
  /** A publisher was let in; what it sends comes next. */
  began(publisher: Publisher, sends: { hasSound: boolean; askForKeyframe: () => void }): void;
  packet(track: Track, packet: Arrived): void;
  report(track: Track, report: Report): void;
  ended(): void;
};

type Source = IngestSource & { kind: "whip" };
type Visit = Publisher & { id: string; heardAtMs: number; peer: Peer | undefined };

/** What is not done, in a sentence for whoever publishes. */
class Refused extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(status: number, why: string, headers: Record<string, string> = {}) {
    super(why);
    this.status = status;
    this.headers = headers;
  }
}

/**
 * Resolves when it listens; rejects when it cannot.
 * @param ingest its id, which is in the address
 */
export async function openWhipDoor(
  ingest: string,
  source: Source,
  media: WhipMedia,
  refused: (refusal: Refusal) => void,
): Promise<Server> {
  const path = `/whip/${ingest}`;
  let current: Visit | undefined;

  function leave(visit: Visit): void {
    visit.peer?.close();
    if (current !== visit) return;
    current = undefined;
    media.ended();
  }

  async function publish(request: IncomingMessage, from: string): Promise<[Visit, string]> {
    if (!/^application\/sdp\b/i.test(request.headers["content-type"] ?? "")) {
      throw new Refused(415, "sends no offer: the content type must be application/sdp");
    }
    const offer = await bodyOf(request);
    const why = unfit(offer);
    if (why !== undefined) throw new Refused(422, `cannot be taken in: ${why}`);
    if (current && performance.now() - current.heardAtMs < givesWayAfterMs) {
      const why = `has the key, but ${current.from} publishes already`;
      throw new Refused(409, why, { "Retry-After": "2" });
    }
    if (current) leave(current);
    const visit: Visit = {
      ...{ from, sinceMs: Date.now(), id: randomBytes(12).toString("base64url") },
      ...{ heardAtMs: performance.now(), peer: undefined },
    };
    current = visit;
    const askForKeyframe = () => visit.peer?.askForKeyframe();
    media.began({ from, sinceMs: visit.sinceMs }, { hasSound: hasSound(offer), askForKeyframe });
    try {
      const { connectPeer } = await import("./whip-peer.ts");
      visit.peer = await connectPeer(offer, source, {
        packet: (track, packet) => {
          visit.heardAtMs = performance.now();
          if (current === visit) media.packet(track, packet);
        },
        report: (track, report) => {
          if (current === visit) media.report(track, report);
        },
        gone: () => leave(visit),
      });
    } catch (error) {
      leave(visit);
      throw new Refused(422, `cannot be taken in: ${(error as Error).message}`);
    }
    // It was ended, or another took its place, meanwhile.
    if (current !== visit) leave(visit);
    return [visit, visit.peer.answer];
  }

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    from: string,
  ): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://host");
    const session = pathname.startsWith(`${path}/`) ? pathname.slice(path.length + 1) : undefined;
    if (pathname !== path && session === undefined) throw new Refused(404, `publish to ${path}`);
    const allowed = session === undefined ? "POST, OPTIONS" : "DELETE, OPTIONS";
    if (request.method === "OPTIONS") {
      response.writeHead(204, {
        "Access-Control-Allow-Methods": allowed,
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Max-Age": "86400",
      });
      return void response.end();
    }
    if (!allowed.startsWith(`${request.method},`)) {
      throw new Refused(405, `asks with ${request.method}`, { Allow: allowed });
    }
    checkKey(request, source.keySha256);
    if (session === undefined) {
      const [{ id }, sdp] = await publish(request, from);
      response.writeHead(201, { "Content-Type": "application/sdp", Location: `${path}/${id}` });
      return void response.end(sdp);
    }
    if (current?.id !== session) throw new Refused(404, "ends a session that is over");
    leave(current);
    response.writeHead(200).end();
  }

  const server = createServer((request, response) => {
    // Whoever may publish has the key; on which page it stands does not matter.
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Expose-Headers", "Location");
    const from = fromOf(request);
    answer(request, response, from).catch((error: unknown) => {
      const { status, message, headers } =
        error instanceof Refused ? error : new Refused(500, "could not be answered");
      refused({ from, why: message });
      if (response.headersSent || response.destroyed) return void response.destroy();
      response.writeHead(status, { ...headers, "Content-Type": "text/plain", Connection: "close" });
      response.end(`${message}\n`);
    });
  });
  server.maxConnections = mostConnections;
  server.headersTimeout = server.requestTimeout = patienceMs;
  setInterval(() => {
    if (current && performance.now() - current.heardAtMs > deadAfterMs) leave(current);
  }, lookEveryMs).unref();
  server.listen({ host: source.host, port: source.port });
  await once(server, "listening");
  return server.on("error", () => undefined);
}

function checkKey({ headers }: IncomingMessage, keySha256: string | null): void {
  const given = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  if (given === undefined) {
    throw new Refused(401, "has no key: send Authorization: Bearer KEY", {
      "WWW-Authenticate": "Bearer",
    });
  }
  if (keySha256 === null) throw new Refused(403, "has no session: it is kept for sessions");
  if (!isKey(given, keySha256)) throw new Refused(403, "has a wrong key");
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= mostOfferBytes) chunks.push(chunk);
  }
  // All of it is read first: whoever still sends does not read the answer.
  if (bytes > mostOfferBytes) throw new Refused(413, "sends an offer of more than 64 KiB");
  return Buffer.concat(chunks).toString("utf8");
}

const fromOf = ({ socket }: IncomingMessage) => `${socket.remoteAddress}:${socket.remotePort}`;
