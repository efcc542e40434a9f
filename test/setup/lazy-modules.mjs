/**
 * To build a schema takes longer than to use it once, and most of what a daemon could check it
 * never meets: the options of other vendors' drivers, messages of the wire before there is a link.
 * In a CommonJS bundle an imported name is looked up where it is used, so these modules wait until
 * then.
 */
import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import process from "node:process";

/** Nothing happens in them when they are loaded, but that their schemas are built. */
const modules = [
  /^machines\/(.+[/.])?contract\.ts$/,
  /^daemon\/drivers\/.+\/(options|trap-options)\.ts$/,
  /^daemon\/observers\/(nginx-rtmp|node-media-server|hls|ffprobe)\.ts$/,
];

/** @type {import("esbuild").Plugin} */
export const lazyModules = {
  name: "lazy-modules",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, resolveDir, namespace }) => {
      const file = resolve(resolveDir, path);
      const waits = modules.some((name) => name.test(relative(process.cwd(), file)));
      return waits && namespace !== "lazy-module" ? { path: file, namespace: "lazy-module" } : null;
    });
    onLoad({ filter: /.*/, namespace: "lazy-module" }, ({ path }) => {
      const exported = readFileSync(path, "utf8").matchAll(/^export (?:const|function) (\w+)/gm);
      const getters = Array.from(exported, ([, name]) => `get ${name}(){return own().${name}}`);
      return {
        contents:
          `let found;const own=()=>found??=require(${JSON.stringify(path)});` +
          `module.exports={${getters.join(",")}};`,
        resolveDir: dirname(path),
      };
    });
  },
};
