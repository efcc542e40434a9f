/** Is `dist/` newer than everything it is made from? Imports only `node:`. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Written last by a build that worked. */
export const builtStamp = "dist/.built";

const madeFrom = [
  "daemon",
  "hub",
  "machines",
  "config",
  "package-lock.json",
  "test/setup/build.mjs",
  "test/setup/client-package.mjs",
  "test/setup/compiled-program.mjs",
  "test/setup/code-cache.mjs",
  "test/setup/lazy-builtins.mjs",
  "systemd/understudy-daemon.service",
  "test/setup/build-state.mjs",
];

/** @param {string} root */
export function buildIsCurrent(root) {
  const stamp = join(root, builtStamp);
  if (!existsSync(stamp)) return false;
  const builtAtMs = statSync(stamp).mtimeMs;
  return madeFrom.every((name) => newestMs(join(root, name)) <= builtAtMs);
}

/**
 * Time of the last change in a tree. Folders count too: a removed file shows only there.
 *
 * @param {string} path
 * @returns {number} ms since 1970, 0 when there is nothing
 */
function newestMs(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce(
    (newest, name) => Math.max(newest, newestMs(join(path, name))),
    stat.mtimeMs,
  );
}
