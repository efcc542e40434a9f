import { setTimeout as pause } from "node:timers/promises";

/** Waits for what must come, with a limit that only a broken program reaches. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (const end = performance.now() + 30_000; performance.now() < end; await pause(5)) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
  }
  throw new Error(`never: ${what}`);
}
