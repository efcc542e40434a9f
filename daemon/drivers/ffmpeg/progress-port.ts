import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { parseProgress, type ProgressBlock } from "./progress.ts";

/**
 * Listens for one engine's progress on loopback. ffmpeg goes on undisturbed while nobody does,
 * so an adopted engine is heard again as soon as its port is bound.
 */
export class ProgressPort {
  readonly #socket: Socket;
  /** Whom to tell; until there is somebody, what comes is dropped. */
  hear: ((block: ProgressBlock) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** @param port 0 for a free one. Rejects when it cannot be had. */
  static async open(port: number): Promise<ProgressPort> {
    const socket = createSocket("udp4");
    socket.bind({ port, address: "127.0.0.1", exclusive: true });
    await once(socket, "listening");
    const opened = new ProgressPort(socket);
    socket.on("message", (datagram) => {
      const block = parseProgress(datagram.toString("latin1"));
      if (block) opened.hear?.(block);
    });
    // Nothing is sent, so nothing can fail here but the socket itself: then silence tells.
    socket.on("error", () => socket.close());
    return opened;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  close(): void {
    this.#socket.removeAllListeners();
    this.#socket.close();
  }
}
