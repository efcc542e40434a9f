/**
 * `statfs` of a share whose server is away waits in the kernel, cannot be given up, and holds one
 * of the four threads that all file work of this process shares. So a path that has not answered
 * is not asked again until it has, and at most two such waits are begun in the whole process.
 */
import type { StatsFs } from "node:fs";
import { statfs as systemStatfs } from "node:fs/promises";

export type Look = { space: StatsFs } | { error: NodeJS.ErrnoException } | "noAnswer";
export type Statfs = (path: string) => Promise<StatsFs>;

const mostAtOnce = 2;

export function openLooks(statfs: Statfs = systemStatfs) {
  const underWay = new Map<string, Promise<Look>>();
  const queue: (() => void)[] = [];

  async function turn(signal: AbortSignal): Promise<boolean> {
    while (underWay.size >= mostAtOnce) {
      if (signal.aborted) return false;
      await new Promise<void>((resolve) => {
        queue.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    return !signal.aborted;
  }

  function begin(path: string): Promise<Look> {
    const look = statfs(path).then(
      (space): Look => ({ space }),
      (error: unknown): Look => ({ error: error as NodeJS.ErrnoException }),
    );
    const ended = look.finally(() => {
      underWay.delete(path);
      for (const next of queue.splice(0)) next();
    });
    underWay.set(path, ended);
    return ended;
  }

  return {
    /** Never rejects; `noAnswer` when `signal` aborts first. */
    async look(path: string, signal: AbortSignal): Promise<Look> {
      const waited = underWay.get(path);
      if (!waited && !(await turn(signal))) return "noAnswer";
      const look = waited ?? underWay.get(path) ?? begin(path);
      return Promise.race([look, givenUp(signal)]);
    },
  };
}
export type Looks = ReturnType<typeof openLooks>;

function givenUp(signal: AbortSignal): Promise<"noAnswer"> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve("noAnswer");
    else signal.addEventListener("abort", () => resolve("noAnswer"), { once: true });
  });
}
