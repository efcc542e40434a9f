/** The steps against a box that does not work, one after the other: until one of them cures it. */
import { expect } from "vitest";
import { long, slow } from "../setup/slow.ts";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, until } from "./facility.ts";

const { facility: aFacility } = closedAfterEach();
const quick = {
  driver: "aja-helo",
  polling: { normal: "1s" },
  timings: { bootMs: 2_000, initialiseMs: 1_000, powerUpActionMs: 2_000, rebootMs: 3_000 },
} as const;
const repairsOf = (facility: Facility, encoder: string) =>
  facility
    .told("encoder.repair")
    .map(({ message }) => message)
    .filter((message) => message.startsWith(`${encoder} `));

slow(
  "an understudy whose output fails gets a restart, then a reboot, and is back in the pool",
  { timeout: 900_000 },
  async () => {
    const facility = await aFacility({
      encoders: { c: quick, b: quick },
      encoder: { repair: "act" },
    });
    facility.startDaemon();
    await facility.untilOnAir("c");
    await facility.untilTold("encoder.benched", ({ message }) => message.startsWith("b/"));
    const publications = facility.publishers().length;
    const b = facility.helos["b"]!;
    // Somebody has set it to a server that is not there, and presses start whenever it is idle.
    b.set("StreamType", 0);
    b.set("RTMPServerURL", "rtmp://127.0.0.1:9/live");
    b.set("RTMPStreamName", "nothing");
    const letGo = b.faults.autoRecoverFighting(1_500);
    const bFails = "b says its output is failing";
    await until("the reboot of b", () => repairsOf(facility, "b").length === 2, 400_000);
    letGo();
    await until("b is well", () => repairsOf(facility, "b").length === 3, 400_000);
    expect(repairsOf(facility, "b")).toEqual([
      `${bFails}: a restart of it is under way`,
      `${bFails}: a reboot is under way`,
      "b is repaired: it has been ready for a minute, and is back in the pool",
    ]);
    expect([facility.onAir(), facility.overlapMs()]).toEqual(["c", 0]);
    expect(facility.publishers()).toHaveLength(publications);
  },
);

long(
  "the only box of a stream gets a reboot, then a power cycle",
  { timeout: 1_800_000 },
  async () => {
    const facility = await aFacility({
      encoders: { a: quick },
      pdu: "apc-2",
      encoder: { repair: "act" },
    });
    facility.startDaemon();
    await facility.untilOnAir("a");
    const first = await facility.untilTold("stream.onAir");
    const { faults } = facility.helos["a"]!;
    // Each start of it hangs.
    faults.freezeMedia();
    await until("the outlet of a is told", () => facility.pdu!.orders.length > 0, 600_000);
    faults.clearAll();
    // It boots, and after starts that failed the next one is up to 15 minutes away.
    await facility.untilTold("stream.onAir", ({ seq }) => seq > first.seq, 1_000_000);
    // Whether it says so itself at that moment, or only its starts show it.
    const aFails = "^a (brings no picture|says its output is failing)";
    expect(repairsOf(facility, "a")).toEqual([
      expect.stringMatching(`${aFails}: a reboot is under way$`),
      expect.stringMatching(`${aFails}: a power cycle is under way$`),
    ]);
    expect(facility.pdu!.orders).toHaveLength(1);
    expect([facility.onAir(), facility.overlapMs()]).toEqual(["a", 0]);
  },
);
