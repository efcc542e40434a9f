import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { at } from "../../setup/effort.ts";
import { bundle } from "../../setup/writer-url.ts";
import { journals, turn, until } from "./a-journal.ts";
import { inspect, killAgainAndAgain, startWriter } from "./kill-loop.ts";

const { open, folder, writerUrl, afterwards } = journals();
let program: Awaited<ReturnType<typeof bundle>>;
beforeAll(async () => {
  program = await bundle("test/daemon/journal/endurance.ts");
});
afterAll(() => program.remove());

/** An endless writer that ends with its test. */
function aWriter(file: string, options: { before?: string[]; turns?: number } = {}) {
  const writer = startWriter({ program: program.url, writer: writerUrl() }, file, options);
  afterwards(async () => {
    writer.child.kill("SIGKILL");
    await writer.exited;
  });
  return writer;
}

test("kill -9 again and again loses no event that was called durable, and leaves no gap", async () => {
  const kills = at({ check: 5, test: 30, torture: 1_000 });
  const file = join(folder(), "journal.sqlite");
  const { acknowledged, lost } = await killAgainAndAgain({
    kills,
    start: () => aWriter(file),
    until,
    killed: ({ acknowledgedBefore, openedAt, text }) => {
      expect(openedAt).toBeGreaterThanOrEqual(acknowledgedBefore);
      expect(text).not.toContain("warning");
    },
  });
  expect(lost).toBe(0);
  const found = inspect(file);
  expect(found.seqs.length).toBeGreaterThanOrEqual(acknowledged);
  expect(found).toMatchObject({ gaps: 0, epochs: 1, integrity: "ok" });
}, 3_600_000);

test("two daemons on one state directory: the second is refused and told the pid", async () => {
  const stateDir = folder();
  const locker = await bundle("daemon/journal/state-lock.ts");
  afterwards(() => locker.remove());
  const hold = [
    "--input-type=module",
    "-e",
    `import { lockState } from ${JSON.stringify(locker.url.href)};
     try { lockState(${JSON.stringify(stateDir)}); console.log("locked"); setInterval(() => {}, 1e6); }
     catch (e) { console.log(e.code + " " + e.message); }`,
  ];
  const first = spawn(process.execPath, hold, { stdio: ["ignore", "pipe", "inherit"] });
  const gone = new Promise((resolve) => first.once("close", resolve));
  afterwards(() => void first.kill("SIGKILL"));
  let said = "";
  first.stdout.on("data", (data: Buffer) => (said += data.toString()));
  await until("the lock", () => said.includes("locked"));
  const second = spawnSync(process.execPath, hold, { encoding: "utf8", timeout: 20_000 });
  expect(second.stdout).toContain("state_locked");
  expect(second.stdout).toContain(`pid ${first.pid}`);
  first.kill("SIGKILL");
  await gone;
  const third = spawn(process.execPath, hold, { stdio: ["ignore", "pipe", "inherit"] });
  afterwards(() => void third.kill("SIGKILL"));
  let saidThen = "";
  third.stdout.on("data", (data: Buffer) => (saidThen += data.toString()));
  await until("the lock after kill -9", () => saidThen.includes("locked"));
});

const canMount = process.getuid?.() === 0;
test.runIf(canMount)(
  "a full disk: turns go on, and all is written when there is room",
  async () => {
    const disk = join(folder(), "disk");
    mkdirSync(disk);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk]);
    if (mounted.status !== 0) throw new Error(`no tmpfs: ${mounted.stderr.toString()}`);
    afterwards(() => void spawnSync("umount", ["-l", disk]));
    const { journal, healths } = await open(disk, { reserveBytes: 512 * 1024 });
    expect(await journal.commit(turn(1))).toBe(true);
    const reserve = `${join(disk, "journal.sqlite")}.reserve`;
    await until("the reserve", () => sizeOf(reserve) === 512 * 1024);

    const fill = (name: string): void => {
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(join(disk, name), Buffer.alloc(bavail * bsize, 1));
    };
    fill("hog");
    let seq = 1;
    const commit = (): Promise<boolean> => {
      seq += 1;
      const big = { ...turn(seq) };
      for (const event of big.events) event.message = "x".repeat(20_000);
      return journal.commit(big);
    };
    // First the reserve is given up, so the worst hour is still written.
    const onReserve = await commit();
    await until("the alarm", () => healths.includes("full"));
    expect(onReserve).toBe(true);
    expect(sizeOf(reserve)).toBe(0);
    let refused = 0;
    const startedMs = performance.now();
    while (refused < 5 && seq < 500) if (!(await commit())) refused += 1;
    expect(refused).toBe(5);
    expect(performance.now() - startedMs).toBeLessThan(30_000);
    expect(journal.counts().rowsInMemory).toBeGreaterThanOrEqual(5);
    expect(healths.at(-1)).toBe("full");

    rmSync(join(disk, "hog"));
    await until("all rows on disk", () => journal.counts().rowsInMemory === 0);
    await until("the reserve again", () => sizeOf(reserve) === 512 * 1024);
    await until("health ok", () => healths.at(-1) === "ok");
    expect(await commit()).toBe(true);
    await journal.close();
    const found = inspect(join(disk, "journal.sqlite"));
    expect(found.seqs).toHaveLength(seq);
    expect(found.gaps).toBe(0);
    expect(found.undurable.length).toBeGreaterThanOrEqual(5);
    expect(found.integrity).toBe("ok");
  },
);

function sizeOf(path: string): number {
  const found = spawnSync("stat", ["-c", "%s", path], { encoding: "utf8" });
  return found.status === 0 ? Number(found.stdout) : 0;
}

const strace = (...inject: string[]): string[] => [
  "strace",
  ...["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync,pwrite64"],
  ...inject.flatMap((rule) => ["-e", `inject=${rule}`]),
];

test("a disk that takes 600 ms to sync: turns do not wait, and every event says so", async () => {
  const file = join(folder(), "journal.sqlite");
  const slow = strace("fdatasync,fsync:delay_exit=600000");
  const writer = aWriter(file, { before: slow, turns: 8 });
  expect(await writer.exited).toBe(0);
  const found = inspect(file);
  expect(writer.text()).toContain("health slow");
  expect(writer.numbers("undurable").length).toBeGreaterThan(0);
  expect(found.seqs).toHaveLength(8);
  expect(found.undurable).toEqual(writer.numbers("undurable"));
});

test.each([
  ["fsync,fdatasync", "EIO", 12],
  ["fsync,fdatasync", "EIO", 9],
  ["fsync,fdatasync", "EIO", 30],
  ["pwrite64", "EIO", 60],
  ["pwrite64", "ENOSPC", 60],
  ["pwrite64", "ENOSPC", 90],
])(
  "%s that fails once with %s, the %i-th: no crash, nothing called durable is lost",
  async (call, error, at) => {
    const file = join(folder(), "journal.sqlite");
    const failing = strace(`${call}:error=${error}:when=${at}`);
    const writer = aWriter(file, { before: failing, turns: 60 });
    const code = await writer.exited;
    // A failure while the file is being opened refuses the start, with the reason.
    if (!writer.text().includes("open ")) {
      expect(writer.errors()).toContain("journal_unusable");
      return;
    }
    expect(code).toBe(0);
    // Proof that the failure was met at all.
    expect(writer.text()).toContain("warning the journal cannot write");
    const found = inspect(file);
    expect(found).toMatchObject({ gaps: 0, integrity: "ok" });
    expect(found.seqs).toHaveLength(60);
    expect(found.undurable).toEqual(writer.numbers("undurable"));
  },
);
