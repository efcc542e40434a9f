/** ffmpeg as a software encoder. */
import type { DriverContext, EncoderDriver } from "../driver.ts";
import { inputSecrets } from "../shared/engine/input-access.ts";
import { madeLoads } from "../shared/engine/load-steps.ts";
import { madeSettings } from "../shared/engine/made-settings.ts";
import type { Program } from "../shared/engine/program.ts";
import { openSoftwareEncoder } from "../shared/engine/software-encoder.ts";
import { ffmpegArguments, statsPeriodS } from "./arguments.ts";
import { watchHardware } from "./hardware-encoders.ts";
import type { FfmpegOptions } from "./options.ts";
import { parseProgress } from "./progress.ts";
import { refusalIn } from "./refusal.ts";

/** @param launcher path of `launcher.sh` */
export async function openFfmpeg(
  context: DriverContext,
  options: FfmpegOptions,
  launcher: string,
): Promise<EncoderDriver> {
  const { source, outputs, limits } = options;
  const loads = madeLoads(options, made);
  const hardware = watchHardware(context, options.program);
  const driver = await openSoftwareEncoder(context, {
    ...{ loads, source, outputs, limits, times: options, launcher, hardware: hardware.proven },
  });
  return {
    ...driver,
    close: () => {
      hardware.close();
      return driver.close();
    },
  };
}

const made = (options: FfmpegOptions) => ({
  program: ffmpegProgram(options),
  settings: madeSettings(options.video, options.audio),
});

function ffmpegProgram(options: FfmpegOptions): Program {
  return {
    name: "ffmpeg",
    command: [options.program],
    arguments: (publication) => ffmpegArguments(options, publication),
    inputSecrets: inputSecrets(options.input),
    // A login stands in a URL; all others in arguments of their own.
    spellings: (secret) => [encodeURIComponent(secret)],
    bitrateBps: options.video.bitrateBps,
    progress: {
      everyMs: statsPeriodS * 1_000,
      reader: () => parseProgress,
    },
    lastWords: (lines) => lines.slice(-3),
    refusalIn: (lines, address) =>
      refusalIn(lines, address, "url" in options.input ? options.input.url : undefined),
  };
}
