/** What ffmpeg says of its input on stderr, as figures. */
export type VideoForm = {
  codec: string;
  widthPx: number;
  heightPx: number;
  /** As it is declared; absent where it is not. */
  framesPerSecond?: number;
};
export type AudioForm = { codec: string; sampleRateHz: number };

const video = /Stream #0:\d+.*?: Video: (\w+).*?, (\d{2,5})x(\d{2,5})/;
const declaredRate = /, ([\d.]+) fps/;
const audio = /Stream #0:\d+.*?: Audio: (\w+).*?, (\d+) Hz/;

export function videoIn(line: string): VideoForm | undefined {
  const found = video.exec(line);
  if (!found) return undefined;
  const [, codec = "", width, height] = found;
  const rate = declaredRate.exec(line)?.[1];
  return {
    ...{ codec, widthPx: Number(width), heightPx: Number(height) },
    ...(rate !== undefined && { framesPerSecond: Number(rate) }),
  };
}

export function audioIn(line: string): AudioForm | undefined {
  const found = audio.exec(line);
  return found ? { codec: found[1] ?? "", sampleRateHz: Number(found[2]) } : undefined;
}
