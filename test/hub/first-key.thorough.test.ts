import { execFileSync } from "node:child_process";
import { fstatSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const program = new URL("../../hub/first-key.ts", import.meta.url).href;
const key = "us_adm_canary";

/** What is told, where stderr is a file, and the journal is said to be that file or another. */
function told(isJournal: boolean): { said: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "understudy-first-key-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const stderr = openSync(join(folder, "stderr"), "w");
  const { dev, ino } = fstatSync(stderr);
  const env = { ...process.env, JOURNAL_STREAM: isJournal ? `${dev}:${ino}` : "1:1" };
  const script = `import { handOver } from ${JSON.stringify(program)};
    process.stdout.write(handOver(${JSON.stringify(key)}, {
      stateDir: ${JSON.stringify(folder)}, env: process.env }));`;
  const args = ["--import", "tsx", "--input-type=module", "-e", script];
  const said = execFileSync(process.execPath, args, {
    ...{ env, encoding: "utf8", stdio: ["ignore", "pipe", stderr] },
  });
  return { said, folder };
}

test("whoever starts the hub at a terminal is shown the admin key", () => {
  expect(told(false).said).toContain(key);
});

test("under systemd it is in a file for the hub's user only, and not in the journal", () => {
  const { said, folder } = told(true);
  const file = join(folder, "admin-key");
  expect(said).toContain(file);
  expect(said).not.toContain(key);
  expect(readFileSync(file, "utf8")).toBe(`${key}\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
