/** A HELO that cannot be proven off in any other way loses its power, and gets it back. */
import { afterEach, describe, expect, test } from "vitest";
import { Facility, type FacilityOptions, until } from "./facility.ts";
import { expectOffAirTold, offAirMs, untilIncident } from "./off-air.ts";
import { at } from "../setup/effort.ts";

const quick = {
  driver: "aja-helo",
  polling: { normal: "1s" },
  timings: { bootMs: 2_000, initialiseMs: 1_000, powerUpActionMs: 2_000 },
} as const;
const encoders = { a: quick, b: quick };

let facility: Facility;
afterEach(() => facility.close());

/** HELO `a` is on air; then its cable to the network is pulled, and its picture is gone. */
async function pulledOffTheNetwork(options: FacilityOptions = {}) {
  facility = await Facility.build({
    encoders,
    pdu: "apc-2",
    farEnd: { behaviour: "acceptBoth" },
    ...options,
  });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  const a = facility.helos["a"]!;
  const plug = a.faults.unreachable();
  facility.farEnd.kick(facility.streamKey());
  a.faults.freezeMedia();
  return { a, plug };
}
const power = () => facility.told("encoder.power").map(({ data }) => data["power"]);

const pdus = ["apc-2", "raritan", "apc-1", "sentry3"] as const;

describe.each(pdus.slice(0, at({ check: 1, test: 2, torture: 4 })))("behind a PDU: %s", (pdu) => {
  test("the box loses its power, the backup is on air long before 30 s, nobody overlaps", async () => {
    const { a } = await pulledOffTheNetwork({ pdu });
    await facility.untilOnAir("b");
    const incident = await untilIncident(facility, "tookOver");
    expect(incident.certificate).toMatchObject({
      level: 4,
      encoder: "a",
      evidence: ["outlet outlet-a is off, read back (spoofable)"],
    });
    expect(a.power.state()).toBe("off");
    expect(offAirMs(facility)).toBeLessThan(28_000);
    expectOffAirTold(incident, offAirMs(facility));
    expect(facility.overlapMs()).toBe(0);
  });
});

test("with its power back the box publishes nothing, though it was set to stream at power-up meanwhile; it loses the key", async () => {
  const { a, plug } = await pulledOffTheNetwork();
  await facility.untilOnAir("b");
  // Nobody can read that any more: it was last read to start nothing by itself.
  a.set("PowerUpState", 2);
  const publications = () => facility.publishers().filter((p) => p.address.startsWith(a.host));
  const before = publications().length;
  plug();
  await until("the outlet is on again", () => power().includes("on"), 90_000);
  await facility.untilTold("encoder.benched", ({ message }) => message.startsWith("a/"));
  for (const id of ["RTMPServerURL", "RTMPStreamName", "RTMPServerURL_1", "RTMPStreamName_1"]) {
    expect(a.get(id)).toBe("");
  }
  // Either its power-up action was off in time, or it had nowhere to stream to (alarm raised).
  const isOver = () =>
    a.get("PowerUpState") === "0" || a.get("StreamingFailedAlarm").startsWith("CAE");
  await until("its power-up action is over", isOver, 60_000);
  expect(publications()).toHaveLength(before);
  expect(power()).toEqual(["cut", "on"]);
  expect(facility.overlapMs()).toBe(0);
});

test("the plug was moved: an outlet of another name is not touched, and says so", async () => {
  await pulledOffTheNetwork({ outletNames: { a: "core switch" } });
  const told = await facility.untilTold("encoder.power", ({ data }) => data["power"] === "unknown");
  expect(told.message).toContain('is named "core switch" in its PDU, not "a"');
  expect(facility.pdu!.orders).toEqual([]);
});

test("the daemon is killed between the cut and the takeover: the next one goes on", async () => {
  await pulledOffTheNetwork();
  await until("the outlet is cut", () => facility.pdu!.orders.length > 0);
  await facility.endDaemon("SIGKILL");
  facility.startDaemon();
  await facility.untilOnAir("b");
  await untilIncident(facility, "tookOver");
  expect(facility.overlapMs()).toBe(0);
});
