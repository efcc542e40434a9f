/** GStreamer as a software encoder: a pipeline of gst-launch for each output. */
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type DriverContext, DriverError, type EncoderDriver } from "../driver.ts";
import { rehearsalEnd } from "../shared/engine/ingest-input.ts";
import { inputSecrets } from "../shared/engine/input-access.ts";
import type { Wanted } from "../shared/engine/launch.ts";
import { madeLoads } from "../shared/engine/load-steps.ts";
import { madeSettings } from "../shared/engine/made-settings.ts";
import type { Program } from "../shared/engine/program.ts";
import { openSoftwareEncoder } from "../shared/engine/software-encoder.ts";
import { gstreamerArguments } from "./arguments.ts";
import { written } from "./description.ts";
import { elementsIn, elementsListed, lastWords, missingSentence, refusalIn } from "./elements.ts";
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
  const { loads, lacks, close } = withGstreamer(context, options);
  const driver = await openSoftwareEncoder(context, {
    ...{ loads, source, outputs, limits, times: options, launcher },
    hostAlarms: () => lacks({}) ?? [],
  });
  return {
    ...driver,
    close: async () => {
      await Promise.all([close(), driver.close()]);
    },
  };
}

/** What GStreamer brings to an encoder. */
export function withGstreamer(
  { stateDir }: Pick<DriverContext, "stateDir">,
  options: GstreamerOptions,
) {
  // Under systemd there is no home to keep it in, and each start would read every plugin again.
  const registry = join(stateDir, "gstreamer-registry.bin");
  const made = (at: GstreamerOptions) => ({
    program: gstreamerProgram(at, registry),
    settings: madeSettings(at.video, at.audio),
  });
  const closing = new AbortController();
  let host: Host | undefined;
  // Also writes the registry, so that a takeover finds it there.
  const inspected = inspect(options.program, registry, closing.signal) //
    .then((found) => (host = found));
  return {
    loads: madeLoads(options, made),
    inspected,
    /** Why it cannot publish there from this host, in sentences; undefined: nobody has looked yet. */
    lacks: (target: Wanted) => host && lackedFor(target, options, host),
    close: async () => {
      closing.abort();
      await inspected;
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

/** The elements that gst-inspect lists, or why it does not. */
type Host = { elements: ReadonlySet<string> } | { because: string };

async function inspect(gstLaunch: string, registry: string, signal: AbortSignal): Promise<Host> {
  const program = join(dirname(gstLaunch), "gst-inspect-1.0");
  try {
    const { stdout } = await run(program, [], {
      ...{ signal, timeout: inspectWithinMs, maxBuffer: 16 * 1024 * 1024 },
      env: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8", GST_REGISTRY: registry },
    });
    return { elements: elementsListed(stdout) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    return { because: `GStreamer cannot be looked at: ${program} failed (${code})` };
  }
}

function lackedFor(
  { address = "rtmp://h/a", streamKey = "key", destination = rehearsalEnd, srt }: Wanted,
  options: GstreamerOptions,
  host: Host,
): string[] {
  if ("because" in host) return [host.because];
  const to = { encoder: "a", destination, address, streamKey, keyGeneration: 1, progressPort: 1 };
  try {
    const argv = gstreamerArguments(options, { ...to, ...(srt && { srt }) });
    return elementsIn(argv)
      .filter((element) => !host.elements.has(element))
      .map(missingSentence);
  } catch (error) {
    if (error instanceof DriverError) return [error.message];
    throw error;
  }
}
