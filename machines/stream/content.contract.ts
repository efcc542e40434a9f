import { z } from "zod";
import { contentFaults } from "../content/look.ts";
import { Id, word } from "../id.ts";
import { Figure } from "../published.ts";

/** What is seen and heard of a programme, and whether its encoders show the same. */
export const StreamContent = z
  .object({
    views: z.array(
      z.object({
        /** `farEnd`: what viewers get; else the encoder whose own picture it is. */
        of: z.string(),
        /** What can be told there now. */
        picture: word(["seen", "unknown"]),
        sound: word(["heard", "silent", "unknown"]),
        /** What has been wrong for long enough, and whether a takeover may follow. */
        faults: z.array(
          z.object({
            fault: word([...contentFaults, "loudness"]),
            does: word(["off", "observe", "act"]),
            sinceMs: z.number(),
          }),
        ),
        figures: z
          .object({
            /** By EBU R128, of the last 3 s. */
            shortTermLufs: Figure.optional(),
            /** Since it is watched. */
            integratedLufs: Figure.optional(),
          })
          .optional(),
      }),
    ),
    /** The carrier with its understudy; null: not compared yet. */
    comparison: z
      .object({
        carrier: Id,
        with: Id,
        word: word(["same", "different", "cannotTell"]),
        because: z.string(),
        atMs: z.number(),
      })
      .nullable(),
    /**
     * How much is left of the source's pictures in those of the encoder on air. Absent: it was not
     * looked yet, or is not to be, or the site is older.
     */
    quality: z
      .object({
        /** null: not available. */
        encoder: Id.nullable(),
        figures: z.object({
          /** Structural similarity, at most 1: nothing is lost. */
          ssim: Figure.optional(),
          /** Signal to noise; 100: nothing is lost. */
          psnrDb: Figure.optional(),
        }),
        /** Why it is not available. */
        because: z.string().nullable(),
        /** Since when too much is lost, where that has lasted long enough; null: it has not. */
        lowBeganAtMs: z.number().nullable(),
      })
      .optional(),
  })
  .meta({ id: "StreamContent" });
export type StreamContent = z.infer<typeof StreamContent>;
