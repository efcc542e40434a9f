import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/**
 * Listens for one engine's progress on loopback. A program that sends datagrams goes on undisturbed
 * while nobody listens, so an adopted engine is heard again as soon as its port is bound.
 */
export class ProgressPort {
  readonly #socket: Socket;
  /** Whom to tell; until there is somebody, what comes is dropped. */
  hear: ((datagram: Buffer) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** @param port 0 for a free one. Rejects when it cannot be had. */
  static async open(port: number): Promise<ProgressPort> {
    const socket = createSocket("udp4");
    socket.bind({ port, address: "127.0.0.1", exclusive: true });
    await once(socket, "listening");
    const opened = new ProgressPort(socket);
    socket.on("message", (datagram) => opened.hear?.(datagram));
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

/** One port bound ahead, so that a takeover does not wait for it. */
export class SparePort {
  #port: Promise<ProgressPort> | undefined;

  bind(): void {
    this.#port = ProgressPort.open(0);
    // One that could not be had is tried again when it is needed, and then it is told.
    this.#port.catch(() => (this.#port = undefined));
  }

  async take(): Promise<ProgressPort> {
    const port = await (this.#port ?? ProgressPort.open(0));
    this.#port = undefined;
    return port;
  }

  async close(): Promise<void> {
    const port = this.#port;
    this.#port = undefined;
    (await port?.catch(() => undefined))?.close();
  }
}
