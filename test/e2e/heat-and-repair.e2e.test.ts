/** Boxes that get too hot, and boxes that are broken while they carry nothing. */
import { expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { untilIncident } from "./off-air.ts";
import { long } from "../setup/slow.ts";

const { facility: aFacility } = closedAfterEach();
const quick = {
  driver: "aja-helo",
  polling: { normal: "1s" },
  timings: { bootMs: 2_000, initialiseMs: 1_000, powerUpActionMs: 2_000, rebootMs: 3_000 },
} as const;

test("a HELO on air at 82.5 °C is asked less, then relieved by the other, and only then turned down", async () => {
  const facility = await aFacility({ encoders: { a: quick, b: quick } });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  const a = facility.helos["a"]!;
  const full = Number(a.get("StreamingVideoBitrate_1"));
  a.faults.overTemperature("near");
  const step = (n: number) =>
    facility.untilTold("encoder.thermal", ({ data }) => data["step"] === n, 90_000);
  expect((await step(1)).message).toContain("it is asked half as often");
  expect(facility.onAir()).toBe("a");
  const second = await step(2);
  const incident = await untilIncident(facility, "tookOver");
  expect(incident).toMatchObject({ cause: "heat", from: "a", to: "b" });
  await facility.untilOnAir("b");
  const granted = facility.told("key.granted").at(-1)!;
  expect(granted.message).toContain("b holds the key");
  expect(granted.seq).toBeLessThan(second.seq);
  await until("it works at 80 %", () => Number(a.get("StreamingVideoBitrate_1")) === 0.8 * full);
  expect(facility.overlapMs()).toBe(0);
});

test(
  "an understudy that hangs is power cycled, boots, and is back in the pool; the picture stays",
  { timeout: 400_000 },
  async () => {
    const facility = await aFacility({
      encoders: { a: quick, b: quick },
      pdu: "apc-2",
      encoder: { repair: "act" },
    });
    facility.startDaemon();
    await facility.untilOnAir("a");
    await facility.untilTold("stream.onAir");
    const before = facility.publishers().length;
    const cured = facility.helos["b"]!.faults.hang();
    await until("the outlet is told", () => facility.pdu!.orders.length > 0, 200_000);
    cured();
    const told = () => facility.told("encoder.repair").map(({ message }) => message);
    await until("it is back", () => told().length === 2, 150_000);
    expect(told()).toEqual([
      "b does not answer: a power cycle is under way",
      "b is repaired: it has been ready for a minute, and is back in the pool",
    ]);
    expect(facility.pdu!.orders).toHaveLength(1);
    expect(facility.publishers()).toHaveLength(before);
    expect(facility.onAir()).toBe("a");
  },
);

long(
  "the only HELO hangs and its line is dead: it is power cycled, and carries its programme again",
  { timeout: 400_000 },
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
    faults.hang();
    faults.cutMedia();
    await until("the outlet is told", () => facility.pdu!.orders.length > 0, 200_000);
    // What hung begins anew with its power.
    faults.clearAll();
    await facility.untilTold("stream.onAir", ({ seq }) => seq > first.seq, 120_000);
    expect(facility.onAir()).toBe("a");
    expect(facility.told("encoder.repair").map(({ message }) => message)).toEqual([
      "a does not answer: a power cycle is under way",
    ]);
    expect(facility.pdu!.orders).toHaveLength(1);
    expect(facility.overlapMs()).toBe(0);
  },
);
