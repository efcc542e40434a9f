import type { Colour } from "../../machines/content/colour.ts";
import type { Scan } from "../../machines/content/scan.ts";

/** What ffmpeg says of its input on stderr, as figures. */
export type VideoForm = {
  codec: string;
  widthPx: number;
  heightPx: number;
  /** As it is declared; absent where it is not. */
  framesPerSecond?: number;
  /** As its pictures are flagged; absent where they are not. */
  scan?: Scan;
  /** Absent where nothing is told of the pictures but their size. */
  colour?: Colour;
};
export type AudioForm = {
  codec: string;
  sampleRateHz: number;
  /** Absent where the layout is none that has a name. */
  channels?: number;
  /** ISO 639-2; absent where it is not told. */
  language?: string;
};

const video = /Stream #0:\d+.*?: Video: (\w+).*?, (\d{2,5})x(\d{2,5})/;
const flagged = /\((?:[^()]*, )?(progressive|(?:top|bottom)(?: coded)? first)\b/;
/** Behind the format of the pixels: range, matrix/primaries/transfer or one word for all, flags. */
const pixels = /Video: .*?, \w+\((?:(tv|pc)\b)?(?:, )?([\w-]+(?:\/[\w-]+){2}|bt\w+|smpte\w+)?\b/;
const declaredRate = /, ([\d.]+) fps/;
const audio = /Stream #0:\d+(?:\[\w+\])?(?:\((\w+)\))?: Audio: (\w+).*?, (\d+) Hz(?:, ([\w.]+))?/;
/** As ffmpeg calls them; all others are told as "6 channels" or "5.1(side)". */
const channelCounts: Readonly<Record<string, number>> = { mono: 1, stereo: 2 };

export function videoIn(line: string): VideoForm | undefined {
  const found = video.exec(line);
  if (!found) return undefined;
  const [, codec = "", width, height] = found;
  const flag = flagged.exec(line)?.[1];
  const rate = declaredRate.exec(line)?.[1];
  return {
    ...{ codec, widthPx: Number(width), heightPx: Number(height) },
    ...(rate !== undefined && { framesPerSecond: Number(rate) }),
    ...colourTold(line),
    ...(flag !== undefined && { scan: flag === "progressive" ? "progressive" : "interlaced" }),
  };
}

function colourTold(line: string): { colour?: Colour } {
  const [, range, words] = pixels.exec(line) ?? [];
  if (range === undefined && words === undefined) return {};
  const told = (words ?? "unknown").split("/").map((word) => (word === "unknown" ? null : word));
  const [matrix = null, primaries = matrix, transfer = matrix] = told;
  return { colour: { primaries, transfer, matrix, fullRange: range === "pc" } };
}

export function audioIn(line: string): AudioForm | undefined {
  const found = audio.exec(line);
  if (!found) return undefined;
  const [, language, codec = "", rate, layout = ""] = found;
  const channels = channelCounts[layout] ?? countIn(layout);
  return {
    ...{ codec, sampleRateHz: Number(rate) },
    ...(channels > 0 && { channels }),
    ...(language !== undefined && language !== "und" && { language }),
  };
}

/** 5.1 are six. */
const countIn = (layout: string): number =>
  layout.split(".").reduce((sum, part) => sum + (Number(part) || 0), 0);
