import type { EncoderReading, FigureName } from "../../../machines/encoder/reading.ts";
import type { Snmp } from "../shared/snmp/session.ts";
import { indexOf } from "../shared/snmp/oid.ts";
import type { SnmpValue, SnmpValues } from "../shared/snmp/value.ts";

/** What one MIB adds to a reading. Left out is what the agent does not have. */
export type Found = Partial<
  Pick<EncoderReading, "input" | "outputs" | "alarms" | "media" | "figures">
>;

/** What is worth asking an agent at each poll, and what it means. */
export type Asked = {
  oids: string[];
  /** @param atMs monotonic, of the answer */
  read: (values: SnmpValues, atMs: number) => Found;
  /** Something that the site named is not there yet: look again at the next poll. */
  isIncomplete?: boolean;
};

/**
 * Looks once what an agent has of one MIB, so that a poll asks for nothing else.
 * @returns undefined where the agent has nothing of use
 */
export type Look = (snmp: Snmp, signal: AbortSignal) => Promise<Asked | undefined>;

/** Rows of sensors, disks or processors beyond this many are not asked for. */
export const mostRows = 64;

/** The rows of one column, by index. */
export async function columnOf(
  snmp: Snmp,
  column: string,
  signal: AbortSignal,
  most = mostRows,
): Promise<Map<string, SnmpValue>> {
  const values = await snmp.walk(column, signal);
  const rows = [...values].slice(0, most);
  return new Map(rows.map(([oid, value]) => [indexOf(oid, column), value]));
}

const plausible: Record<FigureName, { least: number; most: number }> = {
  temperatureC: { least: -40, most: 150 },
  cpuUsageRatio: { least: 0, most: 1 },
  memoryUsageRatio: { least: 0, most: 1 },
  fanSpeedRpm: { least: 0, most: 100_000 },
  bitrateBps: { least: 0, most: 1e12 },
  framesPerSecond: { least: 0, most: 1_000 },
  droppedFrames: { least: 0, most: Number.MAX_SAFE_INTEGER },
  outputBytes: { least: 0, most: Number.MAX_SAFE_INTEGER },
  cpuSeconds: { least: 0, most: Number.MAX_SAFE_INTEGER },
  memoryBytes: { least: 0, most: Number.MAX_SAFE_INTEGER },
  ioReadBytes: { least: 0, most: Number.MAX_SAFE_INTEGER },
  ioWrittenBytes: { least: 0, most: Number.MAX_SAFE_INTEGER },
  clientCount: { least: 0, most: 1_000_000 },
  networkSentBps: { least: 0, most: 1e12 },
  networkReceivedBps: { least: 0, most: 1e12 },
  // ifHighSpeed is 0 where the agent does not know it.
  networkLinkBps: { least: 1, most: 1e12 },
};

/** A figure, unless it is unknown or cannot be true: agents give -1, 0xffffffff or 1e9 for "none". */
export function figure(
  name: FigureName,
  value: number | undefined,
  source: string,
): EncoderReading["figures"] {
  if (value === undefined || !Number.isFinite(value)) return {};
  const { least, most } = plausible[name];
  return value < least || value > most ? {} : { [name]: { value, source } };
}
