/** What is installed in node_modules, compared with the lock. Imports only `node:`. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

/**
 * npm writes what it really installed into `node_modules/.package-lock.json`. It leaves out the
 * root and the optional packages of other platforms; everything else must be there as locked.
 *
 * @param {string} root
 */
export function installedMatchesLock(root) {
  const hidden = join(root, "node_modules/.package-lock.json");
  if (!existsSync(hidden)) return false;
  const installed = readPackages(hidden);
  const locked = readPackages(join(root, "package-lock.json"));
  for (const [path, entry] of Object.entries(locked)) {
    if (path === "") continue;
    const there = installed[path];
    if (there === undefined) {
      if (!entry.optional && !entry.devOptional) return false;
    } else if (there.version !== entry.version || there.integrity !== entry.integrity) {
      return false;
    } else if (!existsSync(join(root, path, "package.json"))) {
      return false;
    }
  }
  return Object.keys(installed).every((path) => path in locked);
}

/**
 * @param {string} path
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean,
 *   devOptional?: boolean }>}
 */
function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages ?? {};
  } catch (cause) {
    throw new Error(`${path} is not readable as a lock file`, { cause });
  }
}

/**
 * The native addon is compiled for one Node ABI; another Node on the same tree must rebuild it.
 * Asked in a process of its own, because an addon of the wrong kind may end its process.
 *
 * @param {string} root
 */
export function addonLoads(root) {
  const probe = 'new (require("better-sqlite3"))(":memory:").close()';
  return spawnSync(process.execPath, ["-e", probe], { cwd: root, stdio: "ignore" }).status === 0;
}

/**
 * The folder to hand to node-gyp as `nodedir`: where the headers of *this* Node are. Debian's
 * libnode-dev puts those of another version under /usr, so the version is compared.
 *
 * @returns {string | undefined}
 */
export function nodeHeaders() {
  return [dirname(dirname(process.execPath)), "/usr/local", "/usr"].find((prefix) => {
    const header = join(prefix, "include/node/node_version.h");
    if (!existsSync(header)) return false;
    const text = readFileSync(header, "utf8");
    const number = (/** @type {string} */ part) =>
      new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1];
    return ["MAJOR", "MINOR", "PATCH"].map(number).join(".") === process.versions.node;
  });
}
