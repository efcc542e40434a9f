/** A software encoder that ffmpeg or GStreamer runs for, chosen at each start. */
import { setTimeout as pause } from "node:timers/promises";
import { chosenEngine } from "../../../machines/encoder/engine-choice.ts";
import { endpointOf } from "../../../machines/endpoint.ts";
import type { Stamp } from "../../../machines/time.ts";
import type { DriverContext, EncoderDriver } from "../driver.ts";
import { withFfmpeg } from "../ffmpeg/ffmpeg.ts";
import { withGstreamer } from "../gstreamer/gstreamer.ts";
import { bootId } from "../shared/engine/engine-directory.ts";
import type { Choice, Wanted } from "../shared/engine/launch.ts";
import { openSoftwareEncoder, type SoftwareEncoder } from "../shared/engine/software-encoder.ts";
import { asGstreamer } from "./as-gstreamer.ts";
import { openFailures } from "./failures.ts";
import type { AutoOptions } from "./options.ts";

/** A start of the daemon waits so long for the look at GStreamer's elements. */
const firstLookMs = 10_000;

/** @param launcher path of `launcher.sh` */
export async function openAuto(
  context: DriverContext,
  options: AutoOptions,
  launcher: string,
): Promise<EncoderDriver> {
  const { source, outputs, limits } = options;
  const { close, pictures: hardware, ...ffmpeg } = withFfmpeg(context, options);
  const { options: asPipeline, onlyFfmpeg } = asGstreamer(options);
  const gstreamer = asPipeline && withGstreamer(context, asPipeline);
  const now = (): Stamp => ({ bootId, monoMs: context.now(), wallMs: Date.now() });
  const failures = openFailures(context.stateDir, now);

  function choice(target: Wanted = {}): Choice {
    const { engine, because } = chosenEngine({
      to: endpointOf(target.address ?? "")?.scheme,
      input: options.input.kind,
      onlyFfmpeg,
      lacks: gstreamer?.lacks(target),
      failure: failures.standing(),
    });
    if (engine === "gstreamer") return { by: engine, because };
    const { by, because: noHardware } = hardware?.choice(target) ?? { by: engine };
    return { by, because: noHardware === undefined ? because : `${because}; ${noHardware}` };
  }

  const pictures: SoftwareEncoder["pictures"] = {
    choice,
    known: Promise.race([
      Promise.all([gstreamer?.inspected, hardware?.known]),
      pause(firstLookMs, undefined, { ref: false }),
    ]),
    blames: (end) =>
      end.by === "gstreamer" ? failures.ended(end) : hardware?.blames(end) === true,
    raised() {
      const failure = gstreamer && failures.standing();
      if (failure === undefined) return hardware?.raised() ?? [];
      return [{ code: "encodesByFfmpeg", severity: "warning", text: `${failure}; ffmpeg encodes` }];
    },
  };
  const driver = await openSoftwareEncoder(context, {
    ...{ source, outputs, limits, times: options, launcher, ...ffmpeg, pictures },
    loads: (settings, by) =>
      (by === "gstreamer" && gstreamer ? gstreamer : ffmpeg).loads(settings, by),
  });
  return {
    ...driver,
    close: async () => {
      close();
      await Promise.all([gstreamer?.close(), driver.close()]);
    },
  };
}
