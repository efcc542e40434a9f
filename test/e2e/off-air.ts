/** The length of a fault, by the far end's own records and by the journal's incident. */
import { expect } from "vitest";
import type { PublisherRecord } from "../fakes/rtmp-far-end/publications.ts";
import type { Incident } from "../../machines/stream/stream.contract.ts";
import type { Facility } from "./facility.ts";

/** The newest record of each incident, oldest incident first. */
export function incidents(facility: Facility): Incident[] {
  const newest = new Map<string, Incident>();
  for (const { data } of facility.told("stream.incident")) {
    const incident = data["incident"] as Incident;
    newest.set(incident.id, incident);
  }
  return [...newest.values()];
}

/** Waits for the incident that came to this outcome. */
export async function untilIncident(
  facility: Facility,
  outcome: Incident["outcome"],
  withinMs = 60_000,
): Promise<Incident> {
  const { data } = await facility.untilTold(
    "stream.incident",
    (told) => (told.data["incident"] as Incident).outcome === outcome,
    withinMs,
  );
  return data["incident"] as Incident;
}

/** Those who were let in and sent a picture. */
export function carriers(facility: Facility): PublisherRecord[] {
  return facility.publishers().filter((record) => record.firstMediaAtMs !== null);
}

/** From the last media of the one before to the first media of the last one, ms. */
export function offAirMs(facility: Facility): number {
  const [before, after] = carriers(facility).slice(-2);
  if (!before || !after) throw new Error("there was no takeover");
  return after.firstMediaAtMs! - before.lastMediaAtMs!;
}

/**
 * The incident's segments add up to its off-air time, and that is what the far end saw. The far
 * end is looked at every 500 ms, so each of its two ends may be off by a look and a busy host.
 */
export function expectOffAirTold(incident: Incident, measuredMs: number): void {
  const { detectMs, decideMs, fenceMs, startMs, confirmMs } = incident.segments;
  const parts = [detectMs, decideMs, fenceMs, startMs, confirmMs];
  for (const part of parts) expect(part).toBeGreaterThanOrEqual(0);
  const sum = parts.reduce<number>((total, part) => total + (part ?? Number.NaN), 0);
  expect(Math.abs(sum - (incident.offAirMs ?? Number.NaN))).toBeLessThanOrEqual(5);
  expect(Math.abs((incident.offAirMs ?? Number.NaN) - measuredMs)).toBeLessThan(3_000);
}
