/** What an encoder brings that the relay does not take as it is. */
import { z } from "zod";
import { word } from "../id.ts";

const misfitKinds = [
  ...(["picture", "sound", "data", "order"] as const),
  ...(["keyframes", "pace", "bytes", "players", "settings"] as const),
] as const;

export const Misfit = z.object({
  /**
   * `order`: pictures are shown in another order than they come in. `keyframes`, `pace`, `bytes`:
   * what keeps them from going out. `players`: not everybody can show them. `settings`: they are
   * other than they should be.
   */
  kind: word(misfitKinds),
  /** Which of its kind, in the order of the programme's map, from 1. */
  number: z.number().int(),
  format: z.string(),
});
export type Misfit = z.infer<typeof Misfit>;

/** What follows of it, and what to do. */
export function misfitSentence(encoder: string, { kind, number, format }: Misfit): string {
  const plainly = sentences[kind];
  if (plainly) return plainly(encoder, format);
  const what = `${kind} ${number} of ${encoder} is ${format}, which is not carried`;
  if (kind === "picture" && format === carriedPicture) {
    return `picture ${number} of ${encoder} is not carried: there is one before it`;
  }
  if (kind === "picture") return `${what}: set the encoder to ${carriedPicture}`;
  return kind === "sound"
    ? `${what}: set the encoder to AAC${format.startsWith("AAC") ? " in ADTS" : ""}`
    : what;
}

export const carriedPicture = "H.264";

const sentences: Partial<Record<Misfit["kind"], (encoder: string, format: string) => string>> = {
  order: (encoder, format) =>
    `${encoder} makes ${format}: at a switch those are lost that need a later picture; set it to make none`,
  keyframes: (encoder, format) =>
    `${encoder} makes ${format}: the relay begins with an IDR picture only; set it to one each 1 to 4 s`,
  pace: (encoder, format) =>
    `${encoder} brings pictures that are ${format} apart, which is taken for silence; set relay.watchdog of the stream to more`,
  bytes: (encoder, format) => `from ${encoder} comes ${format}`,
  players: (encoder, format) =>
    `${encoder} makes ${format}, which goes out as it is and few players show; set it to 8 bits in 4:2:0`,
  settings: (encoder, format) => `${encoder} brings ${format}`,
};

/** With these nothing of its picture goes out. */
export const keepsPictureBack = ({ kind }: Misfit): boolean =>
  kind === "picture" || kind === "keyframes" || kind === "pace" || kind === "bytes";
