import type { MediumReading } from "../../../machines/storage/medium.ts";
import { DriverError } from "../driver.ts";
import { indexOf } from "../shared/snmp/oid.ts";
import { openSnmp } from "../shared/snmp/session.ts";
import { integerOf, numberOf, textOf, type SnmpValues } from "../shared/snmp/value.ts";
import type { StorageDriver } from "../storage.ts";
import type { SynologyOptions } from "./options.ts";
import { disk, diskHealth, diskStatus, raid, raidStatus, worstOf } from "./tables.ts";

/** A volume or disk beyond so many is not told of. */
const mostRows = 128;

/** A Synology NAS: its volumes, and below them its disks with their temperatures. */
export function openSynology(options: SynologyOptions, snmp = openSnmp(options)): StorageDriver {
  async function rowsOf(key: string, others: readonly string[], signal: AbortSignal) {
    const keys = await snmp.walk(key, signal);
    const indexes = [...keys.keys()].map((oid) => indexOf(oid, key)).slice(0, mostRows);
    const oids = indexes.flatMap((index) => others.map((column) => `${column}.${index}`));
    return { indexes, values: new Map([...keys, ...(await snmp.get(oids, signal))]) };
  }

  return {
    async poll(signal) {
      const { id, ...ofDisk } = disk;
      const { name, ...ofRaid } = raid;
      const volumes = await rowsOf(name, Object.values(ofRaid), signal);
      const disks = await rowsOf(id, Object.values(ofDisk), signal);
      if (volumes.indexes.length + disks.indexes.length === 0)
        throw new DriverError("malformed", `${snmp.where} tells of no volume and no disk`);
      return [
        ...volumes.indexes.map((index) => volumeOf(index, volumes.values)),
        ...disks.indexes.map((index) => diskOf(index, disks.values, options.hotDiskC)),
      ];
    },
    async close() {
      snmp.close();
    },
  };
}

function volumeOf(index: string, values: SnmpValues): MediumReading {
  const at = (column: string) => values.get(`${column}.${index}`);
  const name = textOf(at(raid.name)) ?? `volume ${index}`;
  const [freeBytes, totalBytes] = [bytesOf(at(raid.freeBytes)), bytesOf(at(raid.totalBytes))];
  const isTold = totalBytes !== undefined && totalBytes > 0;
  const hasRoom = isTold && freeBytes !== undefined && freeBytes <= totalBytes;
  return {
    id: name,
    kind: "raid",
    isNetwork: true,
    condition: worstOf([raidStatus.get(integerOf(at(raid.status)) ?? 0)]),
    ...(isTold && { totalBytes }),
    ...(hasRoom && { freeBytes, freeRatio: freeBytes / totalBytes }),
    source: "SYNOLOGY-RAID-MIB",
  };
}

function diskOf(index: string, values: SnmpValues, hotDiskC: number): MediumReading {
  const at = (column: string) => values.get(`${column}.${index}`);
  const temperatureC = integerOf(at(disk.temperatureC));
  // Asleep, a disk tells 0 or less.
  const isTold = temperatureC !== undefined && temperatureC > 0 && temperatureC < 150;
  const isHot = isTold && temperatureC >= hotDiskC;
  const model = textOf(at(disk.model));
  const said = [
    diskStatus.get(integerOf(at(disk.status)) ?? 0),
    diskHealth.get(integerOf(at(disk.health)) ?? 0),
    ...(isHot ? (["failing"] as const) : []),
  ];
  return {
    id: textOf(at(disk.id)) ?? `disk ${index}`,
    ...(model !== undefined && { name: model }),
    kind: "disk",
    isNetwork: true,
    condition: worstOf(said),
    ...(isTold && { temperatureC }),
    source: "SYNOLOGY-DISK-MIB",
  };
}

function bytesOf(value: Parameters<typeof numberOf>[0]): number | undefined {
  const bytes = numberOf(value);
  return bytes !== undefined && bytes >= 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}
