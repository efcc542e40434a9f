import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freeLock } from "../../../../../daemon/drivers/shared/engine/ending.ts";
import { smallShell } from "../../../../../daemon/drivers/shared/engine/small-shell.ts";
import { launcher } from "../../../../../daemon/drivers/index.ts";
import { slow } from "../../../../setup/slow.ts";

test("whoever holds a lock is killed, and not the shell in which somebody else waits for it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const lock = join(folder, "lock");
  const holder = spawn("flock", [lock, "sh", "-c", "echo held; exec sleep 60"], {
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  await once(holder.stdout, "data");
  const { pid } = smallShell.warm();
  const waiting = smallShell.lockIsFree(lock, 30_000);
  expect(await freeLock(lock, [], AbortSignal.timeout(30_000))).toBe(true);
  expect(await waiting).toBe(true);
  expect(smallShell.warm().pid).toBe(pid);
});

/** As ffmpeg does while nothing comes that it reads. */
const endsAtTheSecond =
  "n=0; trap 'n=$((n+1)); [ $n -lt 2 ] || exit 7' TERM; echo; while :; do sleep 0.1; done";

slow(
  "a program that ends at the second signal is over soon after a host has sent its one",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "understudy-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const command = [launcher(), folder, "run-1", "", "sh", "-c", endsAtTheSecond];
    const launched = spawn("sh", command, { stdio: "ignore", detached: true });
    onTestFinished(() => {
      if (launched.exitCode === null) process.kill(-launched.pid!, "SIGKILL");
    });
    const ended = once(launched, "exit");
    const read = (name: string) => readFileSync(join(folder, name), "utf8").trim();
    await expect.poll(() => read("pid")).toMatch(/^run-1 /);
    process.kill(-launched.pid!, "SIGTERM");
    await ended;
    expect(read("exit")).toBe("run-1 7");
  },
);
