import type { Socket } from "node:net";

/** How often a slow reader takes its share. */
const sliceMs = 50;

/**
 * Reads a socket no faster than it is told to, so that the sender's queue really fills: what is
 * not read stays in the kernels. Undefined = as fast as it comes, 0 = not at all.
 */
export class SlowReader {
  readonly #socket: Socket;
  readonly #take: (data: Buffer) => void;
  readonly #ended: () => void;
  #bytesPerSecond: number | undefined;
  #pending: Buffer[] = [];
  #timer: NodeJS.Timeout | undefined;
  #atEnd = false;

  /** @param ended called once, after the last byte before the sender's FIN was taken */
  constructor(socket: Socket, take: (data: Buffer) => void, ended: () => void) {
    this.#socket = socket;
    this.#take = take;
    this.#ended = ended;
    socket.on("data", (data) => this.#arrived(data));
    socket.on("end", () => {
      this.#atEnd = true;
      if (this.#pending.length === 0) this.#ended();
    });
    socket.on("close", () => clearInterval(this.#timer));
  }

  limit(bytesPerSecond: number | undefined): void {
    if (bytesPerSecond === this.#bytesPerSecond) return;
    this.#bytesPerSecond = bytesPerSecond;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (bytesPerSecond === undefined) this.#slice(Number.POSITIVE_INFINITY);
    else {
      this.#socket.pause();
      const share = Math.ceil((bytesPerSecond * sliceMs) / 1_000);
      if (share > 0) this.#timer = setInterval(() => this.#slice(share), sliceMs);
    }
  }

  #arrived(data: Buffer): void {
    if (this.#bytesPerSecond === undefined && this.#pending.length === 0) this.#take(data);
    else {
      this.#pending.push(data);
      this.#socket.pause();
    }
  }

  #slice(share: number): void {
    let left = share;
    while (left > 0) {
      const next = this.#pending.shift();
      if (!next) break;
      if (next.length > left) this.#pending.unshift(next.subarray(left));
      this.#take(next.subarray(0, Math.min(left, next.length)));
      left -= next.length;
    }
    if (this.#pending.length > 0) return;
    if (this.#atEnd) {
      clearInterval(this.#timer);
      this.#ended();
    } else this.#socket.resume();
  }
}
