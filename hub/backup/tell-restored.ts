import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Audit } from "../audit/audit.ts";
import { Restored, restoredFile } from "./manifest.ts";

/** The first start after a restore: what came after the backup is not in the log, and this says so. */
export function tellRestored(stateDir: string, audit: Audit): void {
  const file = join(stateDir, restoredFile);
  if (!existsSync(file)) return;
  const detail = restoredIn(file);
  const entry = { type: "hub.restored", actor: "hub", outcome: "ok", object: "hub" } as const;
  audit.add({ ...entry, ...(detail && { detail }) });
  rmSync(file);
}

/** A power cut may have left it empty: that must not keep the hub from starting. */
function restoredIn(file: string): Record<string, unknown> | undefined {
  try {
    return Restored.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}
