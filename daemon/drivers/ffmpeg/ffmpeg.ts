/** ffmpeg as a software encoder. */
import { isHardware, type PictureEncoder } from "../../../machines/encoder/picture-encoder.ts";
import type { DriverContext, EncoderDriver } from "../driver.ts";
import { inputSecrets } from "../shared/engine/input-access.ts";
import { madeLoads } from "../shared/engine/load-steps.ts";
import { madeSettings } from "../shared/engine/made-settings.ts";
import type { Program } from "../shared/engine/program.ts";
import type { Made } from "../shared/engine/launch.ts";
import { openSoftwareEncoder, type SoftwareEncoder } from "../shared/engine/software-encoder.ts";
import { ffmpegArguments, statsPeriodS } from "./arguments.ts";
import { type Hardware, openHardware } from "./hardware.ts";
import { watchHardware } from "./hardware-encoders.ts";
import type { FfmpegOptions } from "./options.ts";
import { lastWords } from "./last-words.ts";
import { parseProgress } from "./progress.ts";
import { refusalIn } from "./refusal.ts";

/** @param launcher path of `launcher.sh` */
export async function openFfmpeg(
  context: DriverContext,
  options: FfmpegOptions,
  launcher: string,
): Promise<EncoderDriver> {
  const { source, outputs, limits } = options;
  const { close, ...ffmpeg } = withFfmpeg(context, options);
  const own = { source, outputs, limits, times: options, launcher };
  const driver = await openSoftwareEncoder(context, { ...own, ...ffmpeg });
  return {
    ...driver,
    close: () => {
      close();
      return driver.close();
    },
  };
}

/** What ffmpeg brings to an encoder. */
export function withFfmpeg(context: DriverContext, options: FfmpegOptions) {
  const watch = watchHardware(context, options.program);
  const hardware = openHardware(context, options);
  return {
    loads: madeLoads(options, made),
    hardware: watch.proven,
    ...(hardware && { pictures: picturesBy(hardware, options) }),
    close: () => {
      watch.close();
      hardware?.close();
    },
  };
}

/** Who asked for any hardware asked for none in particular: that there is none is no news. */
function picturesBy(
  hardware: Hardware,
  { video }: FfmpegOptions,
): NonNullable<SoftwareEncoder["pictures"]> {
  return {
    choice({ settings } = {}) {
      const { codec, because } = hardware.choice(settings);
      return { by: codec, ...(because !== undefined && { because }) };
    },
    known: hardware.firstTrials,
    blames: (end) => isHardware(end.by) && hardware.ended(end.by, end),
    raised() {
      const { because } = hardware.choice();
      if (because === undefined || (video.codec === "auto" && !hardware.hasFailed())) return [];
      const text = `${because}; encoding by x264`;
      return [{ code: "encodesBySoftware", severity: "warning", text }];
    },
  };
}

const made = (options: FfmpegOptions, by?: string): Made => ({
  program: ffmpegProgram(options, isHardware(by) ? by : "libx264"),
  settings: madeSettings(options.video, options.audio),
});

function ffmpegProgram(options: FfmpegOptions, by: PictureEncoder): Program {
  return {
    name: "ffmpeg",
    command: [options.program],
    arguments: (publication) => ffmpegArguments(options, publication, by),
    inputSecrets: inputSecrets(options.input),
    // A login stands in a URL; all others in arguments of their own.
    spellings: (secret) => [encodeURIComponent(secret)],
    bitrateBps: options.video.bitrateBps,
    progress: {
      everyMs: statsPeriodS * 1_000,
      reader: () => parseProgress,
    },
    lastWords,
    refusalIn: (lines, address) =>
      refusalIn(lines, address, "url" in options.input ? options.input.url : undefined),
  };
}
