/**
 * Node's own modules cost 4 to 12 ms each when they are loaded, and many that a program imports it
 * uses later or never. In a CommonJS bundle an imported name is looked up where it is used, so the
 * module can wait until then.
 */
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Only modules that are plain objects: one that is a function itself cannot be stood in for. */
const names = [
  ...["child_process", "cluster", "crypto", "dgram", "dns", "dns/promises", "fs/promises", "http"],
  ...["https", "net", "os", "perf_hooks", "querystring", "readline", "tls", "tty", "zlib"],
];

/** @type {import("esbuild").Plugin} */
export const lazyBuiltins = {
  name: "lazy-builtins",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: new RegExp(`^(node:)?(${names.join("|")})$`) }, ({ path, namespace }) =>
      namespace === "lazy-builtin"
        ? { path, external: true }
        : { path: path.replace("node:", ""), namespace: "lazy-builtin" },
    );
    onLoad({ filter: /.*/, namespace: "lazy-builtin" }, ({ path }) => {
      const keys = Object.keys(require(`node:${path}`));
      const getters = keys.map((key) => `get ${key}(){return own().${key}}`);
      return {
        contents:
          `let found;const own=()=>found??=require("node:${path}");` +
          `module.exports={${getters.join(",")}};`,
      };
    });
  },
};
