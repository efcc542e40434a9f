/** How somebody who has just installed the hub gets its admin key. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { goesToJournal } from "../config/systemd.ts";

/**
 * On the terminal; under systemd, where everything that is written stays in the journal for
 * years, in a file that only root and the hub's user can read.
 * @returns what to tell
 */
export function handOver(
  key: string,
  { stateDir, env }: { stateDir: string; env: NodeJS.ProcessEnv },
): string {
  if (!goesToJournal(process.stderr.fd, env)) return `Admin key, shown only this once: ${key}`;
  const file = join(stateDir, "admin-key");
  writeFileSync(file, `${key}\n`, { mode: 0o600 });
  return `The admin key is in ${file}; delete that file once you have it`;
}
