/**
 * Builds what is installed on a machine into `dist/`: one bundled file per process, the browser
 * page, and the launcher script. Native addons stay outside the bundles.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { builtStamp } from "./build-state.mjs";
import { buildClientPackage } from "./client-package.mjs";
import { buildProgram, writeCodeCache } from "./compiled-program.mjs";

const { version } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
);

process.chdir(fileURLToPath(new URL("../..", import.meta.url)));

/**
 * One row per process that runs on Node. What a site waits for is CommonJS: Node needs 30 ms less
 * to begin with it.
 */
const programs = [
  { from: "daemon/main.ts", to: "dist/daemon.cjs" },
  { from: "daemon/cli/main.ts", to: "dist/site-cli.js" },
  { from: "daemon/journal/writer.ts", to: "dist/journal-writer.cjs" },
  { from: "daemon/ingest/main.ts", to: "dist/ingest.cjs" },
  { from: "daemon/relay/main.ts", to: "dist/relay.cjs" },
  { from: "daemon/outputs/main.ts", to: "dist/output.cjs" },
  { from: "daemon/thumbnails/main.ts", to: "dist/thumbnails.cjs" },
  { from: "hub/main.ts", to: "dist/hub.js" },
  { from: "hub/cli/main.ts", to: "dist/understudy.js", mode: 0o755 },
  { from: "hub/broker/main.ts", to: "dist/broker.js" },
];
/** What `dist/daemon.cjs` runs, in the form whose compiled code can be kept. */
const program = { from: "daemon/run-daemon.ts", to: "dist/daemon-program.cjs" };
/** One row per script of a page. */
const pages = [{ from: "hub/web/page.ts", to: "dist/web/page.js" }];
/** One row per file that goes as it is; a `*` takes the whole folder's files of that kind. */
const copies = [
  { from: "hub/web/*.html", to: "dist/web/" },
  { from: "hub/web/*.css", to: "dist/web/" },
  { from: "hub/web/*.svg", to: "dist/web/" },
  { from: "daemon/drivers/shared/engine/launcher.sh", to: "dist/launcher.sh", mode: 0o755 },
];
/**
 * Not bundled: native addons, optional parts that their package looks for at run time, and
 * packages that read files beside their own code.
 */
const external = ["unix-dgram", "bufferutil", "utf-8-validate", "@fastify/swagger-ui"];
/** CommonJS packages inside an ES module still call `require` for Node's own modules. */
const requireBanner =
  'import{createRequire as __understudyRequire}from"node:module";' +
  "const require=__understudyRequire(import.meta.url);";

/**
 * A missing entry is an error, except while its whole folder does not exist.
 *
 * @param {{ from: string }} row
 */
function isThere({ from }) {
  const folder = dirname(from);
  if (existsSync(folder)) return true;
  console.error(`build: ${from} left out, ${folder}/ does not exist`);
  return false;
}

/** @param {{ from: string, to: string, mode?: number }} row */
function copy({ from, to, mode }) {
  const folder = dirname(from);
  const ending = from.split("*")[1];
  const names =
    ending === undefined
      ? [from]
      : readdirSync(folder)
          .filter((name) => name.endsWith(ending))
          .map((name) => join(folder, name));
  for (const name of names) {
    const target = to.endsWith("/") ? join(to, name.slice(folder.length + 1)) : to;
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(name, target);
    if (mode !== undefined) chmodSync(target, mode);
  }
}

/**
 * zod brings its error messages in 50 languages along, a fifth of the daemon. Nobody chooses one:
 * English is set by its default, and the sentences for people are our own.
 *
 * @type {import("esbuild").Plugin}
 */
const onlyEnglish = {
  name: "only-english",
  setup({ onLoad }) {
    onLoad({ filter: /node_modules\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

/**
 * better-sqlite3 looks for its addon at some twenty places, each time it is loaded; it is where npm
 * builds it. Only the addon stays outside, its eight small files are bundled.
 *
 * @type {import("esbuild").Plugin}
 */
const knownAddon = {
  name: "known-addon",
  setup({ onLoad, onResolve }) {
    const addon = "better-sqlite3/build/Release/better_sqlite3.node";
    onResolve({ filter: /^bindings$/ }, ({ path, importer }) =>
      /better-sqlite3/.test(importer) ? { path, namespace: "known-addon" } : undefined,
    );
    onResolve({ filter: /\.node$/, namespace: "known-addon" }, () => ({
      path: addon,
      external: true,
    }));
    onLoad({ filter: /.*/, namespace: "known-addon" }, () => ({
      contents: `module.exports = () => require("${addon}");`,
    }));
  },
};

/**
 * The MQTT and Socket.IO packages tell `debug` what they do, a dozen times a message, and it looks
 * each time whether somebody has set DEBUG. Nobody does in a program that has a log of its own.
 *
 * @type {import("esbuild").Plugin}
 */
const noDebug = {
  name: "no-debug",
  setup({ onLoad }) {
    onLoad({ filter: /node_modules\/debug\/src\/index\.js$/ }, () => ({
      contents: `const quiet = () => {};
        quiet.enabled = false;
        quiet.extend = () => quiet;
        const debug = () => quiet;
        module.exports = Object.assign(debug, { debug, default: debug });`,
    }));
  },
};

const common = {
  bundle: true,
  plugins: [onlyEnglish, knownAddon, noDebug],
  minifyWhitespace: true,
  minifySyntax: true,
  minifyIdentifiers: true,
  define: { UNDERSTUDY_VERSION: JSON.stringify(version) },
  sourcemap: true,
  format: /** @type {const} */ ("esm"),
  legalComments: /** @type {const} */ ("none"),
  logLevel: /** @type {const} */ ("warning"),
};

/** @type {import("esbuild").BuildOptions} */
const commonJs = {
  format: "cjs",
  define: { ...common.define, "import.meta.url": "here" },
  banner: { js: '"use strict";const here=require("node:url").pathToFileURL(__filename).href;' },
};

rmSync(builtStamp, { force: true });
// Taken before reading: what is saved during the build makes the next one run.
const startedAt = new Date();
try {
  await Promise.all([
    ...programs.filter(isThere).map(async ({ from, to, mode }) => {
      await build({
        ...common,
        entryPoints: [from],
        outfile: to,
        platform: "node",
        target: "node20",
        external,
        ...(to.endsWith(".cjs") ? commonJs : { banner: { js: requireBanner } }),
        // Names as they are written, for stacks and logs. `keepNames` would give each closure its
        // name again whenever it is made, which is a fortieth of what the daemon does.
        minifyIdentifiers: false,
      });
      if (mode !== undefined) chmodSync(to, mode);
    }),
    buildProgram(program.from, program.to, { ...common, platform: "node", external }),
    buildClientPackage("dist/client"),
    ...pages.filter(isThere).map(({ from, to }) =>
      build({
        ...common,
        entryPoints: [from],
        outfile: to,
        platform: "browser",
        target: "es2022",
      }),
    ),
  ]);
  copies.filter(isThere).forEach(copy);
  writeCodeCache(program.to);
} catch (error) {
  // esbuild has printed its own errors already.
  console.error(`build: failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
mkdirSync(dirname(builtStamp), { recursive: true });
writeFileSync(builtStamp, "");

utimesSync(builtStamp, startedAt, startedAt);
