/** Control groups for a process tree of our own, on machines that are not run by systemd. */
import { existsSync, readdirSync } from "node:fs";
import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";

/**
 * Where a group named `id` goes: in the unified hierarchy, and where version 1 is mounted also in
 * systemd's own.
 */
export function cgroupFolders(id: string): string[] {
  const base = "/sys/fs/cgroup";
  const roots = existsSync(join(base, "cgroup.procs"))
    ? [base]
    : [join(base, "systemd"), join(base, "unified")].filter((path) => existsSync(path));
  return roots.map((root) => join(root, id));
}

/** Removes the groups of `id`, waiting a little for processes that are still ending. */
export async function removeCgroups(id: string): Promise<void> {
  for (const folder of cgroupFolders(id)) {
    for (let tries = 0; tries < 50 && existsSync(folder); tries++) {
      try {
        await removeTree(folder);
      } catch {
        await after(100);
      }
    }
  }
}

/** A control group is removed by rmdir, leaves first; the files in it are the kernel's. */
async function removeTree(folder: string): Promise<void> {
  const entries = readdirSync(folder, { withFileTypes: true });
  for (const entry of entries) {
    if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  }
  await rmdir(folder);
}
