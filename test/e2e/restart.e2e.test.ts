/** The daemon ends, is ended or is started twice; the media it started must not notice. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { at } from "../setup/effort.ts";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, type FacilityOptions, kill, until } from "./facility.ts";

const { facility: aFacility } = closedAfterEach();

const ffmpeg = { driver: "ffmpeg" } as const;
/** Two streams with two encoders each; a second publisher is let in, so that a mistake shows. */
const twoStreams: FacilityOptions = {
  farEnd: { behaviour: "acceptBoth" },
  otherStreams: { second: { c: ffmpeg, d: ffmpeg } },
};
/** What is demanded is 5 s after the start; a busy machine is given five times that. */
const finishedWithinMs = 25_000;

test("a stopped daemon leaves the picture alone, and the next one takes it over as it is", async () => {
  const facility = await aFacility({ farEnd: { behaviour: "acceptBoth" } });
  const arrivals = watchPicture(facility);
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  const pid = facility.enginePid("a");
  for (let n = 1; n <= 5; n++) {
    expect(await facility.endDaemon("SIGTERM")).toBe(0);
    facility.startDaemon();
    await until(`start ${n + 1} told`, () => facility.told("site.started").length === n + 1);
    await until("the carrier is known", () => /"code":"ready".*main carried/.test(facility.log));
    facility.log = "";
    expect(facility.enginePid("a")).toBe(pid);
  }
  expect(facility.publishers()).toHaveLength(1);
  expect(facility.publishers()[0]?.endedAtMs).toBeNull();
  expect(facility.told("stream.takingOver")).toHaveLength(1);
  expect(arrivals.longestGapMs()).toBeLessThan(3_000);
});

test("a second daemon on one state directory leaves with code 4 and names the first", async () => {
  const facility = await aFacility();
  facility.startDaemon();
  await facility.untilOnAir("a");
  const first = facility.daemon.pid;
  const second = spawnSync(process.execPath, ["dist/daemon.cjs", "--config", facility.configFile], {
    encoding: "utf8",
    timeout: 30_000,
  });
  expect(second.status).toBe(4);
  expect(second.stdout + second.stderr).toContain(`in use by the daemon with pid ${first}`);
  expect(facility.onAir()).toBe("a");
  expect(facility.publishers()).toHaveLength(1);
});

/** Where in a failover the daemon is killed: after this event of the new incident, or so late. */
type Moment = { name: string; reached: (facility: Facility) => boolean | Promise<boolean> };
const after = (type: string, name: string): Moment => ({
  name,
  reached: (facility) => facility.told(type).some((t) => t.seq > beforeFault(facility)),
});
const faultAt = new WeakMap<Facility, number>();
const beforeFault = (facility: Facility) => faultAt.get(facility) ?? 0;

const namedMoments: Moment[] = [
  { name: "before it has seen the exit", reached: () => true },
  after("stream.incident", "when the exit is journalled"),
  after("stream.fenced", "when the fence is proven"),
  after("key.granted", "when the backup has the key"),
  {
    name: "when the backup was started and is not confirmed",
    reached: (facility) => facility.onAir() === "b",
  },
  after("stream.onAir", "when the backup is confirmed"),
];
const moments = at({
  check: namedMoments.slice(0, 1),
  test: namedMoments,
  torture: [...namedMoments, ...Array.from({ length: 50 }, () => randomMoment())],
});

function randomMoment(): Moment {
  const delayMs = Math.round(Math.random() * 1_200);
  return {
    name: `${delayMs} ms after the fault`,
    reached: () => new Promise((resolve) => setTimeout(() => resolve(true), delayMs)),
  };
}

test.each(moments)(
  "kill -9 of the daemon $name: the failover is finished, with one owner",
  async ({ reached }) => {
    const facility = await aFacility(twoStreams);
    facility.startDaemon();
    await facility.untilOnAir("a");
    await facility.untilOnAir("c", 60_000, "second");
    await until("both told", () => facility.told("stream.onAir").length === 2);
    const other = facility.enginePid("c");

    faultAt.set(facility, facility.told().at(-1)?.seq ?? 0);
    kill(facility.enginePid("a"));
    await until("the moment", () => reached(facility));
    await facility.endDaemon("SIGKILL");

    const restartedAtMs = performance.now();
    facility.log = "";
    facility.startDaemon();
    await until(
      "b carries, and says so",
      () =>
        facility.log.includes('"code":"site.started"') &&
        facility.onAir() === "b" &&
        facility.told("stream.onAir").some((t) => t.seq > beforeFault(facility)),
      finishedWithinMs,
    );
    console.log(`finished ${Math.round(performance.now() - restartedAtMs)} ms after the restart`);
    expect(facility.overlapMs()).toBe(0);
    expect(facility.publishers().filter((p) => p.endedAtMs === null)).toHaveLength(1);
    expect(facility.enginePid("c")).toBe(other);
    expect(facility.publishers("second")).toHaveLength(1);
    expect(facility.publishers("second")[0]?.endedAtMs).toBeNull();
    // One run may ask again for what another began, but nobody gets the key twice.
    const granted = facility.told("key.granted").filter((t) => t.seq > beforeFault(facility));
    expect(granted.map((t) => t.data["encoder"])).toEqual(["b"]);
  },
);

/** The longest time without a frame since the first one, measured where the picture arrives. */
function watchPicture(facility: Facility) {
  let lastAtMs: number | undefined;
  let longestMs = 0;
  facility.farEnd.onMedia(() => {
    const nowMs = performance.now();
    if (lastAtMs !== undefined) longestMs = Math.max(longestMs, nowMs - lastAtMs);
    lastAtMs = nowMs;
  });
  return {
    longestGapMs: () =>
      lastAtMs === undefined ? Infinity : Math.max(longestMs, performance.now() - lastAtMs),
  };
}
