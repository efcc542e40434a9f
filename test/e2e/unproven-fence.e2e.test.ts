import { afterEach, describe, expect, test } from "vitest";
import { Facility, type FacilityOptions, until } from "./facility.ts";
import { carriers, expectOffAirTold, offAirMs, untilIncident } from "./off-air.ts";

const helo = { driver: "aja-helo", polling: { normal: "1s" } } as const;
const encoders = { a: helo, b: helo };

let facility: Facility;
afterEach(() => facility.close());

/**
 * HELO `a` is on air, its picture stands still and its web server refuses: it may still hold the
 * key. The far end would let a second publisher in, so that a split brain must show.
 */
async function outOfReachAndStalled(destination: FacilityOptions["destination"] = {}) {
  facility = await Facility.build({
    encoders,
    farEnd: { behaviour: "acceptBoth" },
    destination: { fenceTimeout: "4s", ...destination },
  });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  const { faults } = facility.helos["a"]!;
  const reach = faults.unreachable();
  const thaw = faults.freezeMedia();
  return { a: facility.helos["a"]!, reach, thaw };
}
const takeovers = () => facility.told("stream.takingOver").length - 1;
const liveNow = () => facility.publishers().filter((record) => record.endedAtMs === null).length;

async function untilAPersonIsCalled() {
  await facility.untilTold("stream.fenceUnproven");
  await facility.untilTold("stream.needsHuman");
  expect(takeovers()).toBe(0);
  expect(liveNow()).toBe(1);
}

describe("a HELO that is out of reach and may still publish", () => {
  test("holds the backup back and calls a person; reachable again it is stopped and replaced", async () => {
    const { a, reach } = await outOfReachAndStalled();
    await untilAPersonIsCalled();
    reach();
    await facility.untilOnAir("b");
    const incident = await untilIncident(facility, "tookOver");
    expect(incident.certificate).toMatchObject({ level: 1, encoder: "a" });
    expectOffAirTold(incident, offAirMs(facility));
    expect(facility.overlapMs()).toBe(0);

    await facility.untilTold("encoder.benched", ({ message }) => message.startsWith("a/"));
    for (const id of ["RTMPServerURL", "RTMPStreamName", "RTMPServerURL_1", "RTMPStreamName_1"])
      expect(a.get(id)).toBe("");
    a.pressStart();
    await a.until("ReplicatorStreamState", "3");
    expect(liveNow()).toBe(1);
  });

  test("goes on carrying when its picture comes back by itself", async () => {
    const { thaw } = await outOfReachAndStalled();
    await untilAPersonIsCalled();
    thaw();
    const incident = await untilIncident(facility, "recovered");
    expect(incident).toMatchObject({ from: "a", to: null });
    expect(facility.onAir()).toBe("a");
    expect(takeovers()).toBe(0);
    expect(carriers(facility)).toHaveLength(1);
  });

  test("is replaced when the far end saw no publisher for 30 s; coming back it is stopped and emptied", async () => {
    const { a, reach, thaw } = await outOfReachAndStalled();
    await untilAPersonIsCalled();
    facility.farEnd.kick(facility.streamKey());
    await facility.untilOnAir("b", 90_000);
    const incident = await untilIncident(facility, "tookOver");
    expect(incident.certificate).toMatchObject({ level: 3, encoder: "a" });
    const [before, after] = carriers(facility).slice(-2);
    expect(after!.connectedAtMs - before!.endedAtMs!).toBeGreaterThan(30_000);
    expect(facility.overlapMs()).toBe(0);

    // Somebody presses the button at the box that nobody could reach: it still has the key.
    thaw();
    await a.until("ReplicatorStreamState", "4");
    a.pressStart();
    await until("the box publishes too", () => liveNow() === 2);
    reach();
    await facility.untilTold("encoder.rogue");
    await until("one publisher again", () => liveNow() === 1);
    await facility.untilOnAir("b");
    await facility.untilTold("encoder.benched", ({ message }) => message.startsWith("a/"));
    for (const id of ["RTMPServerURL", "RTMPStreamName", "RTMPServerURL_1", "RTMPStreamName_1"])
      expect(a.get(id)).toBe("");
  }, 150_000);

  test("is left behind where the configuration allows to go on without proof, and that is journalled", async () => {
    await outOfReachAndStalled({ allowUnproven: true });
    await facility.untilTold("stream.fenceUnproven");
    expect(takeovers()).toBe(0);
    await facility.untilOnAir("b");
    const fenced = facility.told("stream.fenced").at(-1)!;
    expect(fenced.message).toMatch(/going on without proof \(allowUnproven, configuration\)/);
    expect(fenced.data["unproven"]).toMatchObject({ kind: "allowUnproven" });
    const incident = await untilIncident(facility, "tookOver");
    expect(incident).toMatchObject({ from: "a", to: "b", certificate: null });
  });
});
