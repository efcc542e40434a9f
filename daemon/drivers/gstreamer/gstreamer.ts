/** GStreamer as a software encoder: a pipeline of gst-launch for each output. */
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { DriverContext, EncoderDriver } from "../driver.ts";
import { inputSecrets } from "../shared/engine/input-access.ts";
import { madeLoads } from "../shared/engine/load-steps.ts";
import { madeSettings } from "../shared/engine/made-settings.ts";
import type { Program } from "../shared/engine/program.ts";
import { openSoftwareEncoder } from "../shared/engine/software-encoder.ts";
import { gstreamerArguments } from "./arguments.ts";
import { written } from "./description.ts";
import { elementsIn, lastWords, missingFrom, missingSentence, refusalIn } from "./elements.ts";
import type { GstreamerOptions } from "./options.ts";
import { reportEveryMs, senderReports } from "./sender-reports.ts";

const run = promisify(execFile);
/** Reading every plugin for the first time took 3.5 s on a busy host of two cores. */
const inspectWithinMs = 60_000;

/** @param launcher path of `launcher.sh` */
export async function openGstreamer(
  context: DriverContext,
  options: GstreamerOptions,
  launcher: string,
): Promise<EncoderDriver> {
  const { source, outputs, limits } = options;
  // Under systemd there is no home to keep it in, and each start would read every plugin again.
  const registry = join(context.stateDir, "gstreamer-registry.bin");
  const made = (at: GstreamerOptions) => ({
    program: gstreamerProgram(at, registry),
    settings: madeSettings(at.video, at.audio),
  });
  const closing = new AbortController();
  let alarms: readonly string[] = [];
  const hostAlarms = () => alarms;
  const driver = await openSoftwareEncoder(context, {
    ...{ loads: madeLoads(options, made), source, outputs, limits, times: options, launcher },
    hostAlarms,
  });
  // Also writes the registry, so that a takeover finds it there.
  const inspected = inspect(options, registry, closing.signal).then((found) => (alarms = found));
  return {
    ...driver,
    close: async () => {
      closing.abort();
      await Promise.all([inspected, driver.close()]);
    },
  };
}

function gstreamerProgram(options: GstreamerOptions, registry: string): Program {
  return {
    name: "gstreamer",
    command: ["/usr/bin/env", `GST_REGISTRY=${registry}`, options.program],
    arguments: (publication) => gstreamerArguments(options, publication),
    inputSecrets: inputSecrets(options.input),
    spellings: (secret) => [written(secret)],
    bitrateBps: options.video.bitrateBps,
    progress: { everyMs: reportEveryMs, reader: senderReports },
    ...{ lastWords, refusalIn },
  };
}

/** Says what this host lacks for the pipeline of these options, as sentences. */
async function inspect(
  options: GstreamerOptions,
  registry: string,
  signal: AbortSignal,
): Promise<string[]> {
  const publication = { encoder: "a", address: "rtmp://h/a", streamKey: "key", keyGeneration: 1 };
  const wanted = elementsIn(gstreamerArguments(options, { ...publication, progressPort: 1 }));
  const program = join(dirname(options.program), "gst-inspect-1.0");
  try {
    const { stdout } = await run(program, [], {
      ...{ signal, timeout: inspectWithinMs, maxBuffer: 16 * 1024 * 1024 },
      env: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8", GST_REGISTRY: registry },
    });
    return missingFrom(stdout, wanted).map(missingSentence);
  } catch (error) {
    if (signal.aborted) return [];
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    return [`GStreamer cannot be looked at: ${program} failed (${code})`];
  }
}
