/**
 * One place that recordings go to: a card or share of a box, a disk of this host, a volume of a
 * NAS. As with every reading, what cannot be told is left out and means unknown.
 */
export type MediumReading = {
  /** Stable within its device, for example `sd`, `usb`, `volume1`, `/srv/recordings`. */
  id: string;
  name?: string;
  kind: "card" | "usb" | "smb" | "nfs" | "disk" | "raid";
  /** Shares fill for other reasons and are warned of at another level than local media. */
  isNetwork: boolean;
  /** `missing`: there should be one. `degraded`: it works, with less safety than it had. */
  condition: "ok" | "missing" | "loading" | "damaged" | "failing" | "degraded" | "notSuitable";
  isWriteProtected?: boolean;
  /** The device says it cannot keep up with what is written. */
  isTooSlow?: boolean;
  freeBytes?: number;
  totalBytes?: number;
  /** 0..1. Some devices tell this and no bytes. */
  freeRatio?: number;
  /** As the device names it, for example `exFAT`; FAT32 ends a file at 4 GB. */
  fileSystem?: string;
  /** Of the medium itself, °C. */
  temperatureC?: number;
  /** How long ago it was read when it was told, ms; left out where it was read just now. */
  ageMs?: number;
  /** Where this was read, for example `SYNOLOGY-RAID-MIB`. */
  source: string;
};
