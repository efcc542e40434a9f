import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { expect, onTestFinished, test } from "vitest";

const nobody = 65_534;

/** What a newcomer has just cloned: nothing is installed, and no command of Debian's is there. */
function aBareCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), "understudy-bare-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "test"));
  cpSync("test/setup", join(folder, "test/setup"), { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) cpSync(file, join(folder, file));
  chmodSync(folder, 0o755);
  return folder;
}

test.each(["demo", "test"])(
  "without root, a machine that lacks packages for npm run %s is given one line to run, and left as it is",
  (purpose) => {
    const cwd = aBareCheckout();
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["test/setup/bootstrap.mjs", purpose],
      {
        ...{ cwd, encoding: "utf8", env: { PATH: "/nowhere" } },
        ...(process.getuid?.() === 0 && { uid: nobody, gid: nobody }),
      },
    );
    expect(status, stderr).toBe(3);
    expect(stdout).toBe("");
    const lines = stderr.trim().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(
      /^setup: sudo apt-get install -y --no-install-recommends( [a-z0-9.+-]+)+$/,
    );
    expect(lines[1]).toMatch(/ ffmpeg\b/);
  },
);
