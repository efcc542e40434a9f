/** What the relay knows, in one small file on a tmpfs: a successor goes on where it ended. */
import { closeSync, fstatSync, openSync, readFileSync, writeSync } from "node:fs";
import { z } from "zod";
import { OutputState } from "./output-state.ts";
import type { PlayoutState } from "./playout.ts";

const Ticks = z.number();
const State = z.object({
  /** Monotonic times of another boot mean nothing. */
  bootId: z.string(),
  playout: z.object({
    orders: z.object({
      generation: z.number(),
      eligible: z.array(z.string()),
      preferred: z.string().nullable(),
    }),
    selected: z.string().nullable(),
    clock: z
      .object({ offsetMs: z.number(), shift: Ticks, bornMs: z.number(), jumped: z.boolean() })
      .nullable(),
    baseMs: z.number().nullable(),
    behindMs: z.number().optional(),
  }),
  outputs: z.record(z.string(), OutputState),
});
export type SavedState = { playout: PlayoutState; outputs: Record<string, OutputState> };

/** One write that never gets shorter: a later state does not end in an earlier one's rest. */
const leastFileBytes = 2_048;

export class StateFile {
  readonly #fd: number;
  readonly #bootId = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  /** When it was written last by an earlier process, wall time, ms. */
  readonly writtenMs: number;
  #bytes: Buffer;

  constructor(path: string) {
    this.#fd = openSync(path, "a+", 0o600);
    closeSync(this.#fd);
    this.#fd = openSync(path, "r+");
    const { size, mtimeMs } = fstatSync(this.#fd);
    this.writtenMs = mtimeMs;
    this.#bytes = Buffer.alloc(Math.max(leastFileBytes, size));
  }

  /** Undefined where there is none, or none of this boot. */
  load(): SavedState | undefined {
    let raw: unknown;
    try {
      raw = JSON.parse(readFileSync(this.#fd, "utf8"));
    } catch {
      // Empty, or written by something else: the relay begins anew.
      return undefined;
    }
    const { data } = State.safeParse(raw);
    if (data?.bootId !== this.#bootId) return undefined;
    return { playout: data.playout, outputs: data.outputs };
  }

  save(state: SavedState): void {
    const text = JSON.stringify({ bootId: this.#bootId, ...state });
    const needed = Buffer.byteLength(text);
    if (needed > this.#bytes.length) this.#bytes = Buffer.alloc(2 * needed);
    this.#bytes.fill(" ");
    this.#bytes.write(text);
    writeSync(this.#fd, this.#bytes, 0, this.#bytes.length, 0);
  }
}
