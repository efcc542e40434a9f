import type { EncoderReading } from "../../../machines/encoder/reading.ts";
import type { SnmpValue } from "../shared/snmp/value.ts";

/**
 * DateAndTime (RFC 2579): year, month, day, hour, minute, second, tenths, and in 11 octets also the
 * zone. Without a zone it is local time somewhere, which tells nothing.
 * @returns ms since 1970, and how fine the agent counts
 */
export function dateAndTimeOf(
  value: SnmpValue | undefined,
): { epochMs: number; stepMs: number } | undefined {
  if (value?.type !== "bytes" || value.value.length !== 11) return undefined;
  const [month, day, hour, minute, second, tenths] = [...value.value.subarray(2, 8)] as Six;
  const [east, zoneHours, zoneMinutes] = [...value.value.subarray(8)] as [number, number, number];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59) return undefined;
  if (second > 60 || tenths > 9 || zoneHours > 14 || zoneMinutes > 59) return undefined;
  const sign = east === 0x2b ? 1 : east === 0x2d ? -1 : undefined;
  if (sign === undefined) return undefined;
  const year = value.value.readUInt16BE(0);
  const localMs = Date.UTC(year, month - 1, day, hour, minute, second, tenths * 100);
  const zoneMs = sign * (zoneHours * 60 + zoneMinutes) * 60_000;
  // Many agents never fill in the tenths (net-snmp's snmpd does not).
  return { epochMs: localMs - zoneMs, stepMs: tenths === 0 ? 1_000 : 100 };
}
type Six = [number, number, number, number, number, number];

/** @param askedAtMs @param answeredAtMs ms since 1970, ours */
export function clockOf(
  value: SnmpValue | undefined,
  askedAtMs: number,
  answeredAtMs: number,
): EncoderReading["clock"] {
  const device = dateAndTimeOf(value);
  if (!device) return undefined;
  const oursMs = (askedAtMs + answeredAtMs) / 2;
  const roundTripMs = Math.max(answeredAtMs - askedAtMs, 0);
  const aheadMs = Math.round(device.epochMs + device.stepMs / 2 - oursMs);
  const exactToMs = Math.ceil((device.stepMs + roundTripMs) / 2);
  return { aheadMs, exactToMs, ageMs: 0, source: "hrSystemDate" };
}
