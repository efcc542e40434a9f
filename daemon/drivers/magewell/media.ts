import type { MediumReading } from "../../../machines/storage/medium.ts";
import type { BoxStatus, Disk } from "./answers.ts";
import { record } from "./words.ts";

/** `disk-type`, and `type` of a recording. A share that does not say NFS is taken for SMB. */
function kindOf({
  type,
  fileSystem,
}: Disk): Pick<MediumReading, "id" | "kind" | "isNetwork"> | undefined {
  if (type === 0) return { id: "usb", kind: "usb", isNetwork: false };
  if (type === 1) return { id: "sd", kind: "card", isNetwork: false };
  if (type !== 2) return undefined;
  return { id: "nas", kind: /^nfs/i.test(fileSystem ?? "") ? "nfs" : "smb", isNetwork: true };
}

/**
 * Of `disk-info`. A place without a size is empty, and nothing amiss. In which unit sizes are told is
 * not documented, so they give a share of the whole only; nor are the numbers of `disk-status`, so a
 * medium that has a size is called good: what the box finds wrong with it is among its alarms.
 * @returns undefined where the box tells nothing of its media
 */
export function mediaOf({ disks, recordings }: BoxStatus): MediumReading[] | undefined {
  return disks?.flatMap((disk): MediumReading[] => {
    const kind = kindOf(disk);
    const { type, totalSize = 0, freeSize, fileSystem } = disk;
    if (!kind || totalSize <= 0) return [];
    const onto = recordings.filter((one) => one.isInUse !== false && one.type === type);
    return [
      {
        ...kind,
        condition: "ok",
        ...(onto.length > 0 && { isTooSlow: onto.some(({ result }) => result === record.tooSlow) }),
        ...(freeSize !== undefined && freeSize <= totalSize && { freeRatio: freeSize / totalSize }),
        ...(fileSystem && { fileSystem }),
        source: "device",
      },
    ];
  });
}
