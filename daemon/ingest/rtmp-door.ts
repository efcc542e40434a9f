/**
 * Lets one RTMP publisher in. node-media-server reads the protocol; who may publish, and where the
 * media go, is decided here: its own sessions resume a publisher for 30 s with shifted timestamps,
 * and what a refused publisher still sends would get among the media of the one that was let in.
 */
import { createServer, type Server, type Socket } from "node:net";
import Flv from "node-media-server/src/protocol/flv.js";
import Rtmp, { type Packet } from "node-media-server/src/protocol/rtmp.js";
import { givesWayAfterMs, isKey, type Publisher, type Refusal } from "./door.ts";
import type { IngestSource } from "./settings.ts";

/** A publisher that has sent nothing for so long is gone. */
const deadAfterMs = 30_000;
/** Whoever connects and does not publish within this time is sent away. */
const patienceMs = 10_000;
const mostConnections = 32;

export type Door = {
  /** Resolves when it listens; rejects when it cannot. */
  opened: Promise<void>;
  publisher(): Publisher | undefined;
};

/** FLV of a publisher: each piece whole tags. */
export type Media = {
  /** A publisher was let in; what it sends comes next. */
  began(publisher: Publisher): void;
  /** @param isKeyframe a reader may begin here, after the headers */
  tag(bytes: Buffer, isKeyframe: boolean): void;
  /** Header, and what a reader has to know before its first keyframe, whenever that changes. */
  headers(bytes: Buffer): void;
  ended(): void;
};

type Source = IngestSource & { kind: "rtmp" };

export function openRtmpDoor(
  source: Source,
  media: Media,
  refused: (refusal: Refusal) => void,
): Door {
  let current: Visit | undefined;

  class Visit {
    readonly from: string;
    readonly sinceMs = Date.now();
    readonly #socket: Socket;
    readonly #rtmp = new Rtmp();
    #heardAtMs = performance.now();
    #audioHeader: Buffer | undefined;
    #videoHeader: Buffer | undefined;

    constructor(socket: Socket) {
      this.#socket = socket;
      this.from = `${socket.remoteAddress}:${socket.remotePort}`;
      const rtmp = this.#rtmp;
      rtmp.onOutputCallback = (bytes) => void (socket.writable && socket.write(bytes));
      rtmp.respondPublish = () => this.#asks();
      rtmp.respondPlay = () => this.#refuse("wants to play: nobody may, here");
      rtmp.onDeleteStream = () => socket.destroy();
      const tooLong = setTimeout(() => this !== current && socket.destroy(), patienceMs);
      socket.setTimeout(deadAfterMs, () => socket.destroy());
      socket.on("data", (bytes: Buffer) => this.#hear(bytes));
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        clearTimeout(tooLong);
        if (current === this) leave();
      });
    }

    #hear(bytes: Buffer): void {
      this.#heardAtMs = performance.now();
      if (this.#socket.destroyed) return;
      let wrong: string | null;
      try {
        wrong = this.#rtmp.parserData(bytes);
      } catch (cause) {
        wrong = cause instanceof Error ? cause.message : String(cause);
      }
      if (wrong === null) return;
      if (current !== this) refused({ from: this.from, why: `does not speak RTMP: ${wrong}` });
      this.#socket.destroy();
    }

    get isSilent(): boolean {
      return performance.now() - this.#heardAtMs > givesWayAfterMs;
    }

    /** It wants to publish. */
    #asks(): void {
      const { streamApp = "", streamName = "" } = this.#rtmp;
      if (current === this) return;
      if (source.keySha256 === null) return this.#refuse("has no session: it is kept for sessions");
      if (!isKey(streamName, source.keySha256)) return this.#refuse("has a wrong stream key");
      if (streamApp !== source.app) {
        return this.#refuse(`publishes to ${short(streamApp)}, not to ${source.app}`);
      }
      if (current && !current.isSilent) {
        return this.#refuse(`has the key, but ${current.from} publishes already`);
      }
      current?.end();
      enter(this);
      this.#rtmp.onPacketCallback = (packet) => this.#media(packet);
      media.began({ from: this.from, sinceMs: this.sinceMs });
      Rtmp.prototype.respondPublish.call(this.#rtmp);
    }

    #refuse(why: string): void {
      refused({ from: this.from, why });
      const { streamId } = this.#rtmp;
      this.#rtmp.sendStatusMessage(streamId, "error", "NetStream.Publish.Denied", "not let in");
      // What it still sends is not even read.
      this.#socket.removeAllListeners("data");
      this.#socket.destroySoon();
    }

    #media(packet: Packet): void {
      if (current !== this || packet.codec_type === 18 || packet.codec_type === 15) return;
      const bytes = Flv.createMessage(packet);
      if (packet.flags === 0) this.#audioHeader = bytes;
      if (packet.flags === 2) this.#videoHeader = bytes;
      if (packet.flags === 0 || packet.flags === 2) media.headers(this.#headers());
      media.tag(bytes, packet.flags === 3);
    }

    #headers(): Buffer {
      const known = [this.#videoHeader, this.#audioHeader].filter((header) => header !== undefined);
      return Buffer.concat([Flv.createHeader(true, true), ...known]);
    }

    end(): void {
      if (current === this) leave();
      this.#socket.destroy();
    }
  }

  function enter(visit: Visit): void {
    current = visit;
  }
  function leave(): void {
    current = undefined;
    media.ended();
  }

  const server: Server = createServer((socket) => new Visit(socket));
  server.maxConnections = mostConnections;
  const opened = new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: source.host, port: source.port }, () => {
      server.off("error", reject).on("error", () => undefined);
      resolve();
    });
  });
  return { opened, publisher: () => current && { from: current.from, sinceMs: current.sinceMs } };
}

const short = (text: string) => JSON.stringify(text.slice(0, 64));
