import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { LifeLine } from "../../../../../daemon/drivers/shared/engine/life-line.ts";

let path: string;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-line-"));
  path = join(folder, "alive");
  execFileSync("mkfifo", [path]);
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

/** A shell and its child hold the line. */
async function holders(): Promise<{ shell: ChildProcess; child: number }> {
  const script = 'exec 7<>"$0"; sleep 60 & echo $!; wait';
  const shell = spawn("sh", ["-c", script, path], {
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  onTestFinished(() => endGroup(shell.pid!));
  const [pid] = (await once(shell.stdout, "data")) as [Buffer];
  return { shell, child: Number(pid) };
}

/** Not by Debian's kill: it reads `-9 -1234` as "all processes there are" (procps 4.0.2). */
function endGroup(leader: number) {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function theLine(): LifeLine {
  const line = LifeLine.hold(path);
  if (!line) throw new Error("nobody holds it");
  onTestFinished(() => line.letGo());
  return line;
}

test("a line is cut when the last of its holders is gone, not the first", async () => {
  const { shell, child } = await holders();
  const line = theLine();
  shell.kill("SIGKILL");
  await once(shell, "exit");
  expect(await line.isCut(50)).toBe(false);
  const cut = line.isCut(30_000);
  process.kill(child, "SIGKILL");
  expect(await cut).toBe(true);
  expect(await line.isCut(0)).toBe(true);
});

test("a line that was let go tells nothing", async () => {
  await holders();
  const line = theLine();
  const cut = line.isCut(30_000);
  line.letGo();
  expect(await cut).toBe(false);
  expect(await line.isCut(0)).toBe(false);
});

test("what nobody was seen to hold is no line: a pipe without a writer, a file, nothing", () => {
  expect(LifeLine.hold(path)).toBeUndefined();
  rmSync(path);
  expect(LifeLine.hold(path)).toBeUndefined();
  writeFileSync(path, "");
  expect(LifeLine.hold(path)).toBeUndefined();
});
