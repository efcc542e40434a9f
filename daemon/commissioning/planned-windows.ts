import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { WindowRule } from "../../machines/stream/schedule.contract.ts";

/** By stream; a sentence: they cannot be known. */
export type PlannedWindows = ReadonlyMap<string, readonly WindowRule[]> | string;

const Kept = z.object({
  memory: z.object({ schedule: z.object({ rules: z.array(WindowRule) }).optional() }),
});

/** The windows that were planned by command: the daemon keeps them in its database. */
export async function plannedWindows(stateDir: string): Promise<PlannedWindows> {
  const file = join(stateDir, "site.db");
  if (!existsSync(file)) return new Map();
  const { default: Database } = await import("better-sqlite3");
  try {
    const db = new Database(file, { readonly: true, fileMustExist: true });
    try {
      const rows = db
        .prepare<[], { actor: string; body: string }>(
          "select actor, body from resume where actor like 'stream:%'",
        )
        .all();
      return new Map(
        rows.map(({ actor, body }) => {
          const { memory } = Kept.parse(JSON.parse(body));
          return [actor.slice("stream:".length), memory.schedule?.rules ?? []];
        }),
      );
    } finally {
      db.close();
    }
  } catch (cause) {
    return `what was planned by command cannot be read from ${file}: ${(cause as Error).message}`;
  }
}
