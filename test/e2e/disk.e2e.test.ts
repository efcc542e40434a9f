/** The disk is full, or slow: the picture comes first, and the journal catches up. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { kill, until } from "./facility.ts";

const { facility: aFacility, keep } = closedAfterEach();
const mayMount = process.getuid?.() === 0;

/** A file system of this size, of its own. */
function aSmallDisk(sizeMiB: number) {
  const folder = mkdtempSync(join(tmpdir(), "understudy-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMiB}m`, "understudy-test", folder]);
  const filler = join(folder, "filler");
  let fd: number | undefined;
  return keep({
    folder,
    /** To the last byte; answers how many went in. */
    fill(): number {
      fd ??= openSync(filler, "a");
      let bytes = 0;
      for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 2)) {
        const block = Buffer.alloc(size, 0x42);
        try {
          for (;;) bytes += writeSync(fd, block);
        } catch (cause) {
          if ((cause as NodeJS.ErrnoException).code !== "ENOSPC") throw cause;
        }
      }
      return bytes;
    },
    empty(): void {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
      rmSync(filler, { force: true });
    },
    async close() {
      await Promise.resolve();
      execFileSync("umount", ["-l", folder]);
      rmSync(folder, { recursive: true });
    },
  });
}

test.runIf(mayMount).each([
  { name: "full", again: false },
  { name: "full, and full again when the reserve was given up", again: true },
])(
  "a disk that is $name: the understudy takes over, the alarm is raised, and it ends by itself",
  async ({ again }) => {
    const disk = aSmallDisk(64);
    const facility = await aFacility({
      farEnd: { behaviour: "acceptBoth" },
      stateDir: join(disk.folder, "state"),
    });
    facility.startDaemon();
    await facility.untilOnAir("a");
    await facility.untilTold("stream.onAir");

    disk.fill();
    await until("the alarm", () => facility.log.includes("the disk is full"));
    if (again) expect(disk.fill()).toBeGreaterThan(0);
    const killedAtMs = performance.now();
    kill(facility.enginePid("a"));
    await facility.untilOnAir("b");
    console.log(`b on air ${Math.round(performance.now() - killedAtMs)} ms after the kill`);
    expect(facility.overlapMs()).toBe(0);

    disk.empty();
    await until("written again", () => facility.log.includes("the journal is written again"));
    await until("nothing waits", () => facility.told("stream.onAir").length >= 2);
    const told = facility.told();
    expect(told.map((t) => t.seq)).toEqual(told.map((_, n) => n + 1));
    expect(told.filter((t) => t.type === "site.journal").map((t) => t.data["journal"])).toEqual(
      expect.arrayContaining(["full", "ok"]),
    );
    if (again) expect(told.some((t) => t.undurable)).toBe(true);
    expect(facility.daemon.exitCode).toBeNull();
  },
);

test("a disk that takes 300 ms for each sync: the understudy takes over, and all is written later", async () => {
  const facility = await aFacility({
    farEnd: { behaviour: "acceptBoth" },
    wrap: [
      ...["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"],
      ...["-e", "inject=fsync,fdatasync:delay_exit=300000"],
    ],
  });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  const killedAtMs = performance.now();
  kill(facility.enginePid("a"));
  await facility.untilOnAir("b");
  console.log(`b on air ${Math.round(performance.now() - killedAtMs)} ms after the kill`);
  await until("it is on disk", () => facility.told("stream.onAir").length >= 2);
  const told = facility.told();
  expect(told.map((t) => t.seq)).toEqual(told.map((_, n) => n + 1));
  expect(told.some((t) => t.type === "site.journal" && t.data["journal"] === "slow")).toBe(true);
  expect(told.some((t) => t.undurable)).toBe(true);
  expect(facility.overlapMs()).toBe(0);
});
