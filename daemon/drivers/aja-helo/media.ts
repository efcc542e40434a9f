import type { MediumReading } from "../../../machines/storage/medium.ts";
import { decodeAlarm } from "./alarms.ts";
import { flagOf, integerOf } from "./parameters.ts";

type Path = {
  label: string;
  destination: string;
  mounted: string;
  available: string;
  unusedBytes: string;
  totalBytes: string;
  fileSystem: string;
  damaged: readonly string[];
  unsuitable: readonly string[];
  missing: readonly string[];
  writeProtected: readonly string[];
};

/** A HELO records to two places at once; the second is off by default. */
const paths: readonly Path[] = [
  {
    label: "primary recording",
    destination: "RecordingDestination",
    mounted: "CurrentMediaMounted",
    available: "CurrentMediaAvailable",
    unusedBytes: "CurrentMediaUnusedBytes",
    totalBytes: "CurrentMediaTotalBytes",
    fileSystem: "FilesystemType",
    damaged: ["Media_Damaged_Alarm"],
    unsuitable: [
      "Unsupported_Media_Alarm",
      "Media_Unformatted_Alarm",
      "Primary_Filesystem_Incompatible_Alarm",
    ],
    missing: [
      "No_Media_Installed_Alarm",
      "Remote_Media_Mount_Failed_Alarm",
      "Storage_Removed_Alarm",
    ],
    writeProtected: ["SD_Card_Write_Protected_Alarm", "Remote_Media_Write_Protected_Alarm"],
  },
  {
    label: "secondary recording",
    destination: "SecondaryRecordingDestination",
    mounted: "SecondaryMediaMounted",
    available: "SecondaryMediaAvailable",
    unusedBytes: "SecondaryMediaUnusedBytes",
    totalBytes: "SecondaryMediaTotalBytes",
    fileSystem: "SecondaryFilesystemType",
    damaged: ["Secondary_Media_Damaged_Alarm"],
    unsuitable: [
      "Secondary_Unsupported_Media_Alarm",
      "Secondary_Media_Unformatted_Alarm",
      "Secondary_Filesystem_Incompatible_Alarm",
    ],
    missing: ["Secondary_No_Media_Installed_Alarm", "Secondary_Remote_Media_Mount_Failed_Alarm"],
    writeProtected: [
      "Secondary_SD_Card_Write_Protected_Alarm",
      "Secondary_Remote_Media_Write_Protected_Alarm",
    ],
  },
];

const loading = "MediaLoading";
const tooSlow = "Media_Too_Slow_Alarm";

/** Besides the alarms, which are read anyway. */
export const mediaNames: readonly string[] = [
  ...paths.flatMap((path) => [path.destination, path.mounted, path.available]),
  ...paths.flatMap((path) => [path.unusedBytes, path.totalBytes, path.fileSystem]),
  loading,
];

/** The id of the medium that the primary recording goes to. */
export const mediumOf = (recordingDestination: string | undefined) =>
  kinds.get(recordingDestination ?? "")?.id;

/** The destination that leads to a medium. */
export const destinationOf = (medium: string) =>
  [...kinds].find(([, { id }]) => id === medium)?.[0];

/** `RecordingDestination`; the secondary one has no shares and 4 for none. */
const kinds: ReadonlyMap<string, Pick<MediumReading, "id" | "kind" | "isNetwork">> = new Map([
  ["0", { id: "sd", kind: "card", isNetwork: false }],
  ["1", { id: "usb", kind: "usb", isNetwork: false }],
  ["2", { id: "smb", kind: "smb", isNetwork: true }],
  ["3", { id: "nfs", kind: "nfs", isNetwork: true }],
]);

/**
 * The media that recordings go to, as far as they are known; undefined while none is. Which of two
 * media is too slow the unit does not say: it is told of the one that there is, else of neither.
 * @param valueOf what is held of a parameter
 */
export function mediaOf(
  valueOf: (name: string) => string | undefined,
): MediumReading[] | undefined {
  const raised = (name: string) => decodeAlarm(valueOf(name) ?? "")?.raised;
  const media = paths.flatMap((path): MediumReading[] => {
    const kind = kinds.get(valueOf(path.destination) ?? "");
    const mounted = flagOf(valueOf(path.mounted));
    if (!kind || mounted === undefined) return [];
    const condition = conditionOf(path, mounted, raised, valueOf(loading));
    const isReadable = condition === "ok";
    return [
      {
        ...kind,
        name: path.label,
        condition,
        ...writeProtection(path, raised),
        ...(isReadable && space(path, valueOf)),
        source: "device",
      },
    ];
  });
  const [only, another] = media;
  const isSlow = raised(tooSlow);
  if (only && !another && isSlow !== undefined) media[0] = { ...only, isTooSlow: isSlow };
  const unique = media.filter(({ id }, at) => media.findIndex((one) => one.id === id) === at);
  return unique.length > 0 ? unique : undefined;
}

type Raised = (name: string) => boolean | undefined;

function conditionOf(
  { damaged, unsuitable, missing }: Path,
  mounted: boolean,
  raised: Raised,
  mediaLoading: string | undefined,
): MediumReading["condition"] {
  if (damaged.some(raised)) return "damaged";
  if (unsuitable.some(raised)) return "notSuitable";
  if (mounted) return "ok";
  if (!missing.some(raised) && (mediaLoading === "1" || mediaLoading === "2")) return "loading";
  return "missing";
}

function writeProtection(
  { writeProtected }: Path,
  raised: Raised,
): Pick<MediumReading, "isWriteProtected"> {
  const all = writeProtected.map(raised);
  if (all.includes(true)) return { isWriteProtected: true };
  return all.includes(undefined) ? {} : { isWriteProtected: false };
}

/** A medium of 0 bytes was not looked at yet: then nothing is known of its space. */
function space(
  { available, unusedBytes, totalBytes, fileSystem }: Path,
  valueOf: (name: string) => string | undefined,
): Partial<MediumReading> {
  const percent = integerOf(valueOf(available));
  const free = integerOf(valueOf(unusedBytes));
  const total = integerOf(valueOf(totalBytes));
  const format = valueOf(fileSystem);
  const hasBytes = free !== undefined && total !== undefined && total > 0 && free <= total;
  // 99 is the most it can say: of an empty medium as well.
  const told = percent !== undefined && percent <= 99 && total !== 0;
  return {
    ...(hasBytes && { freeBytes: free, totalBytes: total }),
    ...(!hasBytes && told && { freeRatio: percent / 100 }),
    ...(format && { fileSystem: format }),
  };
}
