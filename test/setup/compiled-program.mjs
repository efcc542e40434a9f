/** A program whose compiled code is kept beside it; see daemon/code-cache.ts. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { lazyBuiltins } from "./lazy-builtins.mjs";
import { lazyModules } from "./lazy-modules.mjs";

/**
 * Bundles to one CommonJS function with its mark in the first line.
 *
 * @param {string} from
 * @param {string} to
 * @param {import("esbuild").BuildOptions} options
 */
export async function buildProgram(from, to, options) {
  const noMark = "0".repeat(32);
  rmSync(`${to}.cache`, { force: true });
  await build({
    ...options,
    plugins: [...(options.plugins ?? []), lazyBuiltins, lazyModules],
    entryPoints: [from],
    outfile: to,
    target: "node20",
    format: "cjs",
    charset: "ascii",
    // Names stay as they are written, for stack traces.
    minifyIdentifiers: false,
    define: { ...options.define, "import.meta.url": "programUrl" },
    banner: { js: `/*${noMark}*/(function(exports,require,module,programUrl){` },
    footer: { js: "})" },
  });
  const source = readFileSync(to, "latin1");
  const mark = createHash("sha256").update(source).digest("hex").slice(0, noMark.length);
  writeFileSync(to, source.replace(noMark, mark), "latin1");
}

/**
 * Starts the program once, as the unit starts it, and keeps what V8 compiled of it. Says so when
 * that fails: without its cache it only takes longer to start.
 *
 * @param {string} program
 */
export function writeCodeCache(program) {
  const unit = readFileSync("systemd/understudy-daemon.service", "utf8");
  const flags = /^ExecStart=\S*node (.*?)\S+daemon\.cjs/m.exec(unit)?.[1] ?? "";
  const script = fileURLToPath(new URL("code-cache.mjs", import.meta.url));
  const { status, stderr, error } = spawnSync(
    process.execPath,
    [...flags.split(" ").filter((flag) => flag !== ""), script, program],
    { encoding: "utf8", timeout: 60_000 },
  );
  if (status === 0) return;
  console.error(`build: ${program} starts slower, nothing compiled was kept: ${error ?? stderr}`);
}
