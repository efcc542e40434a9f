import type { Decision } from "../decision.ts";
import type { EncoderReading, PollFailure } from "../encoder/reading.ts";
import type { MediumReading } from "./medium.ts";

/** What a box or a NAS told; a box's whole reading will do. */
export type StorageReading = Pick<EncoderReading, "media" | "bootMark">;

/** To the owner of media: a box with its slots, a NAS, the disks of this host. */
export type StorageEvent =
  | { type: "reading"; reading: StorageReading }
  /** One attempt to read it failed. */
  | { type: "unreadable"; failure: PollFailure; detail: string }
  /** A person took this medium out of use. */
  | { type: "retire"; medium: string; by: string }
  /** A person put it back into use. */
  | { type: "bringBack"; medium: string; by: string }
  | MediumToStorage;

/** To one medium. */
export type MediumEvent =
  | { type: "reading"; reading: MediumReading }
  /** Its owner was read and did not name it. */
  | { type: "unlisted" }
  | { type: "retire"; by: string }
  | { type: "bringBack"; by: string };

/** A medium is another one than before; perhaps that is news. */
export type MediumToStorage = { type: "medium.moved"; decision?: Decision };
