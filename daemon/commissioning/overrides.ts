/**
 * What the command line did in a change freeze, and why: it may not write into the journal of a
 * daemon, so it leaves a line that the daemon takes up within seconds, or when it starts.
 */
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { jsonOrUndefined } from "../drivers/shared/http/json.ts";

const Override = z.object({
  by: z.string().max(200),
  what: z.string().max(200),
  why: z.string().max(1_000),
  atMs: z.number(),
});
export type Override = z.infer<typeof Override>;

const placeIn = (stateDir: string) => join(stateDir, "freeze-overrides.jsonl");
const lookEveryMs = 5_000;

/** Ends the program where that cannot be kept: what nobody can read later is not done. */
export function noteOverride(stateDir: string, what: string, why: string): void {
  const by = `${userInfo().username} (understudy ${what})`;
  const line: Override = { by, what, why, atMs: Date.now() };
  try {
    appendFileSync(placeIn(stateDir), `${JSON.stringify(line)}\n`, { mode: 0o640 });
  } catch (cause) {
    const because = (cause as Error).message;
    throw new Ending(exitCode.refused, `the override cannot be journalled: ${because}`);
  }
}

/** @param tell resolves when it is in the journal */
export function watchOverrides(
  stateDir: string,
  tell: (override: Override) => Promise<unknown>,
): { close(): void } {
  const file = placeIn(stateDir);
  const taken = `${file}.taken`;
  let busy = false;

  async function look(): Promise<void> {
    if (busy || !(existsSync(file) || existsSync(taken))) return;
    busy = true;
    try {
      // One that was left by a daemon that died meanwhile comes first.
      if (!existsSync(taken)) renameSync(file, taken);
      for (const line of readFileSync(taken, "utf8").split("\n")) {
        const override = Override.safeParse(jsonOrUndefined(line));
        if (override.success) await tell(override.data);
      }
      rmSync(taken);
    } catch {
      // Not ours to read, or the disk: it is looked at again.
    } finally {
      busy = false;
    }
  }

  void look();
  const timer = setInterval(() => void look(), lookEveryMs);
  return { close: () => clearInterval(timer) };
}
