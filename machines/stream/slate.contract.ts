/** The slate of a relayed stream, as it is asked for and told between hub and site. */
import { z } from "zod";

/** A picture of 4K as PNG has this; a photograph as JPEG has a tenth. */
export const mostPictureBytes = 4 * 1024 * 1024;
/** Of a picture in one message: with its signature it fits into what a broker takes. */
export const slatePartBytes = 96 * 1024;

const Text = z
  .string()
  .max(400)
  .regex(/^[^\p{Cc}]*(\n[^\p{Cc}]*)*$/u, "no control characters but line ends");

/**
 * `slate`, asked of a stream: `tell` says how it is; `part` brings a picture piece by piece, and the
 * answer to the last one says whether it is shown from now on; `set` changes what stands in it; `reset`
 * gives it back to the site's own configuration. Asked twice, each does the same.
 */
export const SlateAsk = z.discriminatedUnion("do", [
  z.object({ do: z.literal("tell") }),
  z.object({
    do: z.literal("part"),
    /** Of the whole picture, hexadecimal: by it the pieces are known to belong together. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    totalBytes: z.number().int().min(1).max(mostPictureBytes),
    offsetBytes: z.number().int().min(0).max(mostPictureBytes),
    data: z.base64().max(4 * Math.ceil(slatePartBytes / 3)),
  }),
  z.object({
    do: z.literal("set"),
    /** null: as the site's configuration says. */
    text: Text.nullable().optional(),
    clock: z.boolean().nullable().optional(),
  }),
  z.object({ do: z.literal("reset") }),
]);
export type SlateAsk = z.infer<typeof SlateAsk>;

/** What it shows, and who wanted that. */
export const SlateTold = z
  .object({
    /** uploaded: over the hub; configured: of the site's own file; none: a colour. */
    picture: z.enum(["uploaded", "configured", "none"]),
    widthPx: z.number().nullable(),
    heightPx: z.number().nullable(),
    sizeBytes: z.number().nullable(),
    sha256: z.string().nullable(),
    text: z.string(),
    clock: z.boolean(),
    changedAtMs: z.number().nullable(),
    changedBy: z.string().nullable(),
  })
  .meta({ id: "SlateTold" });
export type SlateTold = z.infer<typeof SlateTold>;
