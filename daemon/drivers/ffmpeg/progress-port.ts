import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { parseProgress, type ProgressBlock } from "./progress.ts";

/**
 * Listens for one engine's progress on loopback. ffmpeg goes on undisturbed while nobody does,
 * so an adopted engine is heard again as soon as its port is bound.
 */
export class ProgressPort {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** @param port 0 for a free one. Rejects when it cannot be had. */
  static async open(port: number, hear: (block: ProgressBlock) => void): Promise<ProgressPort> {
    const socket = createSocket("udp4");
    socket.bind({ port, address: "127.0.0.1", exclusive: true });
    await once(socket, "listening");
    socket.on("message", (datagram) => {
      const block = parseProgress(datagram.toString("latin1"));
      if (block) hear(block);
    });
    // Nothing is sent, so nothing can fail here but the socket itself: then silence tells.
    socket.on("error", () => socket.close());
    return new ProgressPort(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  close(): void {
    this.#socket.removeAllListeners();
    this.#socket.close();
  }
}
