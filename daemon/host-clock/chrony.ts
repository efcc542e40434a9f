import type { ClockKeeper } from "../../machines/site/host-clock.ts";

/** Nobody, and this host's own clock: reference ids that are no time server. */
const nobody = "00000000";
const ownClock = "7F7F0101";
const fieldCount = 14;

/**
 * What `chronyc -c tracking` prints: reference id, name, stratum, time of the last update, offset,
 * last offset, RMS offset, frequency, residual frequency, skew, root delay, root dispersion, update
 * interval, leap status. The offset is positive where this host is *behind* (chrony 4.3: 3.2 in the
 * list is "3.2 seconds slow" in its prose).
 * @returns undefined for anything else
 */
export function readTracking(text: string, wallMs: number): ClockKeeper | undefined {
  const fields = text.trim().split(",");
  const [id, name, , update, behind, , , , , , delay, dispersion, , leap] = fields;
  if (fields.length !== fieldCount || id === undefined || leap === undefined) return undefined;
  const [updateS, behindS, delayS, dispersionS] = [update, behind, delay, dispersion].map(Number);
  if (![updateS, behindS, delayS, dispersionS].every(Number.isFinite)) return undefined;
  if (leap === "Not synchronised" || id === nobody) {
    return { isSynchronised: false, by: "chrony", why: "it follows no time server" };
  }
  if (id === ownClock) {
    return { isSynchronised: false, by: "chrony", why: "it follows this host's own clock only" };
  }
  // The update is told in the right time, not in this host's.
  const ageMs = Math.max(wallMs + behindS! * 1_000 - updateS! * 1_000, 0);
  return {
    isSynchronised: true,
    by: `chrony, ${name === undefined || name === "" ? id : name}`,
    ageMs,
    offset: { aheadMs: -behindS! * 1_000, exactToMs: (delayS! / 2 + dispersionS!) * 1_000 },
  };
}
