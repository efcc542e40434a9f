import { z } from "zod";

const source = z.string().min(1).max(120);

/** For boxes that tell which of their inputs they take; the keys are its words in lower case. */
export const namedInputs = z
  .strictObject({ sdi: source.optional(), hdmi: source.optional() })
  .optional()
  .describe(
    "what feeds each of its inputs, in place of `source`: the source is then that of the input it " +
      "takes, and nobody's where that is not named here",
  );

/** For boxes whose channels show one of several layouts; the keys are the names of those. */
export const namedLayouts = z
  .record(z.string().min(1).max(120), source)
  .optional()
  .describe(
    "what feeds each layout of the channel, by the layout's name, in place of `source`: the source is " +
      "then that of the layout it shows, and nobody's where that is not named here",
  );

/** Named by the word that a box has for an input, in lower case. */
export function inputsIn(options: unknown): Readonly<Record<string, string>> | undefined {
  const { inputs } = (options ?? {}) as { inputs?: Record<string, string> };
  const named = Object.entries(inputs ?? {}).map(([name, of]) => [name.toLowerCase(), of]);
  return inputs && (Object.fromEntries(named) as Record<string, string>);
}
