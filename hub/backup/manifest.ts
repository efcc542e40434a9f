/**
 * All that a hub is, in one tar archive: its database as of one moment, the other files of its state
 * folder (keys among them), its configuration, and this list of them with the hash of each.
 *
 *   manifest.json  hub.db  hub.yaml  state/…
 */
import { createHash } from "node:crypto";
import { createReadStream, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

export const Manifest = z.object({
  format: z.literal(1),
  /** Of the hub that made it. */
  version: z.string(),
  madeAtMs: z.number(),
  /** How far its database is; see `newestSchema`. */
  schema: z.int(),
  files: z.array(z.object({ path: z.string(), bytes: z.int(), sha256: z.string() })),
});
export type Manifest = z.infer<typeof Manifest>;

export const inside = {
  manifest: "manifest.json",
  database: "hub.db",
  config: "hub.yaml",
  state: "state",
} as const;

/** In a state folder that was restored, until a hub has started in it. */
export const restoredFile = "restored.json";
export const Restored = z.object({ madeAtMs: z.number(), restoredAtMs: z.number() });

/** Why a backup cannot be made, or is none. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}

/** Plain files only, by their paths below it. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => lstatSync(join(folder, path)).isFile())
    .toSorted();
}

export async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
