/**
 * What a channel makes of its input, as far as the vendor's pages say what the older keys mean: the
 * bit rate and the size. The unit of `vkeyframeinterval` is not written down, and `fpslimit` is only
 * a limit: they are neither told nor set.
 */
import type { EncoderSettings } from "../../../machines/encoder/settings.ts";
import type { Api } from "./api.ts";
import type { PearlOptions } from "./options.ts";

const keys = "vbitrate&autoframesize&framesize";

export async function readEncoding(
  api: Api,
  { channel }: PearlOptions,
  signal: AbortSignal,
): Promise<EncoderSettings> {
  return encodingIn(await api.parameter(`get_params.cgi?${keys}`, channel, signal));
}

/** Lines like `framesize = 1280x720`; the vendor's own example of a size has blanks around the x. */
export function encodingIn(text: string): EncoderSettings {
  const kbps = kbpsIn(text);
  const auto = valueOf("autoframesize", text);
  const [, width, height] =
    /^(\d{2,5})\s*x\s*(\d{2,5})$/i.exec(valueOf("framesize", text) ?? "") ?? [];
  return {
    ...(kbps !== undefined && { videoBitrateBps: kbps * 1_000 }),
    ...(auto === "on" && { sizeOf: "input" }),
    ...(auto === "" &&
      width !== undefined && {
        ...{ sizeOf: "settings", widthPx: Number(width), heightPx: Number(height) },
      }),
  };
}

/** `4000K`; bits a second where it has no unit. */
export function kbpsIn(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,12})([KM]?)$/i.exec(valueOf("vbitrate", text) ?? "") ?? [];
  if (digits === undefined) return undefined;
  const factor = { K: 1, M: 1_000, "": 0.001 }[unit?.toUpperCase() ?? ""] ?? 0.001;
  const kbps = Math.round(Number(digits) * factor);
  return kbps > 0 ? kbps : undefined;
}

/** Off is an empty value; undefined: the box does not know the key. */
const valueOf = (key: string, text: string): string | undefined =>
  text
    .split(/\r?\n/)
    .map((line) => /^\s*(\w+)\s*=(.*)$/.exec(line))
    .find((found) => found?.[1] === key)?.[2]
    ?.trim();
