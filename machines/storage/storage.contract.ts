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

/** `storage/<id>/state`: the media of one box (under the box's id), of a NAS or of a host. */
export const StorageState = Published.extend({
  name: z.string().optional(),
  /** The worst of its media. */
  state: word(mediumWords),
  media: z.array(MediumState),
  warnings: z.array(z.string()),
}).meta({ id: "StorageState" });
export type StorageState = z.infer<typeof StorageState>;
