import { z } from "zod";

/** Where pictures are taken: what comes in, what an encoder shows or brings to a relay, what the far end plays. */
export const thumbnailKinds = ["ingest", "encoder", "destination"] as const;
export type ThumbnailKind = (typeof thumbnailKinds)[number];

/** One is a few KiB; what is larger than this is none. */
export const mostThumbnailBytes = 64 * 1024;

/**
 * `<kind>/<id>/thumbnail`: a small picture of a keyframe. Not retained: it has no age then. A place
 * without a picture says so every few seconds, so that it is known that there is such a place.
 */
export const Thumbnail = z
  .object({
    /** base64; null: there is none. */
    jpeg: z
      .base64()
      .max(4 * Math.ceil(mostThumbnailBytes / 3))
      .nullable(),
    /** How old the picture was when it was sent, by the monotonic clock of the site. */
    ageMs: z.number().int().nonnegative(),
    /** Why there is none. */
    because: z.string().max(300).nullable(),
  })
  .meta({ id: "Thumbnail" });
export type Thumbnail = z.infer<typeof Thumbnail>;
