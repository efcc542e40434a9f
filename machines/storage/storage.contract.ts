import { z } from "zod";
import { word } from "../id.ts";
import { Figure, Published } from "../published.ts";

export const mediumWords = [
  "unknown",
  "healthy",
  "filling",
  "nearlyFull",
  "full",
  "failing",
  "missing",
  "readOnly",
  "retired",
] as const;
export type MediumWord = (typeof mediumWords)[number];

/** What was measured of a medium; what it does not tell is absent, never 0. */
export const MediumFigures = z.object({
  freeRatio: Figure.optional(),
  freeBytes: Figure.optional(),
  totalBytes: Figure.optional(),
  /** Below 0 it empties. */
  writeBytesPerSecond: Figure.optional(),
  /** At that rate; absent while it does not fill. */
  secondsToFull: Figure.optional(),
  temperatureC: Figure.optional(),
});
export type MediumFigures = z.infer<typeof MediumFigures>;

export const MediumState = z
  .object({
    /** As its owner names it: `sd`, `volume1`, `/srv/recordings`. */
    id: z.string(),
    name: z.string().optional(),
    kind: word(["card", "usb", "smb", "nfs", "disk", "raid"]).optional(),
    isNetwork: z.boolean().optional(),
    fileSystem: z.string().optional(),
    state: word(mediumWords),
    /** Who took it out of use; absent: it is in use, or nobody names it any more. */
    retiredBy: z.string().optional(),
    sinceMs: z.number(),
    figures: MediumFigures,
    /** Sentences for the operator. */
    warnings: z.array(z.string()),
  })
  .meta({ id: "MediumState" });
export type MediumState = z.infer<typeof MediumState>;

/** `moving`: it is on its way to another medium; `waiting`: for a person's yes. */
export const recordWords = ["unknown", "idle", "recording", "moving", "waiting", "lost"] as const;
export type RecordWord = (typeof recordWords)[number];

/** The recording of a box, as one thing over all its media. */
export const RecordingState = z
  .object({
    state: word(recordWords),
    /** Where it goes to, or would. */
    medium: z.string().optional(),
    /** Where it may be moved to, the best first. */
    paths: z.array(z.string()),
    /** What is done when it cannot go on where it is: only say so, ask, or move it. */
    failover: word(["observe", "propose", "act"]),
    /** Why it has to move, or does not record. */
    because: z.string().optional(),
    /** Say yes with `move-recording`. */
    proposedTo: z.string().optional(),
    /** The box whose recording it doubles or stands in for. */
    becauseOf: z.string().optional(),
  })
  .meta({ id: "RecordingState" });
export type RecordingState = z.infer<typeof RecordingState>;

/** `storage/<id>/state`: the media of one box (under the box's id), of a NAS or of a host. */
export const StorageState = Published.extend({
  name: z.string().optional(),
  /** The worst of its media. */
  state: word(mediumWords),
  media: z.array(MediumState),
  /** Absent: nothing records there, or its recording cannot be moved. */
  recording: RecordingState.optional(),
  warnings: z.array(z.string()),
}).meta({ id: "StorageState" });
export type StorageState = z.infer<typeof StorageState>;
