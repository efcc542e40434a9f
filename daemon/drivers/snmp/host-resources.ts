import { numberOf, textOf, type SnmpValues } from "../shared/snmp/value.ts";
import { columnOf, figure, type Found, type Look } from "./mib.ts";

const source = "HOST-RESOURCES-MIB";
const processorLoad = "1.3.6.1.2.1.25.3.3.1.2";
const storage = "1.3.6.1.2.1.25.2.3.1";
export const storageTypeColumn = `${storage}.2`;
export const storageDescrColumn = `${storage}.3`;
export const allocationUnits = (index: string) => `${storage}.4.${index}`;
export const storageSize = (index: string) => `${storage}.5.${index}`;
export const storageUsed = (index: string) => `${storage}.6.${index}`;
const ramType = "1.3.6.1.2.1.25.2.1.2";

/** The mean over all processors, each a mean over the last minute. */
export const lookAtProcessors: Look = async (snmp, signal) => {
  const rows = await columnOf(snmp, processorLoad, signal);
  if (rows.size === 0) return undefined;
  const oids = [...rows.keys()].map((index) => `${processorLoad}.${index}`);
  return {
    oids,
    read(values) {
      const loads = oids.flatMap((oid) => {
        const load = numberOf(values.get(oid));
        return load !== undefined && load >= 0 && load <= 100 ? [load] : [];
      });
      if (loads.length === 0) return {};
      const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
      return { figures: figure("cpuUsageRatio", mean / 100, source) };
    },
  };
};

/** Bytes. Size and use are Integer32 counts of units; some agents let large ones go negative. */
export function storageBytes(values: SnmpValues, oid: string, index: string): number | undefined {
  const unitBytes = numberOf(values.get(allocationUnits(index)));
  const count = numberOf(values.get(oid));
  if (unitBytes === undefined || unitBytes <= 0 || count === undefined) return undefined;
  return (count < 0 ? count + 2 ** 32 : count) * unitBytes;
}

/**
 * The memory that programs hold. Linux counts its disk cache as used and shows it as rows of their
 * own, so it is taken off again.
 */
export const lookAtMemory: Look = async (snmp, signal) => {
  const types = await columnOf(snmp, storageTypeColumn, signal);
  if (types.size === 0) return undefined;
  const names = await columnOf(snmp, storageDescrColumn, signal);
  const isRam = (index: string) => types.get(index)?.value === ramType;
  const named = (name: string) =>
    [...names].find(([, value]) => textOf(value)?.toLowerCase() === name)?.[0];
  const whole = named("physical memory") ?? [...types.keys()].find(isRam);
  if (whole === undefined) return undefined;
  const available = named("available memory");
  const caches = [named("memory buffers"), named("cached memory")].filter(
    (row) => row !== undefined,
  );
  const rows = [whole, ...(available === undefined ? [] : [available]), ...caches];
  return {
    oids: rows.flatMap((row) => [allocationUnits(row), storageSize(row), storageUsed(row)]),
    read(values): Found {
      const total = storageBytes(values, storageSize(whole), whole);
      const used = storageBytes(values, storageUsed(whole), whole);
      if (total === undefined || total === 0 || used === undefined) return {};
      const free = available && storageBytes(values, storageSize(available), available);
      const cached = caches.map((row) => storageBytes(values, storageUsed(row), row) ?? 0);
      const held = free ? total - free : used - cached.reduce((sum, bytes) => sum + bytes, 0);
      return { figures: figure("memoryUsageRatio", held / total, source) };
    },
  };
};
