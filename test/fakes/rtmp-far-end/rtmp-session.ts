import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { decodeAmf0, encodeAmf0, type Amf0Value } from "./amf0.ts";
import { ChunkReader, encodeMessage, messageType, type RtmpMessage } from "./chunk-stream.ts";
import { isVideoHeader, learn } from "./media-info.ts";
import {
  monotonicMs,
  type EndReason,
  type Publications,
  type Publisher,
  type PublisherRecord,
} from "./publications.ts";
import { SlowReader } from "./throttle.ts";

const handshakeBytes = 1536;
const windowBytes = 5_000_000;
const chunkBytes = 4096;
/** As nginx-rtmp does by default. */
const pingEveryMs = 60_000;
/** The one message stream a publisher gets. */
const mediaStreamId = 1;

const refusals: Partial<Record<EndReason, string>> = {
  refused: "Already publishing",
  droppedWithSecond: "Already publishing",
  unknownKey: "Stream not found",
  blocked: "Stream is blocked",
};

export type SessionEvents = {
  publications: Publications;
  app: string;
  /** Called for every audio, video and data message of an accepted publisher. */
  onMedia: (publisher: Publisher, message: RtmpMessage) => void;
};

/** The server's side of one RTMP connection (Adobe RTMP 1.0, simple handshake, AMF0). */
export class RtmpSession {
  readonly #reader: SlowReader;
  readonly #socket: Socket;
  readonly #events: SessionEvents;
  readonly #chunks = new ChunkReader();
  readonly #connectedAtMs = monotonicMs();
  readonly #address: string;
  readonly #ping: NodeJS.Timeout;
  #handshake: Buffer | null = Buffer.alloc(0);
  #greeted = false;
  #outChunkBytes = 128;
  #flashVer = "";
  #connected = false;
  #publisher: Publisher | null = null;
  #received = 0;
  #acknowledged = 0;
  #ackWindowBytes = windowBytes / 2;

  constructor(socket: Socket, events: SessionEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#address = `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}`;
    this.#reader = new SlowReader(
      socket,
      (data) => this.#bytes(data),
      () => this.#over("disconnected"),
    );
    this.#ping = setInterval(() => this.#userControl(6, monotonicMs() >>> 0), pingEveryMs).unref();
    socket.setNoDelay(true);
    // A reset is an ordinary end for a publisher; "close" follows and does the accounting.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#over("disconnected"));
  }

  /** Read no faster than this; see `SlowReader`. */
  limit(bytesPerSecond: number | undefined): void {
    this.#reader.limit(bytesPerSecond);
  }

  get key(): string | undefined {
    return this.#publisher?.record.key;
  }

  close(because: EndReason): void {
    this.#over(because);
    this.#socket.destroy();
  }

  #over(because: EndReason): void {
    clearInterval(this.#ping);
    if (this.#publisher) this.#events.publications.end(this.#publisher, because);
    this.#socket.end();
  }

  #bytes(data: Buffer): void {
    if (this.#socket.destroyed) return;
    try {
      this.#received += data.length;
      const rest = this.#handshake === null ? data : this.#shakeHands(data);
      if (rest.length > 0) for (const message of this.#chunks.push(rest)) this.#message(message);
      if (this.#received - this.#acknowledged >= this.#ackWindowBytes) {
        this.#acknowledged = this.#received;
        this.#control(messageType.acknowledgement, uint32(this.#received >>> 0));
      }
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      this.close("protocolError");
    }
  }

  /** C0 C1 → S0 S1 S2, then C2. Answers the bytes behind C2. */
  #shakeHands(data: Buffer): Buffer {
    const all = Buffer.concat([this.#handshake ?? Buffer.alloc(0), data]);
    this.#handshake = all;
    if (!this.#greeted && all.length >= 1 + handshakeBytes) {
      if (all[0] !== 3) throw new RangeError(`RTMP version ${all[0]}`);
      this.#greeted = true;
      // Bytes 4 to 7 zero = simple handshake: the client must not look for a digest.
      const s1 = Buffer.concat([Buffer.alloc(8), randomBytes(handshakeBytes - 8)]);
      this.#socket.write(
        Buffer.concat([Buffer.from([3]), s1, all.subarray(1, 1 + handshakeBytes)]),
      );
    }
    if (all.length < 1 + 2 * handshakeBytes) return Buffer.alloc(0);
    this.#handshake = null;
    return all.subarray(1 + 2 * handshakeBytes);
  }

  #message(message: RtmpMessage): void {
    switch (message.type) {
      case messageType.windowAcknowledgementSize:
        this.#ackWindowBytes = Math.max(1, message.payload.readUInt32BE(0) / 2);
        return;
      case messageType.userControl:
        // A ping request (6) wants its timestamp back in a ping response (7).
        if (message.payload.readUInt16BE(0) === 6) {
          this.#userControl(7, message.payload.readUInt32BE(2));
        }
        return;
      case messageType.commandAmf0:
        return this.#command(decodeAmf0(message.payload));
      case messageType.commandAmf3: // AMF0 behind one byte, as everybody sends it
        return this.#command(decodeAmf0(message.payload.subarray(1)));
      case messageType.audio:
      case messageType.video:
      case messageType.dataAmf0:
        return this.#media(message);
    }
  }

  #command([name, transaction, object, ...rest]: Amf0Value[]): void {
    const id = typeof transaction === "number" ? transaction : 0;
    switch (name) {
      case "connect":
        return this.#connect(id, object);
      case "createStream":
        return this.#answer("_result", id, null, mediaStreamId);
      case "publish":
        return this.#publish(rest[0]);
      case "FCUnpublish":
      case "deleteStream":
      case "closeStream":
        if (this.#publisher) this.#events.publications.end(this.#publisher, "unpublished");
        this.#publisher = null;
        return;
      case "releaseStream":
      case "FCPublish":
      case "_checkbw":
        return this.#answer("_result", id, null, undefined);
      case "play":
        this.#status("error", "NetStream.Play.StreamNotFound", "This far end only receives");
    }
  }

  #connect(id: number, object: Amf0Value): void {
    const given = typeof object === "object" && object !== null && !Array.isArray(object);
    const app = given && typeof object["app"] === "string" ? object["app"] : "";
    if (given && typeof object["flashVer"] === "string") this.#flashVer = object["flashVer"];
    if (app.split("?")[0]?.replace(/\/$/, "") !== this.#events.app) {
      this.#answer("_error", id, null, {
        level: "error",
        code: "NetConnection.Connect.Rejected",
        description: "No such application",
      });
      this.#socket.end();
      return;
    }
    this.#connected = true;
    this.#control(messageType.windowAcknowledgementSize, uint32(windowBytes));
    const dynamic = Buffer.from([2]);
    this.#control(messageType.setPeerBandwidth, Buffer.concat([uint32(windowBytes), dynamic]));
    this.#control(messageType.setChunkSize, uint32(chunkBytes));
    this.#outChunkBytes = chunkBytes;
    const server = { fmsVer: "FMS/3,0,1,123", capabilities: 31 };
    this.#answer("_result", id, server, {
      level: "status",
      code: "NetConnection.Connect.Success",
      description: "Connection succeeded.",
      objectEncoding: 0,
    });
  }

  #publish(name: Amf0Value): void {
    if (!this.#connected || this.#publisher || typeof name !== "string" || name === "") {
      throw new RangeError("publish out of place");
    }
    const key = name.split("?")[0] ?? name;
    const { publications } = this.#events;
    const record: PublisherRecord = publications.newRecord(key, {
      address: this.#address,
      flashVer: this.#flashVer,
      connectedAtMs: this.#connectedAtMs,
    });
    const publisher = { record, media: {}, disconnect: () => void this.#socket.destroy() };
    const verdict = publications.ask(publisher);
    if (verdict !== "accepted") {
      this.#status("error", "NetStream.Publish.BadName", refusals[verdict] ?? "Refused");
      this.#socket.end();
      return;
    }
    this.#publisher = publisher;
    this.#userControl(0, mediaStreamId); // stream begin
    this.#status("status", "NetStream.Publish.Start", "Start publishing");
  }

  #media(message: RtmpMessage): void {
    if (!this.#publisher || this.#publisher.record.endedAtMs !== null) return;
    const { record, media } = this.#publisher;
    learn(media, message);
    if (message.type !== messageType.dataAmf0) {
      const nowMs = monotonicMs();
      record.firstMediaAtMs ??= nowMs;
      record.lastMediaAtMs = nowMs;
      record.bytes += message.payload.length;
      // AVC packet type 1 is a picture; 0 is the sequence header, 2 the end of sequence.
      const picture = message.type === messageType.video && message.payload[1] === 1;
      if (picture && !isVideoHeader(message)) record.videoFrames++;
    }
    this.#events.onMedia(this.#publisher, message);
  }

  #status(level: string, code: string, description: string): void {
    const payload = encodeAmf0(["onStatus", 0, null, { level, code, description }]);
    this.#send(5, { type: messageType.commandAmf0, streamId: mediaStreamId, payload });
  }

  #answer(name: string, id: number, ...values: Amf0Value[]): void {
    const payload = encodeAmf0([name, id, ...values]);
    this.#send(3, { type: messageType.commandAmf0, streamId: 0, payload });
  }

  #userControl(event: number, value: number): void {
    const head = Buffer.alloc(2);
    head.writeUInt16BE(event);
    this.#control(messageType.userControl, Buffer.concat([head, uint32(value)]));
  }

  #control(type: number, payload: Buffer): void {
    this.#send(2, { type, streamId: 0, payload });
  }

  #send(chunkStreamId: number, message: Omit<RtmpMessage, "timestampMs">): void {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    const whole = { ...message, timestampMs: 0 };
    this.#socket.write(encodeMessage(chunkStreamId, whole, this.#outChunkBytes));
  }
}

function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
}
