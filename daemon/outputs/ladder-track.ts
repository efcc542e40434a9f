import { z } from "zod";
import type { Frame, Ticks } from "../relay/frame.ts";
import { aacOf } from "../relay/ts/adts.ts";
import { languageIn } from "../relay/ts/tables.ts";
import { Fragments, initOf } from "./fragments.ts";
import { SegmentFile, writeWhole } from "./segment-files.ts";
import type { Format } from "./segmenter.ts";
import { pictureSet } from "../relay/ts/sps.ts";

/** A picture in one size, or a sound, as players are told of it. */
export const TrackForm = z.object({
  /** Stands before the names of its files; without "-". */
  id: z.string(),
  codecs: z.string(),
  picture: z.object({ widthPx: z.number(), heightPx: z.number() }).optional(),
  sound: z
    .object({ rateHz: z.number(), channels: z.number(), language: z.string().optional() })
    .optional(),
});
export type TrackForm = z.infer<typeof TrackForm>;

/** Writes the segments of one track of one form. */
export class LadderTrack {
  readonly form: TrackForm;
  readonly #folder: string;
  readonly #fragments: Fragments;
  #file: SegmentFile | undefined;

  /** @param p.track 0: the picture; else which sound */
  constructor(p: { id: string; folder: string; epoch: string; format: Format; track: number }) {
    this.#folder = p.folder;
    this.form = formOf(p.id, p.format, p.track);
    this.#fragments = new Fragments(p.format, p.track);
    writeWhole(p.folder, `${p.id}-${p.epoch}.mp4`, initOf(p.format, p.track));
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  begin(name: string): void {
    this.#file = new SegmentFile(this.#folder, `${this.form.id}-${name}`);
  }

  frame(frame: Frame): void {
    if (this.#file) this.#fragments.take(frame);
  }

  /** @returns how many bytes it has */
  end(dts: Ticks): number {
    const file = this.#file!;
    this.#file = undefined;
    file.write(this.#fragments.cut(dts));
    file.commit();
    return file.bytes;
  }

  close(): void {
    this.#file?.discard();
    this.#file = undefined;
  }
}

function formOf(id: string, { sps, adts, streams }: Format, track: number): TrackForm {
  if (track === 0) {
    const codecs = `avc1.${sps.subarray(1, 4).toString("hex")}`;
    const { widthPx, heightPx } = pictureSet(sps) ?? { widthPx: 0, heightPx: 0 };
    return { id, codecs, picture: { widthPx, heightPx } };
  }
  const { objectType, rateHz, channels } = aacOf(adts[track]!)!;
  const language = languageIn(streams[track]!.descriptors);
  const sound = { rateHz, channels, ...(language !== undefined && { language }) };
  return { id, codecs: `mp4a.40.${objectType}`, sound };
}
