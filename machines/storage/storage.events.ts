import type { Decision } from "../decision.ts";
import type { EncoderReading, PollFailure } from "../encoder/reading.ts";
import type { MediumReading } from "./medium.ts";
import type { RecordOrder } from "./record-path.ts";

/** What a box or a NAS told; a box's whole reading will do. */
export type StorageReading = Pick<EncoderReading, "media" | "bootMark" | "booting" | "recording"> &
  Partial<Pick<EncoderReading, "outputs">>;

/** To the owner of media: a box with its slots, a NAS, the disks of this host. */
export type StorageEvent =
  | { type: "reading"; reading: StorageReading }
  /** One attempt to read it failed. */
  | { type: "unreadable"; failure: PollFailure; detail: string }
  /** A person took this medium out of use. */
  | { type: "retire"; medium: string; by: string }
  /** A person put it back into use. */
  | { type: "bringBack"; medium: string; by: string }
  /** The site wants it to record because of another box, or not any more. */
  | { type: "recordFor"; order: RecordOrder | null }
  /** A person has told the box to record, or to stop. */
  | { type: "recordingWanted"; wanted: boolean }
  /** A person wants its recording elsewhere: on this medium, or wherever it can. */
  | { type: "moveRecording"; medium?: string; by: string }
  /** To itself, when its media know what was read. */
  | { type: "box.read"; reading: StorageReading }
  | MediumToStorage;

/** What the storage of a box tells the site. */
export type StorageToSite = {
  /** A recording went on after a gap. */
  type: "recordingGap";
  /** Whose recording it was. */
  encoder: string;
  /** Who records now, and to which medium. */
  by: string;
  to: string | null;
  ms: number;
  because: string;
};

/** To one medium. */
export type MediumEvent =
  | { type: "reading"; reading: MediumReading }
  /** Its owner was read and did not name it. */
  | { type: "unlisted" }
  | { type: "retire"; by: string }
  | { type: "bringBack"; by: string };

/** A medium is another one than before; perhaps that is news. */
export type MediumToStorage = { type: "medium.moved"; decision?: Decision };
