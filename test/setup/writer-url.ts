import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The journal's writer thread as it is installed: one bundled file. Call `remove` at the end. */
export async function bundleWriter(): Promise<{ url: URL; remove: () => void }> {
  return bundle("daemon/journal/writer.ts", "cjs");
}

/** Any entry of ours as one file that plain Node runs; inside the tree, so that addons are found. */
export async function bundle(
  entry: string,
  format: "esm" | "cjs" = "esm",
): Promise<{ url: URL; remove: () => void }> {
  const folder = mkdtempSync(join(root, "node_modules", ".bundle-"));
  const outfile = join(folder, format === "cjs" ? "bundle.cjs" : "bundle.js");
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format,
    target: "node20",
    external: ["better-sqlite3"],
    ...(format === "esm" && {
      banner: {
        js: 'import{createRequire as r}from"node:module";' + "const require=r(import.meta.url);",
      },
    }),
    logLevel: "error",
  });
  return {
    url: pathToFileURL(outfile),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
