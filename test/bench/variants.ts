/** What `matrix` tests: one variant, as it is written, and all of a batch. Pure. */
import { z } from "zod";
import { bitrate, section } from "../../config/units.ts";
import { rate, side } from "../../daemon/drivers/shared/engine/fields.ts";
import { hardwareCodecs } from "../../machines/encoder/picture-encoder.ts";

/** ffmpeg's name of it, or GStreamer's: that says by which program, too. */
export const codecs = ["libx264", "x264enc", ...hardwareCodecs] as const;

const Fields = section({
  ...{ width: side, height: side },
  // Of a slower one no standstill could be told in the usual time.
  framesPerSecond: rate.min(10),
  bitrate: bitrate({ atLeast: "50kbps", atMost: "100Mbps" }),
  codec: z.enum(codecs),
});
export type Variant = z.infer<typeof Fields> & { /** As it was written. */ name: string };

const form =
  /^(?<width>[^x]*)x(?<height>[^@]*)@(?<framesPerSecond>[^/]*)\/(?<bitrate>[^/]*)\/(?<codec>.*)$/;

/** @throws Error that names the field, or the form where that is another */
export function parseVariant(text: string): Variant {
  const words = form.exec(text)?.groups;
  if (!words) throw new Error(`${text} is no variant like 1280x720@30/3Mbps/libx264`);
  const numbers = ["width", "height", "framesPerSecond"].map((key) => [key, Number(words[key])]);
  const { data, error } = Fields.safeParse({ ...words, ...Object.fromEntries(numbers) });
  if (data) return { ...data, name: text };
  const [{ path, message }] = error.issues as [z.core.$ZodIssue];
  throw new Error(`${String(path[0])} of ${text}: ${message}`);
}

export type Axes = {
  /** Size and frame rate, as `1280x720@50`. */
  pictures: readonly string[];
  bitrates: readonly string[];
  codecs: readonly Variant["codec"][];
};

/** Each with each. */
export const expanded = ({ pictures, bitrates, codecs }: Axes): Variant[] =>
  codecs.flatMap((codec) =>
    pictures.flatMap((picture) =>
      bitrates.map((bits) => parseVariant(`${picture}/${bits}/${codec}`)),
    ),
  );
