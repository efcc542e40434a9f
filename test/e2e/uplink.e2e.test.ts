import { afterEach, expect, test } from "vitest";
import { startFarEnd } from "../fakes/rtmp-far-end/far-end.ts";
import { Facility, type FacilityOptions, kill, until } from "./facility.ts";
import { carriers, expectOffAirTold, offAirMs, untilIncident } from "./off-air.ts";

let facility: Facility;
afterEach(() => facility.close());

async function facilityOnAir(options: FacilityOptions = {}): Promise<Facility> {
  facility = await Facility.build({ farEnd: { behaviour: "acceptBoth" }, ...options });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  return facility;
}
const takeovers = () => facility.told("stream.takingOver").length - 1;

test("an uplink that takes almost nothing is the network's fault: nobody takes over", async () => {
  const { farEnd } = await facilityOnAir();
  const pid = facility.enginePid("a");
  // Of 45 kB a second: pictures still arrive, later and later.
  farEnd.throttle(facility.streamKey(), 10_000);
  const suspect = await facility.untilTold(
    "stream.suspect",
    ({ data }) => data["cause"] === "network",
  );
  expect(suspect.message).toMatch(/the network does not take what it sends/);
  // Well past the 2 s after which a freeze would commit.
  const sinceMs = performance.now();
  await until("ten seconds of it", () => performance.now() - sinceMs > 10_000);
  expect(takeovers()).toBe(0);
  farEnd.throttle(facility.streamKey(), undefined);
  await facility.untilTold(
    "stream.carrier",
    ({ seq, message }) => seq > suspect.seq && message.includes("fine again"),
  );
  const { videoFrames } = carriers(facility)[0]!;
  await until("more pictures", () => carriers(facility)[0]!.videoFrames > videoFrames + 45);
  expect(facility.enginePid("a")).toBe(pid);
  expect(takeovers()).toBe(0);
  expect(carriers(facility)).toHaveLength(1);
});

test("a far end that keeps the dead session is asked again, on the same proof, until it lets go", async () => {
  const { farEnd } = await facilityOnAir({ farEnd: { behaviour: "refuseSecond" } });
  farEnd.setGhostSession(6_000);
  kill(facility.enginePid("a"));
  await facility.untilOnAir("b");
  const incident = await untilIncident(facility, "tookOver");
  const refused = facility.publishers().filter((record) => record.endedBecause === "refused");
  expect(refused.length).toBeGreaterThan(0);
  expect(facility.told("stream.fenced")).toHaveLength(2);
  expect(incident.certificate).toMatchObject({ level: 2, encoder: "a" });
  expect(facility.told("stream.needsHuman")).toEqual([]);
  expectOffAirTold(incident, offAirMs(facility));
  expect(facility.overlapMs()).toBe(0);
});

test("nobody can see the far end: a moving encoder stays, a dead one is replaced on its own word", async () => {
  const { farEnd } = await facilityOnAir({
    observers: [{ kind: "nginx-rtmp", statisticsUrl: "http://127.0.0.1:1/stat", app: "live" }],
  });
  expect(facility.told("stream.carriage")).toEqual([]);
  const { videoFrames } = carriers(facility)[0]!;
  await until("more pictures", () => carriers(facility)[0]!.videoFrames > videoFrames + 75);
  expect(takeovers()).toBe(0);
  kill(facility.enginePid("a"));
  await facility.untilOnAir("b");
  const incident = await untilIncident(facility, "tookOver");
  expect(incident.timeline.at(-1)!.what).toMatch(/b says it is streaming/);
  expectOffAirTold(incident, offAirMs(facility));
  expect(farEnd.overlapMs(facility.streamKey())).toBe(0);
});

test("with two addresses the loss of one leg never touches the other, and the leg comes back", async () => {
  const second = await startFarEnd({ behaviour: "refuseSecond" });
  try {
    await facilityOnAir({
      farEnd: { behaviour: "refuseSecond" },
      destination: { takeover: "primaryBackup", backupAddress: second.rtmpUrl },
    });
    const backup = () => second.publishers(facility.streamKey());
    await until("the backup leg", () => backup()[0]?.videoFrames);
    for (const leg of ["main:", "main-backup:"]) {
      await facility.untilTold("stream.onAir", ({ message }) => message.startsWith(leg));
    }
    kill(facility.enginePid("a"));
    await until("the primary leg again", () => carriers(facility).length === 2);
    kill(facility.enginePid("b"));
    await until(
      "the backup leg again",
      () => backup().length === 2 && backup()[1]!.videoFrames > 0,
    );
    expect(carriers(facility)).toHaveLength(2);
    expect(backup()).toHaveLength(2);
  } finally {
    await second.close();
  }
});
