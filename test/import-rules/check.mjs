/**
 * Checks the import rules, and proves that it looked: it must have read every TypeScript file
 * there is, and must name every made-up breach in `breaches/` and nothing else there.
 *
 * A breach is a fixture file whose first line is `// breach: <rule> [<rule> …]`; a file there
 * without such a line must pass.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { cruise } from "dependency-cruiser";
import extractTSConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { rules } from "./rules.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const breaches = "test/import-rules/breaches";
process.chdir(root);
const folders = ["daemon", "hub", "machines", "config", "test"].filter((name) => existsSync(name));

const problems = [...(await checkOurs()), ...(await checkBreaches())];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

async function checkOurs() {
  const files = typeScriptFiles(".", folders).filter((file) => !file.startsWith(breaches));
  const { seen, found } = await look(".", folders, breaches);
  const unseen = files.filter((file) => !seen.has(file));
  console.log(`import rules: ${seen.size} files read, ${rules.length} rules`);
  return [
    ...(files.length === 0 ? ["import rules: there is no TypeScript file to look at"] : []),
    ...unseen.map((file) => `import rules: ${file} was not read`),
    ...found.map(({ rule, from, to }) => `${from} → ${to}: ${rule} (${commentOf(rule)})`),
  ];
}

async function checkBreaches() {
  const there = folders.filter((folder) => existsSync(join(breaches, folder)));
  const files = typeScriptFiles(breaches, there);
  const { found } = await look(breaches, there);
  const expected = files.flatMap((file) => {
    const firstLine = readFileSync(join(breaches, file), "utf8").split("\n", 1)[0] ?? "";
    const names = /^\/\/ breach: (.+)$/.exec(firstLine)?.[1]?.split(" ") ?? [];
    return names.map((rule) => `${rule} in ${file}`);
  });
  const named = new Set(found.map(({ rule, from }) => `${rule} in ${from}`));
  const notTried = rules.filter(({ name }) => !expected.some((e) => e.startsWith(`${name} in `)));
  return [
    ...notTried.map(({ name }) => `import rules: ${name} has no made-up breach in ${breaches}`),
    ...expected
      .filter((e) => !named.has(e))
      .map((e) => `import rules: made-up breach missed: ${e}`),
    ...[...named]
      .filter((n) => !expected.includes(n))
      .map((n) => `import rules: wrongly named: ${n}`),
  ];
}

/**
 * @param {string} base folder that the rules' paths start from
 * @param {string[]} within
 * @param {string} [exclude]
 */
async function look(base, within, exclude) {
  const { output } = await cruise(
    within,
    {
      baseDir: join(root, base),
      ...(exclude === undefined ? {} : { exclude: `^${exclude}` }),
      validate: true,
      ruleSet: { forbidden: rules },
      tsPreCompilationDeps: true,
      tsConfig: { fileName: join(root, "tsconfig.json") },
      doNotFollow: { path: "node_modules" },
      enhancedResolveOptions: {
        exportsFields: ["exports"],
        conditionNames: ["import", "node", "default", "types"],
      },
    },
    undefined,
    { tsConfig: extractTSConfig(join(root, "tsconfig.json")) },
  );
  if (typeof output === "string") throw new Error("dependency-cruiser answered text");
  const ours = output.modules.filter(({ source }) =>
    within.includes(source.split("/", 1)[0] ?? ""),
  );
  return {
    seen: new Set(ours.map(({ source }) => source)),
    found: output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}

/**
 * @param {string} base
 * @param {string[]} within
 */
function typeScriptFiles(base, within) {
  return within
    .flatMap((folder) =>
      readdirSync(join(base, folder), { recursive: true, encoding: "utf8" }).map((name) =>
        join(folder, name),
      ),
    )
    .filter((file) => file.endsWith(".ts") && !file.includes("/.cache/"));
}

/** @param {string} name */
function commentOf(name) {
  return rules.find((rule) => rule.name === name)?.comment ?? "";
}
