/**
 * Makes a fresh Debian 12 with only Node, npm and git ready for `npm run demo` or `npm test`, and
 * is a quick no-op on a machine that is ready. Runs before anything is installed, so it imports
 * only `node:`. Says what it does on stderr; stdout belongs to the command that follows.
 *
 *   node test/setup/bootstrap.mjs demo|test
 *
 * Exit codes: 0 ready · 1 a step failed · 2 usage · 3 something is missing that needs root.
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { buildIsCurrent } from "./build-state.mjs";
import { installedMatchesLock, addonLoads, nodeHeaders } from "./npm-state.mjs";
import { installPackages, missingPackages } from "./system-packages.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const needsNode = [20, 19];

/** @param {string} line */
function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

/**
 * @param {string} line what went wrong, and what to do
 * @param {number} code
 * @returns {never}
 */
function stop(line, code) {
  say(line);
  process.exit(code);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 */
function run(command, args, env = {}) {
  // Output of a step goes to stderr, so that a script may read our stdout.
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    env: { ...process.env, ...env },
  });
  if (done.error) stop(`${command} did not start: ${done.error.message}`, 1);
  if (done.status !== 0) {
    stop(`${command} ${args.join(" ")} failed (${done.signal ?? `exit ${done.status}`})`, 1);
  }
}

const purpose = process.argv[2];
if (purpose !== "demo" && purpose !== "test") stop("usage: bootstrap.mjs demo|test", 2);

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < needsNode[0] || (major === needsNode[0] && minor < needsNode[1])) {
  stop(`Node ${needsNode.join(".")} or newer is needed; this is ${process.versions.node}`, 1);
}

const npmIsCurrent = installedMatchesLock(root) && addonLoads(root);

const missing = missingPackages(purpose, { compiler: !npmIsCurrent });
if (missing.length > 0) {
  if (process.getuid?.() !== 0) {
    say("some Debian packages are missing; run this once, then try again:");
    stop(`sudo apt-get install -y --no-install-recommends ${missing.join(" ")}`, 3);
  }
  say(`installing ${missing.length} Debian packages: ${missing.join(" ")}`);
  installPackages(missing, run);
}

if (!npmIsCurrent) {
  say("installing npm packages as locked (about two minutes with an empty cache)");
  const headers = nodeHeaders();
  run(
    "npm",
    ["ci", "--no-audit", "--no-fund", "--no-progress", "--loglevel=notice"],
    // Without this node-gyp downloads Node's headers from nodejs.org.
    headers && !process.env["npm_config_nodedir"] ? { npm_config_nodedir: headers } : {},
  );
  if (!addonLoads(root)) stop("better-sqlite3 was installed but does not load", 1);
}

if (!buildIsCurrent(root)) {
  say("building");
  run(process.execPath, ["test/setup/build.mjs"]);
}
