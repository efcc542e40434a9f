/**
 * `statfs` of a share whose server is away waits in the kernel, cannot be given up, and holds one
 * of the four threads that all file work of this process shares. So a path that has not answered
 * is not asked again until it has, and of shares at most two are asked at once, in the whole
 * process. A local disk never waits for them.
 */
import type { StatsFs } from "node:fs";
import { statfs as systemStatfs } from "node:fs/promises";

export type Look = { space: StatsFs } | { error: NodeJS.ErrnoException } | "noAnswer";
export type Statfs = (path: string) => Promise<StatsFs>;

const mostShares = 2;

export function openLooks(statfs: Statfs = systemStatfs) {
  const underWay = new Map<string, Promise<Look>>();
  const shares = new Set<string>();
  const waiting = new Set<() => void>();

  function begin(path: string, isNetwork: boolean): Promise<Look> {
    if (isNetwork) shares.add(path);
    const look = statfs(path)
      .then(
        (space): Look => ({ space }),
        (error: unknown): Look => ({ error: error as NodeJS.ErrnoException }),
      )
      .finally(() => {
        underWay.delete(path);
        shares.delete(path);
        for (const wake of [...waiting]) wake();
      });
    underWay.set(path, look);
    return look;
  }

  /** Until some look has ended, or `signal` aborts. */
  function untilAnotherEnds(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  return {
    /** Never rejects; `noAnswer` when `signal` aborts first. */
    async look(path: string, isNetwork: boolean, signal: AbortSignal): Promise<Look> {
      while (isNetwork && !underWay.has(path) && shares.size >= mostShares && !signal.aborted) {
        await untilAnotherEnds(signal);
      }
      if (signal.aborted) return "noAnswer";
      const look = underWay.get(path) ?? begin(path, isNetwork);
      return Promise.race([look, givenUp(signal)]);
    },
  };
}
export type Looks = ReturnType<typeof openLooks>;

function givenUp(signal: AbortSignal): Promise<"noAnswer"> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve("noAnswer"), { once: true });
  });
}
