/**
 * What publishes for a relayed stream: it reads what the relay of the stream selected, and sends it
 * to the far end unchanged. It outlives the relay as it outlives the daemon: it holds its own end
 * of the pipe open, so that the end of the relay is not the end of the stream.
 */
import { z } from "zod";
import type { DriverContext, EncoderDriver } from "../driver.ts";
import { absolutePath, engineFields } from "../shared/engine/fields.ts";
import type { ProgressBlock } from "../shared/engine/progress.ts";
import { checkedEndpoint } from "../shared/engine/publication.ts";
import type { Program } from "../shared/engine/program.ts";
import { openSoftwareEncoder } from "../shared/engine/software-encoder.ts";
import { outputArguments, statsPeriodS } from "./arguments.ts";
import { lastWords } from "./last-words.ts";
import { parseProgress } from "./progress.ts";
import { refusalIn } from "./refusal.ts";

const { outputs, suspectAfterMs, firstFrameGraceMs, stopGraceMs } = engineFields;

/** Made from the configuration of its stream; nobody writes this by hand. */
export const PusherOptions = z.strictObject({
  ...{ outputs, firstFrameGraceMs, stopGraceMs },
  /** A relay that begins anew is silent for half a second. */
  suspectAfterMs: suspectAfterMs.default(1_000),
  pipe: absolutePath.describe("named pipe that the relay writes to"),
  form: z.enum(["mpegts", "flv"]).default("mpegts").describe("in which the relay writes"),
  bitrateBps: z.int().positive().optional().describe("of what comes through it"),
  program: absolutePath.default("/usr/bin/ffmpeg").describe("the ffmpeg to run"),
});
export type PusherOptions = z.infer<typeof PusherOptions>;

const programme = [
  ...["-probesize", "1000000", "-analyzeduration", "500000", "-f", "flv", "-i", "pipe:0"],
  ...["-map", "0:v:0", "-map", "0:a?", "-c", "copy"],
];
/** ffmpeg would write a transport stream anew, and splice information as something else. */
const bytes = ["-f", "data", "-i", "pipe:0", "-map", "0", "-c", "copy"];
const progressOf = {
  flv: parseProgress,
  /** Mere bytes have no time: it stands at 0. */
  mpegts: (datagram: Uint8Array): ProgressBlock | undefined => {
    const block = parseProgress(datagram);
    delete block?.outTimeUs;
    return block;
  },
};

const holdsPipe = 'pipe=$1; shift; [ -p "$pipe" ] || mkfifo "$pipe"; exec "$@" <>"$pipe"';

/** @param launcher path of `launcher.sh` */
export function openPusher(
  context: DriverContext,
  options: PusherOptions,
  launcher: string,
): Promise<EncoderDriver> {
  const program: Program = {
    name: "pusher",
    command: ["/bin/sh", "-c", holdsPipe, "pusher", options.pipe, options.program],
    arguments(publication) {
      const to = checkedEndpoint(publication);
      return [
        ...["-hide_banner", "-nostats", "-loglevel", "level+error"],
        ...["-progress", `udp://127.0.0.1:${publication.progressPort}`],
        ...["-stats_period", String(statsPeriodS)],
        ...["-fflags", "nobuffer", "-protocol_whitelist", "pipe"],
        ...(options.form === "flv" ? programme : bytes),
        ...outputArguments(to, publication, "data"),
      ];
    },
    // It stands in an argument of its own.
    inputSecrets: [],
    spellings: () => [],
    bitrateBps: options.bitrateBps,
    progress: { everyMs: statsPeriodS * 1_000, reader: () => progressOf[options.form] },
    lastWords,
    refusalIn: (lines, address) => refusalIn(lines, address, undefined),
  };
  return openSoftwareEncoder(context, {
    loads: () => [{ program, settings: {} }],
    ...{ source: undefined, outputs: options.outputs, limits: {}, times: options, launcher },
  });
}
