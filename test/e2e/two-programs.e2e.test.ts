import { afterEach, expect, test } from "vitest";
import { Facility, kill, until } from "./facility.ts";
import { carriers, expectOffAirTold, offAirMs, untilIncident } from "./off-air.ts";

/** Demanded of ours: 0.5 s; the program's own start comes on top. */
const offAirLimitMs = 5 * 2_000;

let facility: Facility;
afterEach(() => facility.close());

async function onAir(a: "ffmpeg" | "gstreamer", b: "ffmpeg" | "gstreamer"): Promise<void> {
  facility = await Facility.build({
    encoders: { a: { driver: a }, b: { driver: b } },
    farEnd: { behaviour: "acceptBoth" },
  });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
}

test("a GStreamer encoder takes over from an ffmpeg encoder that was killed", async () => {
  await onAir("ffmpeg", "gstreamer");
  kill(facility.enginePid("a"));
  await facility.untilOnAir("b");
  const incident = await untilIncident(facility, "tookOver");

  expect(incident).toMatchObject({ cause: "processExited", from: "a", to: "b" });
  expect(incident.certificate).toMatchObject({ level: 2, encoder: "a" });
  expect(offAirMs(facility)).toBeLessThan(offAirLimitMs);
  expectOffAirTold(incident, offAirMs(facility));
  expect(facility.overlapMs()).toBe(0);
  expect(carriers(facility)).toHaveLength(2);
});

test("an ffmpeg encoder takes over from a GStreamer encoder that froze, once that is dead", async () => {
  await onAir("gstreamer", "ffmpeg");
  const frozenAtMs = Date.now();
  kill(facility.enginePid("a"), "SIGSTOP");
  const suspect = await facility.untilTold("stream.suspect");
  expect(Date.now() - frozenAtMs).toBeLessThan(5 * 300);
  expect(suspect.data).toMatchObject({ cause: "frozen", encoder: "a" });

  await facility.untilOnAir("b");
  const incident = await untilIncident(facility, "tookOver");
  expect(incident).toMatchObject({ from: "a", to: "b" });
  expect(incident.certificate).toMatchObject({ level: 2, encoder: "a" });
  expect(offAirMs(facility)).toBeGreaterThan(1_800);
  expect(offAirMs(facility)).toBeLessThan(2_000 + offAirLimitMs);
  const [a, b] = carriers(facility);
  expect(b!.connectedAtMs).toBeGreaterThan(a!.endedAtMs!);
  expect(facility.overlapMs()).toBe(0);
});

test("a GStreamer encoder on air goes on while the daemon is killed and comes back", async () => {
  await onAir("gstreamer", "ffmpeg");
  const pid = facility.enginePid("a");
  await facility.endDaemon("SIGKILL");
  facility.log = "";
  facility.startDaemon();
  await until("a second start", () => facility.told("site.started").length === 2);
  await until("the carrier is known", () => /"code":"ready".*main carried/.test(facility.log));
  const frames = facility.publishers()[0]!.videoFrames;
  await until("more pictures", () => facility.publishers()[0]!.videoFrames > frames + 60);
  expect(facility.enginePid("a")).toBe(pid);
  expect(facility.told("stream.takingOver")).toHaveLength(1);
  expect(facility.publishers()).toHaveLength(1);
});
