import type { Alarms } from "./alarms.ts";
import type { Parameters } from "./parameters.ts";
import type { HeloTimings, Timers } from "./timings.ts";

/** Where a HELO can record to, as `RecordingDestination` counts. */
export const slots = ["sd", "usb", "smb", "nfs"] as const;
export type Slot = (typeof slots)[number];

export type MediaOptions = {
  present: boolean;
  totalBytes: number;
  unusedBytes: number;
  fileSystem: string;
  writeProtected: boolean;
  damaged: boolean;
  /** It does not keep up with a recording. */
  tooSlow: boolean;
};
export type Medium = MediaOptions & {
  /** Pulled while it was recorded to: of no use before the next boot. */
  lost: boolean;
};
export const usualMedia: MediaOptions = {
  ...{ present: true, totalBytes: 64_000_000_000, unusedBytes: 60_000_000_000 },
  ...{ fileSystem: "exfat", writeProtected: false, damaged: false, tooSlow: false },
};

/** The two paths of a recording, with the parameters that tell of the medium at their end. */
export const paths = {
  primary: {
    destination: "RecordingDestination",
    state: "ReplicatorPrimaryRecState",
    current: "CurrentMedia",
    ready: "MediaRecordReady",
    fileSystem: "FilesystemType",
    volume: "VolumeName",
    alarms: "",
  },
  secondary: {
    destination: "SecondaryRecordingDestination",
    state: "ReplicatorSecondaryRecState",
    current: "SecondaryMedia",
    ready: "SecondaryMediaRecordReady",
    fileSystem: "SecondaryFilesystemType",
    volume: "SecondaryVolumeName",
    alarms: "Secondary_",
  },
} as const;
export type Path = keyof typeof paths;
export const pathNames = Object.keys(paths) as Path[];

export const isUsable = (medium: Medium | undefined): medium is Medium =>
  medium?.present === true &&
  medium.unusedBytes > 0 &&
  !medium.writeProtected &&
  !medium.damaged &&
  !medium.lost;

/** The card, the stick and the shares of one device, and what it knows of those it is set to. */
export class Media {
  readonly #parameters: Parameters;
  readonly #alarms: Alarms;
  readonly #timings: HeloTimings;
  readonly #timers: Timers;
  readonly #media: Partial<Record<Slot, Medium>>;
  /** What stands at the end of each path now; it is another one only after it was mounted. */
  readonly #mounted: { [P in Path]?: Slot | undefined } = {};
  /** By command, until the next boot or until it is acquired. */
  readonly #released = new Map<Path, Slot>();
  #mounting: NodeJS.Timeout | undefined;

  constructor(box: {
    parameters: Parameters;
    alarms: Alarms;
    timings: HeloTimings;
    timers: Timers;
    media: Partial<Record<Slot, Partial<MediaOptions>>>;
  }) {
    this.#parameters = box.parameters;
    this.#alarms = box.alarms;
    this.#timings = box.timings;
    this.#timers = box.timers;
    this.#media = Object.fromEntries(
      Object.entries(box.media).map(([slot, medium]) => [
        slot,
        { ...usualMedia, lost: false, ...medium },
      ]),
    );
  }

  of(slot: Slot): Medium {
    this.#media[slot] ??= { ...usualMedia, present: false, lost: false };
    return this.#media[slot];
  }

  /** What a path leads to; undefined: the path is off, or its medium is being mounted. */
  at(path: Path): Slot | undefined {
    return this.#mounted[path];
  }

  /** After a boot everything is mounted, and a card that was lost is found again. */
  boot(): void {
    for (const medium of Object.values(this.#media)) medium.lost = false;
    this.#released.clear();
    for (const path of pathNames) this.#mounted[path] = this.#wanted(path);
  }

  /** What stands at the end of this path is unmounted, and not used. */
  release(path: Path): void {
    const slot = this.#mounted[path];
    if (slot) this.#released.set(path, slot);
    this.#mounted[path] = undefined;
    this.show();
  }

  acquire(path: Path): void {
    this.#released.delete(path);
    this.review();
  }

  /** The destinations may be others: what is newly named is mounted, which takes its time. */
  review(): void {
    const changed = pathNames.filter((path) => this.#mounted[path] !== this.#wanted(path));
    if (changed.length === 0) return;
    for (const path of changed) this.#mounted[path] = undefined;
    this.#timers.cancel(this.#mounting);
    this.#parameters.write("MediaLoading", "1");
    this.show();
    this.#mounting = this.#timers.after(this.#timings.mountMs, () => {
      for (const path of pathNames) this.#mounted[path] = this.#wanted(path);
      this.#parameters.write("MediaLoading", "0");
      this.show();
    });
  }

  /** Writes what the box knows of its media, and raises or clears their alarms. */
  show(): void {
    for (const path of pathNames) this.#showPath(path);
  }

  #wanted(path: Path): Slot | undefined {
    const slot = slots[this.#parameters.number(paths[path].destination)];
    return slot === this.#released.get(path) ? undefined : slot;
  }

  #showPath(path: Path): void {
    const { current, ready, fileSystem, volume, alarms } = paths[path];
    const slot = this.#mounted[path];
    const found = slot && this.of(slot);
    const medium = found?.present === true && !found.lost ? found : undefined;
    const { totalBytes = 0, unusedBytes = 0 } = medium ?? {};
    const percent = medium ? Math.min(99, Math.floor((100 * unusedBytes) / totalBytes)) : 0;
    const values = {
      [`${current}Available`]: String(percent),
      [`${current}UnusedBytes`]: String(Math.max(0, Math.floor(unusedBytes))),
      [`${current}TotalBytes`]: String(totalBytes),
      [`${current}Mounted`]: medium ? "1" : "0",
      [ready]: isUsable(medium) ? "1" : "0",
      [fileSystem]: medium?.fileSystem ?? "",
      [volume]: medium ? "HELO" : "",
    };
    for (const [id, value] of Object.entries(values)) this.#parameters.write(id, value);
    const isShare = slot === "smb" || slot === "nfs";
    const raised = {
      Media_Low_Alarm: medium !== undefined && percent <= (isShare ? 7 : 15),
      Media_Full_Alarm: medium !== undefined && unusedBytes <= 0,
      Media_Damaged_Alarm: medium?.damaged === true,
      SD_Card_Write_Protected_Alarm: medium?.writeProtected === true && !isShare,
      Remote_Media_Write_Protected_Alarm: medium?.writeProtected === true && isShare,
      Remote_Media_Mount_Failed_Alarm: isShare && !medium,
      No_Media_Installed_Alarm: slot !== undefined && !isShare && !medium,
    };
    for (const [id, isRaised] of Object.entries(raised)) this.#alarm(`${alarms}${id}`, isRaised);
  }

  #alarm(id: string, raised: boolean): void {
    const isRaised = Buffer.from(this.#parameters.read(id), "base64")[1] === 1;
    if (raised && !isRaised) this.#alarms.raise(id);
    if (!raised && isRaised) this.#alarms.clear(id);
  }
}
