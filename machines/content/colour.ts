/** What the numbers of a picture mean, as it stands in its bytes. */
import { z } from "zod";

export const Colour = z
  .object({
    /** In the words that FFmpeg has for those of ISO/IEC 23091-2, such as bt709; null: not told. */
    primaries: z.string().nullable(),
    transfer: z.string().nullable(),
    matrix: z.string().nullable(),
    /** Black is 0 and white 255, and not 16 and 235. */
    fullRange: z.boolean(),
  })
  .meta({ id: "Colour" });
export type Colour = z.infer<typeof Colour>;

/** How a stream is to look at the end: as its source, or as every screen takes for granted. */
export type WantedColour = "keep" | "bt709";
export const bt709: Colour = {
  ...{ primaries: "bt709", transfer: "bt709", matrix: "bt709", fullRange: false },
};

const parts = ["primaries", "transfer", "matrix"] as const;

/** Whether all that is told of the one is told of the other. */
export const keepsColour = (wanted: Colour, is: Colour): boolean =>
  wanted.fullRange === is.fullRange &&
  parts.every((part) => wanted[part] === null || isSame(part, wanted[part], is[part]));

/** Whether nothing that is told of both differs. */
export const isLike = (one: Colour, other: Colour): boolean =>
  one.fullRange === other.fullRange &&
  parts.every((part) => {
    const [a, b] = [one[part], other[part]];
    return a === null || b === null || isSame(part, a, b);
  });

const isSame = (part: (typeof parts)[number], a: string, b: string | null): boolean =>
  a === b || (part === "matrix" && [a, b].every((it) => it !== null && matrix601.includes(it)));

/** Two numbers for the same one. */
const matrix601 = ["bt470bg", "smpte170m"];

/** For people, short where it is one standard. */
export function colourWords({ primaries, transfer, matrix, fullRange }: Colour): string {
  const words = [primaries, transfer, matrix].map((part) => part ?? "not told");
  return [...new Set(words)].join("/") + (fullRange ? " in full range" : "");
}
