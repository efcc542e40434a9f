/** The disk is full, or slow: the picture comes first, and the journal catches up. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { kill, until } from "./facility.ts";
import { aSmallDisk } from "./small-disk.ts";

const { facility: aFacility, keep } = closedAfterEach();
/** A loaded host is slow in everything; what must not wait for the disk does not wait this long. */
const takeoverWithinMs = 15_000;

test.each([
  { name: "full", again: false },
  { name: "full, and full again when the reserve was given up", again: true },
])(
  "a disk that is $name: the understudy takes over, the alarm is raised, and it ends by itself",
  async ({ again }) => {
    const disk = keep(aSmallDisk(64));
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
    expect(performance.now() - killedAtMs).toBeLessThan(takeoverWithinMs);
    expect(facility.overlapMs()).toBe(0);
    // Or its end is only guessed from its silence, which takes longer.
    const exit = join(facility.stateDir, "encoders/a/engines/stream-1/exit");
    expect(readFileSync(exit, "utf8").trim().split(" ")[1]).toBe("137");

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

test("a disk that takes 300 ms for each sync: the understudy takes over, all is written later, and it is well when the disk is", async () => {
  const facility = await aFacility({
    farEnd: { behaviour: "acceptBoth" },
    wrap: [
      // -D: the tracer is no parent of the daemon, which goes on without it.
      ...["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"],
      ...["-e", "inject=fsync,fdatasync:delay_exit=300000"],
    ],
  });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  const killedAtMs = performance.now();
  kill(facility.enginePid("a"));
  await facility.untilOnAir("b");
  expect(performance.now() - killedAtMs).toBeLessThan(takeoverWithinMs);
  await until("it is on disk", () => facility.told("stream.onAir").length >= 2);
  const told = facility.told();
  expect(told.map((t) => t.seq)).toEqual(told.map((_, n) => n + 1));
  expect(told.some((t) => t.type === "site.journal" && t.data["journal"] === "slow")).toBe(true);
  expect(told.some((t) => t.undurable)).toBe(true);
  expect(facility.overlapMs()).toBe(0);

  const healths = () => facility.told("site.journal").map((t) => t.data["journal"]);
  expect(healths().at(-1)).toBe("slow");
  process.kill(tracerOf(facility.daemon.pid!), "SIGTERM");
  await until("the journal is well again", () => healths().at(-1) === "ok", 60_000);
  expect(facility.daemon.exitCode).toBeNull();
  expect(facility.onAir()).toBe("b");
});

/** Who makes the disk of this process slow. */
function tracerOf(pid: number): number {
  const tracer = /^TracerPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (!Number(tracer)) throw new Error(`nobody traces ${pid}`);
  return Number(tracer);
}
