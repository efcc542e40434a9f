/**
 * By which program a software encoder makes its picture that leaves it open. What fails at work
 * rests as hardware does, and the other makes the picture meanwhile.
 */
import type { Endpoint } from "../endpoint.ts";
import type { Stamp } from "../time.ts";
import { crashOf, type HardwareEnd, restsMs, type Tried } from "./picture-encoder.ts";

export type Engine = "ffmpeg" | "gstreamer";

export type EngineTask = {
  /** How it publishes; undefined: not known yet. */
  to: Endpoint["scheme"] | undefined;
  /** Kind of its input. */
  input: string;
  /** What of its configuration only ffmpeg does. */
  onlyFfmpeg: string | undefined;
  /** What GStreamer lacks here for this, in sentences; undefined: nobody has looked yet. */
  lacks: readonly string[] | undefined;
  /** Why GStreamer rests, if it does. */
  failure?: string | undefined;
};

/** Why ffmpeg has to; the first that holds. */
const forFfmpeg: readonly ((task: EngineTask) => string | false | undefined)[] = [
  ({ to }) => to === "spool" && "its relay needs the times of the source, which only ffmpeg keeps",
  ({ input }) => input === "file" && "it reads a file",
  // rtmp2src of GStreamer 1.22 gets 0 bytes from node-media-server 4.4.3 (live-pipeline.md §1).
  ({ input }) => input === "rtmp" && "it pulls by RTMP, and some servers give GStreamer nothing",
  ({ onlyFfmpeg }) => onlyFfmpeg !== undefined && `only ffmpeg does "${onlyFfmpeg}"`,
  ({ lacks = [] }) => lacks.length > 0 && lacks.join("; "),
  ({ failure }) => failure,
  ({ lacks }) => lacks === undefined && "GStreamer was not looked at yet",
];

export function chosenEngine(task: EngineTask): { engine: Engine; because: string } {
  for (const rule of forFfmpeg) {
    const because = rule(task);
    if (typeof because === "string") return { engine: "ffmpeg", because };
  }
  const where =
    task.to === undefined ? ", unless for a relay" : ` straight to ${task.to.toUpperCase()}`;
  return { engine: "gstreamer", because: `live pictures${where}` };
}

/** Why it rests, if it does. */
export function failureOfGstreamer(tried: Tried, now: Stamp): string | undefined {
  const last = tried.failures.at(-1);
  return last && restsMs(tried, now) > 0 ? `GStreamer failed: ${last.because}` : undefined;
}

/** How a pipeline ended. `told`: its last words as people read them. */
export type PipelineEnd = HardwareEnd & { hadBegun: boolean; told: readonly string[] };

/** Who speaks for the far end, the source or the network between. */
const outside = /^ERROR: from element \S*\/Gst(Rtmp2S(rc|ink)|SRTS(rc|ink)|UDPSrc):/;
/** What comes in is not what the pipeline was built for; glib-networking is not there. */
const isOurs = /reason not-(linked|negotiated)|TLS support is not available/;

/**
 * @returns why, where it is GStreamer's own fault; `unclear` where nobody can say whose; undefined where
 * it is somebody else's, or none
 */
export function faultOfGstreamer(end: PipelineEnd): { because: string } | "unclear" | undefined {
  const { exit, lines, wasRefused, told, hadBegun } = end;
  if (wasRefused || exit.code === 0) return undefined;
  const because = told[0] ?? `it ended with ${exit.code}`;
  const error = lines.find((line) => line.startsWith("ERROR: from element "));
  if (error !== undefined) {
    const isOwn = !outside.test(error) || lines.some((line) => isOurs.test(line));
    return isOwn ? { because } : undefined;
  }
  const crash = crashOf(exit);
  if (crash !== undefined) return { because: crash };
  // What could not even begin to look at source and far end.
  return !hadBegun && exit.code !== null ? { because } : "unclear";
}
