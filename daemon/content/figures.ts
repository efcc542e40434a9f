import type { Loudness } from "../../machines/content/look.ts";

/** What ffmpeg's `metadata=mode=print` writes of one picture or one piece of sound. */
export type Figure = {
  /** By the clock of the media, ms. */
  atMs: number;
  /** RMS of each channel, dBFS; empty of a picture. */
  levelsDbfs: number[];
  loudness?: Partial<Loudness>;
};

/** ffmpeg writes `-inf` of digital silence. */
const lowestDbfs = -120;
/** One line is short; what is longer is not from ffmpeg. */
const longestLine = 200;

/**
 * Reads text as it comes. A piece of sound is complete when the next one begins; a picture has one
 * line more than its time, our own mark.
 */
export function readFigures(tell: (figure: Figure) => void): (text: string) => void {
  let rest = "";
  let figure: Figure | undefined;

  function line(text: string): void {
    const time = /\bpts_time:(-?\d+(?:\.\d+)?)/.exec(text);
    if (time) {
      figure = { atMs: Number(time[1]) * 1_000, levelsDbfs: [] };
      return;
    }
    if (!figure) return;
    const level = /^lavfi\.astats\.(\d+)\.RMS_level=(-?\d+(?:\.\d+)?|-inf|nan)$/.exec(text);
    if (level) {
      const dbfs = Number(level[2]);
      figure.levelsDbfs[Number(level[1]) - 1] = Number.isFinite(dbfs) ? dbfs : lowestDbfs;
      return;
    }
    const loudness = /^lavfi\.r128\.([SI])=(-?\d+(?:\.\d+)?|-inf|nan)$/.exec(text);
    if (loudness) {
      const lufs = Number(loudness[2]);
      const name = loudness[1] === "S" ? "shortTermLufs" : "integratedLufs";
      figure.loudness = { ...figure.loudness, [name]: Number.isFinite(lufs) ? lufs : lowestDbfs };
    }
    if (text === "p=1") finish();
  }
  function finish(): void {
    if (figure) tell(figure);
    figure = undefined;
  }

  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!.slice(0, longestLine);
    for (const one of lines) {
      if (one.startsWith("frame:")) finish();
      line(one);
    }
  };
}
