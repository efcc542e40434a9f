import { z } from "zod";
import { Colour } from "../../machines/content/colour.ts";
import { scans } from "../../machines/content/scan.ts";
import { MediaClock } from "../../machines/stream/relay/media-clock.ts";

/** What an ingest process tells of itself, in one datagram. */
export const IngestStatus = z.object({
  run: z.string(),
  /**
   * waiting: for a publisher, or for the first bytes; receiving; silent: nothing has come for a
   * while from who is there; failing: it cannot be had, see `why`.
   */
  state: z.enum(["waiting", "receiving", "silent", "failing"]),
  why: z.string().nullable(),
  /** Who publishes, where the source has somebody who connects. */
  publisher: z.object({ from: z.string(), sinceMs: z.number() }).nullable(),
  /** How often it began anew to receive. */
  epochs: z.number(),
  bytes: z.number(),
  frames: z.number(),
  /** Since the last bytes. */
  quietMs: z.number().nullable(),
  bitrateBps: z.number().nullable(),
  framesPerSecond: z.number().nullable(),
  video: z
    .object({
      codec: z.string(),
      widthPx: z.number(),
      heightPx: z.number(),
      framesPerSecond: z.number().optional(),
      /** Absent: not told, or the process is older. */
      colour: Colour.optional(),
    })
    .nullable(),
  audio: z.object({ codec: z.string(), sampleRateHz: z.number() }).nullable(),
  /** As its pictures are flagged, and as they look; null: not known. Absent: the process is older. */
  scan: z.object({ told: z.enum(scans).nullable(), seen: z.enum(scans).nullable() }).optional(),
  /** All of them, in the order of the input. Absent: the process is older. */
  sounds: z
    .array(
      z.object({
        codec: z.string(),
        sampleRateHz: z.number(),
        channels: z.number().optional(),
        language: z.string().optional(),
      }),
    )
    .optional(),
  /** Of its pictures where they are passed on; null: not known. Absent: the process is older. */
  clock: MediaClock.nullable().optional(),
  /** Sockets on this host that hear the group, and the datagrams that they were too slow for. */
  readers: z.number(),
  readerDrops: z.number(),
  refused: z.object({
    count: z.number(),
    last: z.object({ atMs: z.number(), from: z.string(), why: z.string() }).nullable(),
  }),
});
export type IngestStatus = z.infer<typeof IngestStatus>;
