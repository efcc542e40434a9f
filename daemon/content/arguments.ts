import { dueEvery, jpeg, smallOf } from "./jpeg.ts";
import { pictureSize } from "../../machines/content/picture.ts";
import { inputOf, type Place } from "./place.ts";

/** File descriptors that the figures of each picture and of the sound are written to. */
export const figures = { pictures: 3, sound: 4 } as const;

// `metadata` prints the time of a picture only where it carries some metadata: so it gets some.
const small =
  `scale=${pictureSize.width}:${pictureSize.height}:flags=area,format=gray,` +
  `metadata=mode=add:key=p:value=1,metadata=mode=print:direct=1:file='pipe\\:${figures.pictures}'`;
const levels =
  "asetnsamples=n=24000,astats=metadata=1:reset=1:measure_perchannel=RMS_level:" +
  `measure_overall=none,ametadata=mode=print:direct=1:file='pipe\\:${figures.sound}'`;

/** What it says of the first 100 ms stands at the whole half second. */
const loudness = "ebur128=metadata=1,";

const quiet = ["-hide_banner", "-nostdin", "-loglevel", "quiet", "-threads", "1"];
// With more threads than one each picture is held back, until as many more have come.
const raw = ["-fps_mode", "passthrough", "-threads", "1", "-f", "rawvideo", "pipe:1"];

/** Where the newest picture is kept for people to see, how often there is a new one, and its width. */
export type Still = { path: string; everyMs: number; widthPx: number };

/**
 * Keyframes only, as small grey pictures on stdout, and the level of each channel and, where it is
 * wanted, the loudness, twice a second. `npm run bench -- content` says what it costs.
 */
export function watchArguments(place: Place, measuresLoudness: boolean, still?: Still): string[] {
  const sound = `${measuresLoudness ? loudness : ""}${levels}`;
  // prettier-ignore
  return [
    ...quiet, "-skip_frame", "nokey", ...inputOf(place),
    "-map", "0:v:0", "-vf", small, ...raw,
    // The packets of the picture go with the sound, because an output may not be empty.
    "-map", "0:v:0", "-c:v", "copy", "-map", "0:a:0?", "-af", sound, "-f", "null", "-",
    ...(still ? stillArguments(still) : []),
  ];
}

/** Of the pictures that are decoded anyway: 0.15 % of a core more. */
function stillArguments({ path, everyMs, widthPx }: Still): string[] {
  // Its encoder dies of a time that comes again, and those of an encoder may.
  const filters = [dueEvery(everyMs), smallOf(widthPx), "setpts=N/TB"].join(",");
  // prettier-ignore
  return [
    "-map", "0:v:0", "-vf", filters, "-fps_mode", "passthrough", ...jpeg,
    "-f", "image2", "-update", "1", "-atomic_writing", "1", "-y", `file:${path}`,
  ];
}

/** Five pictures a second for a while: 6 % of a core for as long as it lasts. */
export function burstArguments(place: Place, seconds: number): string[] {
  // prettier-ignore
  return [
    ...quiet, ...inputOf(place),
    // Not by a time: that would count from before the input was looked into, for seconds.
    "-map", "0:v:0", "-vf", `fps=5,${small}`, "-frames:v", String(5 * seconds), ...raw,
  ];
}
