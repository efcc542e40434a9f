import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { at } from "../setup/effort.ts";
import { Facility, kill, until } from "./facility.ts";
import { carriers, expectOffAirTold, offAirMs, untilIncident } from "./off-air.ts";

const rounds = at({ check: 1, test: 1, torture: 100 });
const roundMs = 60_000;
/** Demanded of ours: 0.5 s; ffmpeg's own start comes on top. */
const offAirLimitMs = 5 * 1_500;

let facility: Facility;
afterEach(() => facility.close());

/** Two software encoders on a far end where a second publisher would be let in, and be seen. */
async function twoSoftwareEncoders(): Promise<Facility> {
  facility = await Facility.build({ farEnd: { behaviour: "acceptBoth" } });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  return facility;
}

test(
  "the backup is on air after kill -9 of the encoder on air, and the incident says how long it took",
  async () => {
    for (let round = 0; round < rounds; round += 1) {
      const { farEnd } = await twoSoftwareEncoders();
      kill(facility.enginePid("a"));
      await facility.untilOnAir("b");
      const incident = await untilIncident(facility, "tookOver");

      expect(incident).toMatchObject({ cause: "processExited", from: "a", to: "b" });
      expect(incident.certificate).toMatchObject({ level: 2, encoder: "a" });
      expect(offAirMs(facility)).toBeLessThan(offAirLimitMs);
      expectOffAirTold(incident, offAirMs(facility));
      expect(farEnd.overlapMs(facility.streamKey())).toBe(0);
      expect(carriers(facility)).toHaveLength(2);
      if (round < rounds - 1) await facility.close();
    }
  },
  rounds * roundMs,
);

test(
  "a frozen encoder is suspect at once, replaced after the freeze time, and dead before the next starts",
  async () => {
    for (let round = 0; round < rounds; round += 1) {
      await twoSoftwareEncoders();
      const pid = facility.enginePid("a");
      const frozenAtMs = Date.now();
      kill(pid, "SIGSTOP");
      const suspect = await facility.untilTold("stream.suspect");
      // 250 ms are demanded of the driver; the journal's own clock is not in the event's body.
      expect(Date.now() - frozenAtMs).toBeLessThan(5 * 300);
      expect(suspect.data).toMatchObject({ cause: "frozen", encoder: "a" });
      expect(facility.told("stream.takingOver")).toHaveLength(1);

      await facility.untilOnAir("b");
      const incident = await untilIncident(facility, "tookOver");
      expect(incident).toMatchObject({ from: "a", to: "b" });
      expect(incident.certificate).toMatchObject({ level: 2, encoder: "a" });
      // 2 s by the evidence at hand when it froze, which is up to one stats period old.
      expect(incident.segments.detectMs! + incident.segments.decideMs!).toBeGreaterThan(1_800);
      expect(offAirMs(facility)).toBeGreaterThan(1_800);
      expect(offAirMs(facility)).toBeLessThan(2_000 + offAirLimitMs);
      expectOffAirTold(incident, offAirMs(facility));
      expect(isAlive(pid)).toBe(false);
      const [a, b] = carriers(facility);
      expect(b!.connectedAtMs).toBeGreaterThan(a!.endedAtMs!);
      expect(facility.overlapMs()).toBe(0);
      if (round < rounds - 1) await facility.close();
    }
  },
  rounds * roundMs,
);

test("an encoder that goes on within the freeze time keeps the stream", async () => {
  await twoSoftwareEncoders();
  const pid = facility.enginePid("a");
  kill(pid, "SIGSTOP");
  await facility.untilTold("stream.suspect");
  kill(pid, "SIGCONT");
  await facility.untilTold("stream.carrier", ({ message }) => message.includes("fine again"));
  const framesBefore = carriers(facility)[0]!.videoFrames;
  await until("more pictures", () => carriers(facility)[0]!.videoFrames > framesBefore + 45);
  expect(facility.onAir()).toBe("a");
  expect(facility.enginePid("a")).toBe(pid);
  expect(facility.told("stream.takingOver")).toHaveLength(1);
  expect(carriers(facility)).toHaveLength(1);
});

function isAlive(pid: number): boolean {
  try {
    const state = readFileSync(join("/proc", String(pid), "stat"), "utf8").split(") ")[1];
    return state?.[0] !== "Z";
  } catch {
    return false;
  }
}
