import { createServer, connect, type Server, type Socket } from "node:net";

/**
 * The network interface of a simulated box: its encoder connects to a port of loopback, and the
 * bytes go on to the server from the box's own address. Here the line can be cut or narrowed.
 */
export type ForwarderOptions = {
  /** Local address the server shall see, for example 127.0.0.11. */
  from: string;
  /** The server's address, already resolved. */
  address: string;
  port: number;
  /** No byte taken by the server for this long: `onStalled`. */
  stallMs: number;
  onStalled: () => void;
  /** The send queue grew over half a second of media: the network is too slow. */
  onBacklog: () => void;
};

export type LineFault = {
  /** Nothing passes in either direction and nobody is told. */
  cut: boolean;
  /** Bits per second towards the server. */
  limitBps?: number | undefined;
};

/** Bytes the box queues before it stops taking more from its encoder. */
const queueLimitBytes = 512 * 1024;
const backlogBytes = 48 * 1024;
const stepMs = 20;

export class Forwarder {
  readonly #server: Server;
  readonly #options: ForwarderOptions;
  #fault: LineFault = { cut: false };
  #near: Socket | undefined;
  #far: Socket | undefined;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #sentBytes = 0;
  #lastTakenMs = performance.now();
  #saidBacklog = false;
  #pump: NodeJS.Timeout | undefined;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#server = createServer((near) => this.#accept(near));
  }

  /** @returns the port for the encoder */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", () => {
        const address = this.#server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  }

  /** Bytes that the server's side of the line has taken. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  set fault(fault: LineFault) {
    this.#fault = fault;
    if (fault.cut) this.#far?.pause();
    else this.#far?.resume();
    this.#lastTakenMs = performance.now();
  }

  /** As in a power cut: the encoder is gone, the server is told nothing until `close`. */
  abandon(): void {
    this.#server.close();
    clearInterval(this.#pump);
    this.#near?.destroy();
    this.#far?.pause();
    this.#far?.unref();
  }

  /** Ends the connection; `reset` says so with RST as a rebooted host does. */
  close(how: "end" | "reset" = "end"): void {
    clearInterval(this.#pump);
    this.#server.close();
    this.#near?.destroy();
    if (how === "reset") this.#far?.resetAndDestroy();
    else this.#far?.destroy();
  }

  #accept(near: Socket): void {
    this.#server.close(); // one stream, one connection
    const { from, address, port } = this.#options;
    const ownAddress = address.startsWith("127.") ? { localAddress: from } : {};
    const far = connect({ host: address, port, ...ownAddress });
    this.#near = near;
    this.#far = far;
    this.#lastTakenMs = performance.now();
    near.setNoDelay(true);
    far.setNoDelay(true);
    if (this.#fault.cut) far.pause();

    near.on("data", (chunk: Buffer) => {
      this.#queue.push(chunk);
      this.#queuedBytes += chunk.length;
      if (this.#queuedBytes > queueLimitBytes) near.pause();
      if (!this.#limited()) this.#drain(Number.POSITIVE_INFINITY);
    });
    far.on("data", (chunk: Buffer) => near.write(chunk));
    far.on("drain", () => (this.#lastTakenMs = performance.now()));
    near.on("error", () => near.destroy());
    far.on("error", () => far.destroy());
    // A cut line carries no FIN and no RST either.
    near.on("close", () => !this.#fault.cut && far.end());
    far.on("close", () => near.destroy());
    this.#pump = setInterval(() => this.#tick(), stepMs);
    near.once("close", () => clearInterval(this.#pump));
  }

  #limited(): boolean {
    return this.#fault.cut || this.#fault.limitBps !== undefined;
  }

  #tick(): void {
    if (!this.#fault.cut) {
      const { limitBps } = this.#fault;
      this.#drain(limitBps === undefined ? Infinity : (limitBps / 8) * (stepMs / 1000));
    }
    const waiting = this.#queuedBytes + (this.#far?.writableLength ?? 0);
    if (waiting === 0) this.#lastTakenMs = performance.now();
    if (waiting < backlogBytes) this.#saidBacklog = false;
    else if (!this.#saidBacklog) {
      this.#saidBacklog = true;
      this.#options.onBacklog();
    }
    if (performance.now() - this.#lastTakenMs > this.#options.stallMs) {
      this.#lastTakenMs = performance.now();
      this.#options.onStalled();
    }
  }

  #drain(allowedBytes: number): void {
    let left = allowedBytes;
    while (left > 0 && this.#far?.writable && !this.#far.writableNeedDrain) {
      const chunk = this.#queue.shift();
      if (chunk === undefined) break;
      const now = chunk.subarray(0, Math.min(chunk.length, Math.ceil(left)));
      if (now.length < chunk.length) this.#queue.unshift(chunk.subarray(now.length));
      this.#far.write(now);
      left -= now.length;
      this.#queuedBytes -= now.length;
      this.#sentBytes += now.length;
      this.#lastTakenMs = performance.now();
    }
    if (this.#queuedBytes < queueLimitBytes / 2) this.#near?.resume();
  }
}
