/** The client as others install it, `understudy/client`: one script, and its types file by file. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const folder = "hub/client";
const files = ["client", "commands", "hub-error", "lists", "schema", "sender"];

/** @param {string} to */
export async function buildClientPackage(to) {
  await build({
    entryPoints: [`${folder}/client.ts`],
    outfile: `${to}/client.js`,
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2022",
    legalComments: "none",
    logLevel: "warning",
  });
  // Half a second: only here, where nobody waits for a daemon to start.
  const { default: ts } = await import("typescript");
  mkdirSync(to, { recursive: true });
  for (const name of files) {
    const source = readFileSync(`${folder}/${name}.ts`, "utf8");
    const { outputText } = ts.transpileDeclaration(source, { fileName: `${name}.ts` });
    writeFileSync(
      `${to}/${name}.d.ts`,
      outputText.replaceAll(/(from "\.\/[\w-]+)\.ts"/g, '$1.js"'),
    );
  }
}
