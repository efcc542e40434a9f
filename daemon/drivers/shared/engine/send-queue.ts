import { OwnedSockets } from "./owned-sockets.ts";
import { judgeQueue } from "./sockets.ts";

/**
 * A second of backlog, seen twice, has to be known before the 2 s of a freeze are over. Engines that
 * move are looked at all at once, because the kernel's table is read as a whole.
 */
const lookEveryMs = { silent: 100, moving: 250 };
/**
 * With less than this waiting, a second of backlog is no sooner there than after 3 periods: it is
 * found in the same one as if each had been looked at.
 */
const quiet = { belowS: 0.25, periods: 3 };

/** Looks at what the kernel still has to send for one engine: more often when it is silent. */
export class SendQueueWatch {
  #lookedAtMs = -Infinity;
  #looking = false;
  #isQuiet = false;
  readonly #sockets: Pick<OwnedSockets, "look">;
  #bytes: number | undefined;
  /** Left out until two looks agree, and where there is no TCP connection to look at (SRT). */
  verdict: "draining" | "stuck" | undefined;
  /** `local remote` of every connection the process was seen to have. */
  connections: ReadonlySet<string> = new Set();

  constructor(sockets: Pick<OwnedSockets, "look"> = new OwnedSockets()) {
    this.#sockets = sockets;
  }

  forget(): void {
    this.#bytes = undefined;
    this.#isQuiet = false;
    this.verdict = undefined;
    this.connections = new Set();
  }

  isDue(nowMs: number, silent: boolean): boolean {
    if (this.#looking) return false;
    if (silent) return nowMs - this.#lookedAtMs >= lookEveryMs.silent;
    const period = Math.floor(nowMs / lookEveryMs.moving);
    if (this.#isQuiet && period % quiet.periods !== 0) return false;
    return this.#lookedAtMs < period * lookEveryMs.moving;
  }

  /** The next look at one that moves is not due before. */
  restsUntilMs(nowMs: number): number {
    return this.#looking ? 0 : (Math.floor(nowMs / lookEveryMs.moving) + 1) * lookEveryMs.moving;
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
        this.#isQuiet = false;
        return;
      }
      const bytes = sockets.reduce((sum, { unsentBytes }) => sum + unsentBytes, 0);
      this.verdict = judgeQueue(this.#bytes, bytes, bitrateBps, silent) ?? this.verdict;
      this.#bytes = bytes;
      this.#isQuiet = bytes * 8 < quiet.belowS * (bitrateBps ?? Infinity);
      this.connections = new Set(sockets.map(({ local, remote }) => `${local} ${remote}`));
    } finally {
      this.#looking = false;
    }
  }
}
