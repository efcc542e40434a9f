import { integerOf, numberOf, textOf, type SnmpValues } from "../shared/snmp/value.ts";
import { columnOf, figure, type Look } from "./mib.ts";

const ucd = "1.3.6.1.4.1.2021";
const source = "UCD-SNMP-MIB";
/**
 * Ticks of user, nice, system and idle. Those of wait (.54) and kernel (.55) are part of system on
 * some hosts, so they are not added (UCD-SNMP-MIB, ssCpuRawSystem).
 */
const cpuTicks = [50, 51, 52, 53].map((column) => `${ucd}.11.${column}.0`);
const memory = {
  total: [`${ucd}.4.20.0`, `${ucd}.4.5.0`],
  available: [`${ucd}.4.21.0`, `${ucd}.4.6.0`],
  buffers: [`${ucd}.4.25.0`, `${ucd}.4.14.0`],
  cached: [`${ucd}.4.26.0`, `${ucd}.4.15.0`],
} as const;
const diskPath = `${ucd}.9.1.2`;
const diskError = (index: string) => `${ucd}.9.1.100.${index}`;

/** UCD-SNMP-MIB of net-snmp: processor time, memory without cache, disks past their limit. */
export const lookAtUcd: Look = async (snmp, signal) => {
  const memoryOids = Object.values(memory).flat();
  const there = await snmp.get([...cpuTicks, ...memoryOids], signal);
  const disks = await columnOf(snmp, diskPath, signal);
  if (there.size + disks.size === 0) return undefined;
  const busy = busyShare();
  return {
    oids: [...there.keys(), ...[...disks.keys()].map(diskError)],
    read(values) {
      const alarms = [...disks].flatMap(([index, path]) => {
        const isFull = integerOf(values.get(diskError(index))) === 1;
        return isFull ? [`${textOf(path) ?? `disk ${index}`} is past its limit`] : [];
      });
      return {
        ...(alarms.length > 0 && { alarms }),
        figures: {
          ...figure("cpuUsageRatio", busy(values), source),
          ...figure("memoryUsageRatio", memoryUsage(values), source),
        },
      };
    },
  };
};

function busyShare(): (values: SnmpValues) => number | undefined {
  let last: number[] | undefined;
  return (values) => {
    const now = cpuTicks.map((oid) => numberOf(values.get(oid)));
    const before = last;
    last = now.every((ticks) => ticks !== undefined) ? now : undefined;
    if (!before || !last) return undefined;
    const spent = last.map((ticks, at) => (ticks - before[at]! + 2 ** 32) % 2 ** 32);
    const all = spent.reduce((sum, ticks) => sum + ticks, 0);
    // Nothing passed: the agent answers from its cache. More than a day: the counters were reset.
    if (all === 0 || all > 2 ** 31) return undefined;
    return 1 - spent[3]! / all;
  };
}

/** In kB. Those of 64 bits first: the others end at 2 TB. */
function memoryUsage(values: SnmpValues): number | undefined {
  const kB = (oids: readonly string[]) =>
    oids.map((oid) => numberOf(values.get(oid))).find((value) => value !== undefined);
  const [total, available] = [kB(memory.total), kB(memory.available)];
  if (total === undefined || total <= 0 || available === undefined) return undefined;
  const given = available + (kB(memory.buffers) ?? 0) + (kB(memory.cached) ?? 0);
  return 1 - given / total;
}
