/** Devices of this host, as ffmpeg reads them: which of its readers, with which options. */
import type { Capture } from "./settings.ts";

/** A device may open nothing but itself. */
const by = (reader: string) => [
  ...["-protocol_whitelist", "file", "-format_whitelist", reader],
  // It is emptied while the other one is waited for.
  ...["-thread_queue_size", "512", "-f", reader.split(",")[0]!],
];
const alsa = (sound: string) => [...by("alsa"), "-i", sound];

/** What is said where this ffmpeg was built without it. */
const names = { video4linux2: "V4L2", alsa: "ALSA", decklink: "DeckLink", libndi_newtek: "NDI" };

export function captureInputs(from: Capture): string[] {
  const rate = ["-framerate", String(from.framesPerSecond)];
  switch (from.by) {
    case "v4l2": {
      const { device, format, width, height, sound } = from;
      return [
        ...by("video4linux2,v4l2"),
        ...(format === undefined ? [] : ["-input_format", format]),
        ...(width === undefined || height === undefined
          ? []
          : ["-video_size", `${width}x${height}`]),
        ...[...rate, "-i", device],
        ...(sound === undefined ? [] : alsa(sound)),
      ];
    }
    case "alsa": {
      const { width, height, framesPerSecond, sound } = from;
      const black = `color=black:size=${width}x${height}:rate=${framesPerSecond}`;
      return ["-re", "-f", "lavfi", "-i", black, ...alsa(sound)];
    }
    case "decklink":
      return [
        ...by("decklink"),
        ...(from.formatCode === undefined ? [] : ["-format_code", from.formatCode]),
        ...(from.connection === undefined ? [] : ["-video_input", from.connection]),
        ...["-i", from.card],
      ];
    case "ndi":
      return [...by("libndi_newtek"), "-i", from.source];
  }
}

/** Picture of the first, sound of the last. */
export const captureMaps = (from: Capture): string[] => [
  ...["-map", "0:v:0", "-map"],
  from.by === "alsa" || (from.by === "v4l2" && from.sound !== undefined) ? "1:a:0" : "0:a:0?",
];

export const isPassedOn = (from: Capture): boolean => from.by === "v4l2" && from.format === "h264";

/** ffmpeg's last words, as somebody can act on them. */
export function captureWords(words: string): string {
  const missing = /Unknown input format: '(\w+)'/.exec(words)?.[1];
  if (missing !== undefined && Object.hasOwn(names, missing)) {
    const name = names[missing as keyof typeof names];
    return `the ffmpeg of this host was built without ${name}: install one that has it`;
  }
  if (/No such file or directory|Permission denied|Input\/output error/.test(words)) {
    return `${words} (is it plugged in, and does the unit allow it? see DeviceAllow in the README)`;
  }
  return words;
}
