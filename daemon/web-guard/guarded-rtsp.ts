/**
 * The only way by which an ffmpeg that pulls RTSP gets anywhere. It follows every redirect by
 * itself, and sends packets to whatever address a server names as the source of its media. Here a
 * redirect leads to the next door of ours, or to nothing, and the source is who was asked.
 */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { type Connect, guardedConnect, OwnNetworkError, type Place } from "./guarded-connect.ts";

const rtspPort = 554;
/** So often may it be sent on within that time; and to so many places at all. */
const mostSentOn = { times: 5, withinMs: 10_000 };
const mostDoors = 32;
const mostConnections = 16;
const longestHeadBytes = 65_536;
const patienceMs = 10_000;

/** A place within this site's network that it was led to; each once. */
type Refused = (where: string, why: string) => void;

/**
 * @param url `rtsp://host[:port]/path`, as the operator wrote it
 * @returns what ffmpeg opens instead: the same path, by way of loopback
 */
export function openGuardedRtsp(url: string, refused: Refused): Promise<string> {
  const own = placeIn(url);
  return new Doors(guardedConnect(own), refused).wayTo(own, pathIn(url));
}

class Doors {
  readonly #connect: Connect;
  readonly #refused: Refused;
  /** By `host:port`. */
  readonly #ports = new Map<string, Promise<number>>();
  readonly #told = new Set<string>();
  #sentOnAtMs: number[] = [];

  constructor(connect: Connect, refused: Refused) {
    this.#connect = connect;
    this.#refused = refused;
  }

  async wayTo(place: Place, path: string): Promise<string> {
    const name = nameOf(place);
    const known = this.#ports.get(name);
    if (!known && this.#ports.size === mostDoors) throw new Error("it was sent to too many places");
    const port = known ?? this.#open(place);
    this.#ports.set(name, port);
    return `${onLoopback(await port)}${path}`;
  }

  async #open(place: Place): Promise<number> {
    const server = createServer((client) => {
      client.on("error", () => undefined).setTimeout(patienceMs, () => client.destroy());
      const { port } = server.address() as AddressInfo;
      this.#pass(client, place, onLoopback(port)).catch(() => client.destroy());
    });
    server.maxConnections = mostConnections;
    server.unref().listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }

  /** @param here as which ffmpeg asks for it */
  async #pass(client: Socket, place: Place, here: string): Promise<void> {
    let far: Socket;
    try {
      far = await this.#connect(place.host, place.port);
    } catch (error) {
      const why = error instanceof Error ? error.message : "it is not reached";
      if (error instanceof OwnNetworkError && !this.#told.has(nameOf(place))) {
        this.#told.add(nameOf(place));
        this.#refused(nameOf(place), why);
      }
      return sendAway(client, why);
    }
    // Where the media come by UDP hardly anything is said here; ffmpeg has a patience of its own.
    for (const socket of [client, far]) socket.setTimeout(0);
    far.on("error", () => client.destroy()).once("close", () => client.destroy());
    client.once("close", () => far.destroy());
    client.on("data", (asked: Buffer) =>
      far.write(askedAs(asked, here, `rtsp://${nameOf(place)}`)),
    );
    let left: Buffer = Buffer.alloc(0);
    for await (const bytes of far) {
      left = Buffer.concat([left, bytes as Buffer]);
      for (let piece = firstOf(left); piece; piece = firstOf(left)) {
        left = left.subarray(piece.bytes);
        const said = piece.head ? await this.#guarded(piece.head, far) : piece.body;
        if (!client.write(piece.head ? Buffer.concat([said, piece.body]) : said)) {
          await once(client, "drain");
        }
      }
    }
  }

  async #guarded({ lines, bodyBytes }: Head, far: Socket): Promise<Buffer> {
    const isRedirect = /^RTSP\/\S+\s+3/i.test(lines[0] ?? "");
    const said: string[] = [];
    for (const line of lines) {
      const [, name = "", value = ""] = /^\s*([^:]*?)\s*:\s*(.*)$/.exec(line) ?? [];
      switch (name.toLowerCase()) {
        case "content-length":
          break;
        case "location":
          if (isRedirect) said.push(`Location: ${await this.#onward(value)}`);
          break;
        case "transport":
          said.push(`Transport: ${value.split(",").map(cameFrom(far)).join(",")}`);
          break;
        default:
          said.push(line);
      }
    }
    // How long it is, is said once, as it was taken here.
    if (bodyBytes > 0) said.push(`Content-Length: ${bodyBytes}`);
    return Buffer.from(`${said.join("\r\n")}\r\n\r\n`, "latin1");
  }

  async #onward(to: string): Promise<string> {
    const nowMs = performance.now();
    const since = nowMs - mostSentOn.withinMs;
    this.#sentOnAtMs = [...this.#sentOnAtMs.filter((atMs) => atMs > since), nowMs];
    if (this.#sentOnAtMs.length > mostSentOn.times) throw new Error("it is sent on and on");
    return this.wayTo(placeIn(to), pathIn(to));
  }
}

const onLoopback = (port: number) => `rtsp://127.0.0.1:${port}`;

const cameFrom = (far: Socket) => (transport: string) =>
  `${transport.replace(/;\s*(source|destination)\s*=[^;]*/gi, "")};source=${far.remoteAddress}`;

/** With the name that it has there; a digest is made of what was asked, and would not be true. */
function askedAs(asked: Buffer, here: string, there: string): Buffer {
  const text = asked.toString("latin1");
  if (text.startsWith("$") || text.includes("Digest ")) return asked;
  return Buffer.from(text.replaceAll(here, there), "latin1");
}

type Head = { lines: string[]; bodyBytes: number };
type Piece = { bytes: number; head?: Head; body: Buffer };

/**
 * What stands first, whole: an answer, or media that stand between the answers. Read as ffmpeg
 * reads it, to which a line ends at the line feed and a carriage return is nothing: else something
 * could be said to it behind our back.
 */
function firstOf(bytes: Buffer): Piece | undefined {
  if (bytes.length < 4) return undefined;
  if (bytes[0] === 0x24) {
    const length = 4 + bytes.readUInt16BE(2);
    return bytes.length < length ? undefined : { bytes: length, body: bytes.subarray(0, length) };
  }
  const end = /\n\r*\n/.exec(bytes.toString("latin1", 0, longestHeadBytes));
  if (!end) {
    if (bytes.length > longestHeadBytes) throw new Error("an answer without an end");
    return undefined;
  }
  const headBytes = end.index + end[0].length;
  const lines = bytes.toString("latin1", 0, end.index).replaceAll("\r", "").split("\n");
  if (lines.some((line) => line.startsWith("$"))) throw new Error("media within an answer");
  const lengths = lines.flatMap(
    (line) => /^content-length:\s*(\d{1,7})\s*$/i.exec(line)?.[1] ?? [],
  );
  const bodyBytes = Number(lengths.at(-1) ?? 0);
  const length = headBytes + bodyBytes;
  if (bytes.length < length) return undefined;
  return { bytes: length, head: { lines, bodyBytes }, body: bytes.subarray(headBytes, length) };
}

/** ffmpeg is told why not, and tells it to the operator. */
async function sendAway(client: Socket, why: string): Promise<void> {
  const [asked] = (await once(client, "data")) as [Buffer];
  const number = /^CSeq: *(\d+)/im.exec(asked.toString("latin1"))?.[1] ?? "1";
  client.end(`RTSP/1.0 503 ${why.replace(/[^ -~]/g, " ")}\r\nCSeq: ${number}\r\n\r\n`);
}

function placeIn(address: string): Place {
  const found = /^rtsp:\/\/(?:[^/?@]*@)?(\[[0-9a-f:.]+\]|[^/?:@[\]]+)(?::(\d{1,5}))?(?:[/?].*)?$/i;
  const [, host, port] = found.exec(address) ?? [];
  if (host === undefined) throw new Error("it is sent to what is no RTSP address");
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port ?? rtspPort) };
}
const pathIn = (address: string) => /^rtsp:\/\/[^/?]*(.*)$/i.exec(address)?.[1] ?? "";
const nameOf = ({ host, port }: Place) => `${host.includes(":") ? `[${host}]` : host}:${port}`;
