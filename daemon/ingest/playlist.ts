/** What an HLS server lists now. ffmpeg reads it; here it is only compared with itself. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { type Connect, placeOf } from "../web-guard/guarded-connect.ts";

const mostBytes = 1024 * 1024;
/** Redirects, and from a list of variants to the first of them. */
const mostHops = 6;

/** The media playlist, as it is. Rejects when there is none. */
export async function currentPlaylist(address: string, connect: Connect): Promise<string> {
  let url = new URL(address);
  for (let hop = 0; hop < mostHops; hop++) {
    const reply = await get(url, connect);
    const { statusCode = 0, headers } = reply;
    let next = statusCode >= 300 && statusCode < 400 ? headers.location : undefined;
    if (next === undefined) {
      if (statusCode !== 200) throw new Error(`the server answers ${statusCode}`);
      const list = await text(limited(reply));
      if (!list.startsWith("#EXTM3U")) throw new Error("what the server answers is no playlist");
      next = /^#EXT-X-STREAM-INF:.*\s+(?:#.*\s+)*([^#\s]\S*)/m.exec(list)?.[1];
      if (next === undefined) return list;
    }
    reply.destroy();
    url = new URL(next, url);
  }
  throw new Error("the server sends from one place to the next");
}

async function get(url: URL, connect: Connect): Promise<IncomingMessage> {
  const isPlain = url.protocol === "http:";
  if (!isPlain && url.protocol !== "https:") throw new Error(`it leads to ${url.protocol}`);
  const { host, port } = placeOf(url);
  const plain = await connect(host, port);
  // As ffmpeg has it, which looks at no certificate.
  const tls = { socket: plain, servername: host, rejectUnauthorized: false };
  const socket = isPlain ? plain : connectTls(tls);
  const asked = request({
    createConnection: () => socket,
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, connection: "close" },
  });
  asked.end();
  const [reply] = (await once(asked, "response")) as [IncomingMessage];
  asked.on("error", () => reply.destroy());
  return reply;
}

async function* limited(from: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of from) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error("the playlist has no end");
    yield chunk;
  }
}
