import { z } from "zod";
import { Id, word } from "../id.ts";
import { Figure, Published } from "../published.ts";

export const outputWords = ["unknown", "starting", "waiting", "sending", "failing"] as const;
export type OutputWord = (typeof outputWords)[number];

export const outputKinds = ["hls", "ladder", "recording", "rtmp", "srt", "udp", "rtp"] as const;

export const conformityWords = ["ok", "faulty"] as const;

export const OutputFigures = z.object({
  /** Of what comes from the relay. */
  bitrateBps: Figure.optional(),
  /** Since its process began. */
  bytes: Figure.optional(),
  pictures: Figure.optional(),
  /** Since the last picture. */
  quietMs: Figure.optional(),
  /** In the list that is read, or files that are recorded and kept. */
  segments: Figure.optional(),
  /** Addresses that have asked for the list of late. */
  readers: Figure.optional(),
  /** Not sent, because the far end was away or did not take them. */
  droppedPictures: Figure.optional(),
});
export type OutputFigures = z.infer<typeof OutputFigures>;

/** `output/<id>/state`: what a relayed stream is sent to besides its destination. */
export const OutputState = Published.extend({
  name: z.string().optional(),
  kind: word(outputKinds),
  stream: Id,
  /**
   * starting: its process is on its way; waiting: its stream brings no picture; failing: what comes
   * cannot go out.
   */
  state: word(outputWords),
  sinceMs: z.number(),
  /** Why it is not sending, or was not before. */
  because: z.string().nullable(),
  figures: OutputFigures,
  /**
   * Whether what it writes can be read by players: lists, manifests and segments, looked at as they
   * stand on the disk. Null: nothing is looked at yet, or nobody looks.
   */
  conformity: z
    .object({
      word: word(conformityWords),
      sinceMs: z.number(),
      /** Which file breaks which rule; null while all is well. */
      why: z.string().nullable(),
      /** Lists, manifests and segments looked at since its process began. */
      checked: z.number(),
    })
    .nullable()
    .optional(),
  /** How often its process has ended by itself since the site began. */
  restarts: z.number(),
  /** Sentences for the operator. */
  warnings: z.array(z.string()),
}).meta({ id: "OutputState" });
export type OutputState = z.infer<typeof OutputState>;
