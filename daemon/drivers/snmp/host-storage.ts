import type { MediumReading } from "../../../machines/storage/medium.ts";
import { integerOf, textOf, type SnmpValues } from "../shared/snmp/value.ts";
import {
  allocationUnits,
  storageBytes,
  storageDescrColumn,
  storageSize,
  storageTypeColumn,
  storageUsed,
} from "./host-resources.ts";
import { columnOf, type Look } from "./mib.ts";

const source = "HOST-RESOURCES-MIB";
const types = "1.3.6.1.2.1.25.2.1";
const kinds = new Map<string, MediumReading["kind"]>([
  [`${types}.4`, "disk"],
  [`${types}.5`, "usb"],
  [`${types}.9`, "card"],
  [`${types}.10`, "smb"],
]);
const fileSystems = "1.3.6.1.2.1.25.3.8.1";
const fileSystemTypeColumn = `${fileSystems}.4`;
const fileSystemAccess = (index: string) => `${fileSystems}.5.${index}`;
const fileSystemStorageColumn = `${fileSystems}.7`;
const readOnly = 2;
/** hrFSTypes (RFC 2790) that say more than "some file system of this host". */
const fileSystemTypes = new Map([
  ["1.3.6.1.2.1.25.3.9.5", "FAT"],
  ["1.3.6.1.2.1.25.3.9.9", "NTFS"],
  ["1.3.6.1.2.1.25.3.9.14", "NFS"],
  ["1.3.6.1.2.1.25.3.9.22", "FAT32"],
]);
/** What a Linux host lists among its disks and nobody records to. */
const ofTheSystem = /^\/(dev|proc|run|sys|boot)(\/|$)/;

type Row = { index: string; name: string; kind: MediumReading["kind"]; fileSystem?: FileSystem };
type FileSystem = { index: string; type?: string };

/** @param wanted hrStorageDescr of what counts; undefined: all but the system's own */
export function storageLook(wanted: readonly string[] | undefined): Look {
  return async (snmp, signal) => {
    const storageTypes = await columnOf(snmp, storageTypeColumn, signal);
    const rows: Row[] = [];
    if (storageTypes.size === 0) return undefined;
    const names = await columnOf(snmp, storageDescrColumn, signal);
    for (const [index, type] of storageTypes) {
      const kind = kinds.get(String(type.value));
      const name = textOf(names.get(index));
      if (kind === undefined || name === undefined) continue;
      if (wanted ? wanted.includes(name) : !ofTheSystem.test(name))
        rows.push({ index, name, kind });
    }
    const absent = (wanted ?? []).filter((name) => !rows.some((row) => row.name === name));
    if (rows.length + absent.length === 0) return undefined;
    const byStorage = new Map<string, FileSystem>();
    const typeOf = await columnOf(snmp, fileSystemTypeColumn, signal);
    for (const [index, value] of await columnOf(snmp, fileSystemStorageColumn, signal)) {
      const type = fileSystemTypes.get(String(typeOf.get(index)?.value));
      byStorage.set(String(value.value), { index, ...(type && { type }) });
    }
    const found = rows.map((row) => {
      const fileSystem = byStorage.get(row.index);
      return fileSystem ? { ...row, fileSystem } : row;
    });
    return {
      oids: found.flatMap(({ index, fileSystem }) => [
        allocationUnits(index),
        storageSize(index),
        storageUsed(index),
        ...(fileSystem ? [fileSystemAccess(fileSystem.index)] : []),
      ]),
      read: (values) => ({
        media: [
          ...found.flatMap((row) => mediumOf(row, values) ?? (wanted ? [missing(row.name)] : [])),
          ...absent.map(missing),
        ],
      }),
      isIncomplete: absent.length > 0,
    };
  };
}

/** Of a medium that the site expects and the host does not have now nothing else is known. */
const missing = (name: string): MediumReading => ({
  id: name,
  kind: "disk",
  isNetwork: false,
  condition: "missing",
  source,
});

function mediumOf(
  { index, name, kind, fileSystem }: Row,
  values: SnmpValues,
): MediumReading | undefined {
  const totalBytes = storageBytes(values, storageSize(index), index);
  const usedBytes = storageBytes(values, storageUsed(index), index);
  // A reader without a card has size 0: there is a slot, and nothing to be said of its room.
  if (totalBytes === undefined || totalBytes === 0) return undefined;
  const isNfs = fileSystem?.type === "NFS";
  const access = fileSystem && integerOf(values.get(fileSystemAccess(fileSystem.index)));
  return {
    id: name,
    kind: isNfs ? "nfs" : kind,
    isNetwork: isNfs || kind === "smb",
    condition: "ok",
    totalBytes,
    ...(usedBytes !== undefined &&
      usedBytes <= totalBytes && { freeBytes: totalBytes - usedBytes }),
    ...(access !== undefined && { isWriteProtected: access === readOnly }),
    ...(fileSystem?.type !== undefined && { fileSystem: fileSystem.type }),
    source,
  };
}
