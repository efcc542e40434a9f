import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freeLock } from "../../../../../daemon/drivers/shared/engine/ending.ts";
import { smallShell } from "../../../../../daemon/drivers/shared/engine/small-shell.ts";

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
