import { OwnedSockets } from "./owned-sockets.ts";
import { judgeQueue } from "./sockets.ts";

/** A second of backlog, seen twice, has to be known before the 2 s of a freeze are over. */
const lookEveryMs = { silent: 100, moving: 250 };

/** Looks at what the kernel still has to send for one engine: more often when it is silent. */
export class SendQueueWatch {
  #lookedAtMs = -Infinity;
  #looking = false;
  readonly #sockets = new OwnedSockets();
  #bytes: number | undefined;
  /** Left out until two looks agree, and where there is no TCP connection to look at (SRT). */
  verdict: "draining" | "stuck" | undefined;
  /** `local remote` of every connection the process was seen to have. */
  connections: ReadonlySet<string> = new Set();

  forget(): void {
    this.#bytes = undefined;
    this.verdict = undefined;
    this.connections = new Set();
  }

  isDue(nowMs: number, silent: boolean): boolean {
    const everyMs = lookEveryMs[silent ? "silent" : "moving"];
    return !this.#looking && nowMs - this.#lookedAtMs >= everyMs;
  }

  /** @param bitrateBps what the engine is set to make */
  async look(
    pid: number,
    bitrateBps: number | undefined,
    nowMs: number,
    silent: boolean,
  ): Promise<void> {
    this.#looking = true;
    this.#lookedAtMs = nowMs;
    try {
      const sockets = await this.#sockets.look(pid, silent);
      if (sockets.length === 0) {
        this.verdict = undefined;
        this.#bytes = undefined;
        return;
      }
      const bytes = sockets.reduce((sum, { unsentBytes }) => sum + unsentBytes, 0);
      this.verdict = judgeQueue(this.#bytes, bytes, bitrateBps, silent) ?? this.verdict;
      this.#bytes = bytes;
      this.connections = new Set(sockets.map(({ local, remote }) => `${local} ${remote}`));
    } finally {
      this.#looking = false;
    }
  }
}
