/** What the process that takes thumbnails is told: JSON, on its stdin. */
import { z } from "zod";
import { thumbnailKinds } from "../../machines/content/thumbnail.contract.ts";
import { Id } from "../../machines/id.ts";

export const ThumbnailSettings = z.object({
  site: Id,
  broker: z.object({
    url: z.string(),
    username: z.string().optional(),
    password: z.string().optional(),
    /** PEM. */
    ca: z.string().optional(),
    cert: z.string().optional(),
    key: z.string().optional(),
  }),
  everyMs: z.number(),
  widthPx: z.number().int(),
  mostBandwidthBps: z.number(),
  places: z.array(
    z.object({
      kind: z.enum(thumbnailKinds),
      id: Id,
      from: z.union([
        z.object({
          /** Of ffmpeg, up to `-i` and what stands behind it. */
          input: z.array(z.string()),
          /** The address in it. */
          address: z.string(),
        }),
        /** Where whoever watches its content leaves the newest. */
        z.object({ still: z.string() }),
      ]),
    }),
  ),
});
export type ThumbnailSettings = z.infer<typeof ThumbnailSettings>;
export type Place = ThumbnailSettings["places"][number];
