import { execFile } from "node:child_process";
import { z } from "zod";
import type { FarEndSight } from "../../machines/destination/sight.ts";
import { lookLimitsMs, unseen, type FarEndObserver } from "./observer.ts";

export type FfprobeOptions = {
  kind: "ffprobe";
  /** Where viewers get it: `rtmp`, `rtmps`, `srt`, or `http(s)` for FLV or MPEG-TS. */
  url: string;
};

const limitMs = lookLimitsMs.ffprobe;

/**
 * Per scheme, what ffprobe may open and what it may take it for. No playlist format: a list left
 * behind on a web server opens well long after the picture is gone (that is for `hls.ts`), and it
 * could point ffprobe anywhere.
 */
const allowed: Record<string, { protocols: string; formats: string; options: string[] }> = {
  "rtmp:": { protocols: "rtmp,tcp", formats: "flv,live_flv", options: [] },
  "rtmps:": { protocols: "rtmps,tls,tcp", formats: "flv,live_flv", options: [] },
  "srt:": { protocols: "srt", formats: "mpegts", options: [] },
  "http:": {
    protocols: "http,tcp",
    formats: "flv,live_flv,mpegts",
    options: ["-max_redirects", "0"],
  },
  "https:": {
    protocols: "https,tls,tcp",
    formats: "flv,live_flv,mpegts",
    options: ["-max_redirects", "0"],
  },
};

const Answer = z.object({
  streams: z.array(z.object({ codec_type: z.string(), nb_read_packets: z.string().optional() })),
});

/** The one argument list there is. Throws `TypeError` on a scheme that is not in the table. */
export function ffprobeArguments(url: string): string[] {
  const entry = allowed[new URL(url).protocol];
  if (!entry) throw new TypeError("ffprobe may not open this kind of address");
  // prettier-ignore
  return [
    "-hide_banner", "-loglevel", "quiet",
    "-protocol_whitelist", entry.protocols, "-format_whitelist", entry.formats,
    ...entry.options,
    "-rw_timeout", String(limitMs * 1_000),
    "-probesize", "500000", "-analyzeduration", "500000",
    // Packets of half a second: what was only remembered by the server would end before that.
    "-read_intervals", "%+0.5", "-count_packets",
    "-show_entries", "stream=codec_type,nb_read_packets", "-of", "json",
    "-i", new URL(url).href,
  ];
}

/** Opens the stream as a viewer would. Proves presence only: a failure has a hundred reasons. */
export function openFfprobe(options: FfprobeOptions): FarEndObserver {
  const args = ffprobeArguments(options.url);
  const running = new Set<AbortController>();

  async function observe(signal: AbortSignal): Promise<FarEndSight> {
    if (signal.aborted) return unseen("ffprobe was not asked in time");
    const stop = new AbortController();
    const abort = () => stop.abort();
    signal.addEventListener("abort", abort, { once: true });
    running.add(stop);
    const outcome = await runFfprobe(args, stop.signal);
    running.delete(stop);
    signal.removeEventListener("abort", abort);
    if ("failure" in outcome) return unseen(outcome.failure);
    const answer = Answer.safeParse(outcome.json);
    const delivers = answer.data?.streams.some(
      ({ codec_type, nb_read_packets }) =>
        (codec_type === "video" || codec_type === "audio") && Number(nb_read_packets) > 0,
    );
    return delivers
      ? { word: "publishing", by: null, bytes: null, publishers: null }
      : unseen("ffprobe found neither picture nor sound");
  }

  return {
    name: `ffprobe of ${new URL(options.url).host}`,
    provesAbsence: false,
    lookLimitMs: limitMs,
    observe,
    close: async () => {
      for (const stop of running) stop.abort();
    },
  };
}

type Outcome = { json: unknown } | { failure: string };

function runFfprobe(args: string[], signal: AbortSignal): Promise<Outcome> {
  const limits = { timeout: limitMs, killSignal: "SIGKILL", maxBuffer: 1024 * 1024 } as const;
  return new Promise((resolve) => {
    execFile("ffprobe", args, { ...limits, signal, shell: false }, (error, stdout) => {
      if (!error) return resolve({ json: parseJson(stdout) });
      // Its own words and its command line hold the address, and that holds the key.
      if (codeOf(error) === "ENOENT") return resolve({ failure: "ffprobe is not installed" });
      const late = error.killed === true || signal.aborted;
      resolve({ failure: late ? "ffprobe saw nothing in time" : "ffprobe could not open it" });
    });
  });
}

/** A word when it could not be started, a number when it ended badly. */
function codeOf(error: Error): unknown {
  return "code" in error ? error.code : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // what is not JSON fails the schema
  }
}
