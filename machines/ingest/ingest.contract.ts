import { z } from "zod";
import { Colour } from "../content/colour.ts";
import { scans } from "../content/scan.ts";
import { word } from "../id.ts";
import { Figure, Published } from "../published.ts";

export const ingestWords = [
  "unknown",
  "starting",
  "waiting",
  "receiving",
  "silent",
  "failing",
] as const;
export type IngestWord = (typeof ingestWords)[number];

export const ingestKinds = [
  "rtmp",
  "srt",
  "rtsp",
  "udp",
  "rtp",
  "file",
  "testPattern",
  "whip",
  "hls",
  "nginx-rtmp",
  "capture",
] as const;

export const IngestFigures = z.object({
  /** Of what is passed on. */
  bitrateBps: Figure.optional(),
  framesPerSecond: Figure.optional(),
  /** Since its process began. */
  bytes: Figure.optional(),
  frames: Figure.optional(),
  /** Since the last bytes came. */
  quietMs: Figure.optional(),
  /** Who reads it on this host, and the packets they were too slow for. */
  readers: Figure.optional(),
  readerDrops: Figure.optional(),
});
export type IngestFigures = z.infer<typeof IngestFigures>;

/** `ingest/<id>/state`: what comes in, and how it goes. */
export const IngestState = Published.extend({
  name: z.string().optional(),
  kind: word(ingestKinds),
  /**
   * starting: its process is on its way; waiting: for a publisher, or for the first bytes; silent:
   * nothing has come for a moment from who is there; failing: it cannot be had.
   */
  state: word(ingestWords),
  sinceMs: z.number(),
  /** Why it is not receiving, or was not before. */
  because: z.string().nullable(),
  /** Who publishes, by address; null: nobody, or a source that has no such thing. */
  publisher: z.object({ from: z.string(), sinceMs: z.number() }).nullable(),
  video: z
    .object({
      codec: z.string(),
      widthPx: z.number(),
      heightPx: z.number(),
      /** As it is told with the pictures. Absent: not known. */
      colour: Colour.optional(),
    })
    .nullable(),
  audio: z.object({ codec: z.string(), sampleRateHz: z.number() }).nullable(),
  /** All of them, in the order of the input; the first is `audio`. Absent: not known. */
  sounds: z
    .array(
      z.object({
        codec: z.string(),
        sampleRateHz: z.number(),
        /** null: of no layout that has a name. */
        channels: z.number().int().nullable(),
        /** ISO 639-2; null: it is not told. */
        language: z.string().nullable(),
      }),
    )
    .optional(),
  /** As its pictures are flagged, and as they look: interlaced ones are combed. Absent: not known. */
  scan: z.object({ told: word(scans).nullable(), seen: word(scans).nullable() }).optional(),
  figures: IngestFigures,
  /** Publishers that were sent away since its process began, and the last of them. */
  refused: z.number(),
  lastRefused: z.object({ atMs: z.number(), from: z.string(), why: z.string() }).nullable(),
  /** How often its process has ended by itself since the site began. */
  restarts: z.number(),
  /** Sentences for the operator. */
  warnings: z.array(z.string()),
}).meta({ id: "IngestState" });
export type IngestState = z.infer<typeof IngestState>;
