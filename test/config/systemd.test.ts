import { spawnSync } from "node:child_process";
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { goesToJournal, openSystemd } from "../../config/systemd.ts";
import { until } from "../daemon/journal/a-journal.ts";
import { aSystemd } from "../fakes/systemd.ts";
import { slow } from "../setup/slow.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0).reverse()) clean();
});

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "understudy-systemd-"));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Notes what was warned of, which must be nothing unless a test says so. */
function opened(env: NodeJS.ProcessEnv) {
  const warnings: string[] = [];
  const systemd = openSystemd(env, (message) => void warnings.push(message));
  cleanups.push(() => systemd.close());
  return { ...systemd, warnings };
}

test("systemd is told in its own words, in order", async () => {
  const path = join(aFolder(), "notify");
  const systemd = await aSystemd(path);
  const { heard } = systemd;
  cleanups.push(() => systemd.close());
  const { notify, warnings } = opened({ NOTIFY_SOCKET: path });
  notify("READY=1\nSTATUS=main carried");
  notify("WATCHDOG=1");
  notify("STOPPING=1");
  await until("three messages", () => heard.length === 3);
  expect(heard).toEqual(["READY=1\nSTATUS=main carried", "WATCHDOG=1", "STOPPING=1"]);
  expect(warnings).toEqual([]);
});

test("a systemd that is not there is warned of and lived without", async () => {
  const { notify, warnings } = opened({ NOTIFY_SOCKET: join(aFolder(), "nobody") });
  notify("READY=1");
  await until("the warning", () => warnings.length > 0);
  expect(warnings[0]).toContain("systemd was not told");
});

test("without systemd nothing is said and nothing is waited for", () => {
  const { notify, watchdogEveryMs, warnings } = opened({});
  notify("READY=1");
  expect(watchdogEveryMs).toBeUndefined();
  expect(warnings).toEqual([]);
});

test("a sign of life is due at half the time systemd waits, or never", () => {
  const socket = { NOTIFY_SOCKET: join(aFolder(), "nobody") };
  expect(opened({ ...socket, WATCHDOG_USEC: "30000000" }).watchdogEveryMs).toBe(15_000);
  expect(opened({ ...socket, WATCHDOG_USEC: "0" }).watchdogEveryMs).toBeUndefined();
  expect(opened({ ...socket, WATCHDOG_USEC: "soon" }).watchdogEveryMs).toBeUndefined();
  expect(opened(socket).watchdogEveryMs).toBeUndefined();
});

test("output goes to journald only when it is the very stream that JOURNAL_STREAM names", () => {
  const fd = openSync(join(aFolder(), "out"), "w");
  const { dev, ino } = fstatSync(fd, { bigint: true });
  const streams = {
    theSame: `${dev}:${ino}`,
    anotherInode: `${dev}:${ino + 1n}`,
    anotherDevice: `${dev + 1n}:${ino}`,
    empty: "",
    nonsense: `${ino}`,
  };
  const seen = Object.entries(streams).map(([name, JOURNAL_STREAM]) => [
    name,
    goesToJournal(fd, { JOURNAL_STREAM }),
  ]);
  expect(Object.fromEntries(seen)).toEqual({
    ...{ theSame: true, anotherInode: false, anotherDevice: false, empty: false, nonsense: false },
  });
  expect(goesToJournal(fd, {})).toBe(false);
  closeSync(fd);
  expect(goesToJournal(fd, { JOURNAL_STREAM: streams.theSame })).toBe(false);
});

slow("a program that was only started by a service does not take its pipe for the journal", () => {
  const script = `
    import { goesToJournal } from ${JSON.stringify(new URL("../../config/systemd.ts", import.meta.url).href)};
    console.log(goesToJournal(1, process.env));`;
  const { stdout } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "-e", script],
    { env: { ...process.env, JOURNAL_STREAM: "8:123456" }, encoding: "utf8" },
  );
  expect(stdout).toBe("false\n");
});
