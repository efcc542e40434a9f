/** What an encoder brings that the relay does not take as it is. */
import { z } from "zod";
import { word } from "../id.ts";

export const Misfit = z.object({
  /** `order`: pictures are shown in another order than they come in. */
  kind: word(["picture", "sound", "data", "order"]),
  /** Which of its kind, in the order of the programme's map, from 1. */
  number: z.number().int(),
  format: z.string(),
});
export type Misfit = z.infer<typeof Misfit>;

/** What follows of it, and what to do. */
export function misfitSentence(encoder: string, { kind, number, format }: Misfit): string {
  if (kind === "order") {
    return `${encoder} makes ${format}: at a switch those are lost that need a later picture; set it to make none`;
  }
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
