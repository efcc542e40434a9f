import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { SmallShell } from "../../../../../daemon/drivers/shared/engine/small-shell.ts";
import { until } from "./until.ts";

let folder: string;
let lock: string;
let shell: SmallShell;
beforeEach(() => {
  // Blanks and quotes in a path are a path still.
  folder = mkdtempSync(join(tmpdir(), "under study's "));
  lock = join(folder, "lock");
  writeFileSync(lock, "");
  shell = new SmallShell();
  onTestFinished(() => {
    shell.warm().stdin.end();
    rmSync(folder, { recursive: true });
  });
});

/** Somebody who holds the lock until killed. */
async function aHolder(): Promise<ChildProcess> {
  const holder = spawn("flock", [lock, "sh", "-c", "echo held; exec sleep 60"], {
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  onTestFinished(() => void kill(holder));
  await once(holder.stdout, "data");
  return holder;
}
const kill = (holder: ChildProcess) => {
  if (holder.exitCode === null && holder.signalCode === null) process.kill(-holder.pid!, "SIGKILL");
};

test("a lock that nobody holds is free", async () => {
  expect(await shell.lockIsFree(lock, 0)).toBe(true);
  expect(await shell.lockIsFree(lock, 200)).toBe(true);
});

test("a lock is held as long as its holder lives, and free the moment it does not", async () => {
  const holder = await aHolder();
  expect(await shell.lockIsFree(lock, 0)).toBe(false);
  expect(await shell.lockIsFree(lock, 50)).toBe(false);
  const waiting = shell.lockIsFree(lock, 30_000);
  kill(holder);
  expect(await waiting).toBe(true);
});

test("many ask at once: each gets its own answer", async () => {
  await aHolder();
  const answers = Array.from({ length: 20 }, (_, at) => {
    const another = join(folder, `lock ${at}`);
    writeFileSync(another, "");
    return shell.lockIsFree(at % 2 === 0 ? another : lock, 0);
  });
  expect(await Promise.all(answers)).toEqual(answers.map((_, at) => at % 2 === 0));
});

test("whoever gives up waiting is told that nothing is proven", async () => {
  await aHolder();
  const patience = AbortSignal.timeout(50);
  expect(await shell.lockIsFree(lock, 60_000, patience)).toBe(false);
  expect(await shell.lockIsFree(lock, 60_000, patience)).toBe(false);
});

test("a lock that is not there any more proves nothing", async () => {
  rmSync(lock);
  await expect(shell.lockIsFree(lock, 0)).rejects.toThrow("cannot be opened");
});

test("a line break in an argument is refused: it would be another request", () => {
  expect(() => shell.launch("run-1", ["/bin/sh", "-c", "a\nb"])).toThrow("a line break");
});

test("the shell is killed: who waits is told, and the next one gets a new shell", async () => {
  await aHolder();
  const waiting = shell.lockIsFree(lock, 60_000);
  shell.warm().kill("SIGKILL");
  await expect(waiting).rejects.toThrow("is gone");
  expect(await shell.lockIsFree(lock, 0)).toBe(false);
});

test("what is launched gets its arguments as they are, and lives on without the shell", async () => {
  const said = join(folder, "said");
  const odd = ["$HOME", "a  b", "", "'; rm -rf /", "\\n", "*", " é "];
  shell.launch("run-1", ["/bin/sh", "-c", 'printf "%s|" "$@" >"$0"; exec sleep 60', said, ...odd]);
  await until("it has begun", () => existsSync(said) && readFileSync(said, "utf8") !== "");
  expect(readFileSync(said, "utf8")).toBe(odd.map((argument) => `${argument}|`).join(""));
});

test("the shell ends with the daemon, and what it launched does not", async () => {
  const pidFile = join(folder, "pid");
  const { pid } = shell.warm();
  shell.launch("run-1", ["/bin/sh", "-c", 'echo $$ >"$0"; exec sleep 60', pidFile]);
  await until("it has begun", () => existsSync(pidFile) && readFileSync(pidFile, "utf8") !== "");
  const launched = Number(readFileSync(pidFile, "utf8"));
  onTestFinished(() => void process.kill(launched, "SIGKILL"));
  shell.warm().stdin.end();
  await until("the shell is gone", () => !existsSync(`/proc/${pid}`));
  await pause(50);
  // Signal 0 throws when there is nobody.
  expect(process.kill(launched, 0)).toBe(true);
});

test("a program that cannot begin says why", async () => {
  const launch = shell.launch("run-1", ["/bin/sh", "-c", "echo run-1 no room left >&8"]);
  expect(await until("it says why", () => launch.gaveUp())).toBe("no room left");
});
