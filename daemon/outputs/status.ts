import { z } from "zod";

/** What an output process tells of itself, in one datagram. */
export const OutputStatus = z.object({
  run: z.string(),
  /**
   * waiting: the relay brings nothing; sending: what it brings goes out; failing: it cannot go out,
   * see `why`.
   */
  state: z.enum(["waiting", "sending", "failing"]),
  why: z.string().nullable(),
  /** Of what has gone out since the process began. */
  bytes: z.number(),
  pictures: z.number(),
  /** Since the last picture came. */
  quietMs: z.number().nullable(),
  bitrateBps: z.number().nullable(),
  /** In the list that is read, or recorded and kept; null: it writes no files. */
  segments: z.number().nullable(),
  /** Who has asked for the list of late. */
  readers: z.number().nullable(),
  /** Not sent, because the far end was away or did not take them. */
  droppedPictures: z.number().nullable(),
  /**
   * What it found when it looked at what it had written; null: nothing yet, or it does not look.
   * Absent in what processes from before tell.
   */
  conformity: z
    .object({
      checked: z.number(),
      fault: z.string().nullable(),
      faultlessMs: z.number().nullable(),
    })
    .nullable()
    .default(null),
});
export type OutputStatus = z.infer<typeof OutputStatus>;
