import type { StatsFs } from "node:fs";
import { readFile } from "node:fs/promises";
import type { MediumReading } from "../../../machines/storage/medium.ts";
import { DriverError } from "../driver.ts";
import type { StorageDriver } from "../storage.ts";
import { type Looks, openLooks } from "./looks.ts";
import { isMountedAt, kindOf, type Mount, mountOf, parseMounts } from "./mounts.ts";
import type { HostDiskOptions } from "./options.ts";

type Place = HostDiskOptions["places"][number];

const source = "statfs";
/** Of the whole process: what hangs in the kernel is counted once. */
const allLooks = openLooks();

/** Folders of this host that recordings go to, with what is mounted there. */
export function openHostDisk(
  options: HostDiskOptions,
  looks: Looks = allLooks,
  readMounts: () => Promise<string> = () => readFile("/proc/self/mountinfo", "utf8"),
): StorageDriver {
  /** Undefined: nothing can be said of it now. */
  async function read(
    place: Place,
    mounts: readonly Mount[],
    signal: AbortSignal,
  ): Promise<MediumReading | undefined> {
    const { path, name } = place;
    const mount = mountOf(mounts, path);
    const medium = {
      id: path,
      ...(name !== undefined && { name }),
      ...(mount ? kindOf(mount) : { kind: "disk" as const, isNetwork: false }),
      source,
    };
    if (!mount || (place.mountPoint && !isMountedAt(mounts, path))) {
      return { ...medium, kind: "disk", isNetwork: false, condition: "missing" };
    }
    const told = { fileSystem: mount.fileSystem, isWriteProtected: mount.isReadOnly };
    const look = await looks.look(path, medium.isNetwork, signal);
    if (look === "noAnswer") return undefined;
    if ("space" in look) return { ...medium, ...told, condition: "ok", ...spaceOf(look.space) };
    switch (look.error.code) {
      case "ENOENT":
      case "ENOTDIR":
        return { ...medium, condition: "missing" };
      // The disk cannot be read, the server has forgotten us, the FUSE program has died.
      case "EIO":
      case "ESTALE":
      case "ENOTCONN":
      case "EUCLEAN":
      case "ENODEV":
        return { ...medium, ...told, condition: "failing" };
      default:
        return undefined;
    }
  }

  return {
    async poll(signal) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(options.lookLimitMs)]);
      const mounts = parseMounts(await readMounts());
      const found = await Promise.all(options.places.map((place) => read(place, mounts, limit)));
      const media = found.filter((medium) => medium !== undefined);
      if (media.length > 0) return media;
      const paths = options.places.map(({ path }) => path).join(", ");
      throw new DriverError("timeout", `no answer from ${paths}`);
    },
    async close() {
      // What hangs in the kernel ends with its server or with us.
    },
  };
}

/** What a program that is not root may still write; with no inode left that is nothing. */
function spaceOf({ bavail, blocks, bsize, ffree, files }: StatsFs): Partial<MediumReading> {
  if (blocks <= 0) return {};
  const [freeBytes, totalBytes] = [bavail * bsize, blocks * bsize];
  const inodes = files > 0 ? ffree / files : 1;
  return { freeBytes, totalBytes, freeRatio: Math.min(1, freeBytes / totalBytes, inodes) };
}
