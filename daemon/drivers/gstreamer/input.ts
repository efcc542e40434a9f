import { DriverError } from "../driver.ts";
import { rtmpPlace } from "../shared/engine/input-access.ts";
import { caps, chain, element, fraction, isWritable } from "./description.ts";
import { groupOf } from "../shared/engine/ingest-input.ts";
import type { GstreamerInput, GstreamerOptions } from "./options.ts";

/**
 * Two branches of raw picture and raw sound, to be gone on with, and what stands before them.
 * Demultiplexers, parsers and decoders are named: with `decodebin` a playlist served as a film
 * would make GStreamer fetch whatever stands in it.
 */
export type Branches = { before: string[]; video: string[]; audio: string[] };

export function inputBranches(
  { input, audio }: GstreamerOptions,
  destination: string | undefined,
): Branches {
  if (input.kind === "testPattern") return { before: [], ...testPattern(input) };
  const sound = audio.codec !== "none";
  return {
    before: chain(...reader(input, destination), element(demultiplexer(input), { name: "in" })),
    video: chain(
      element("in."),
      element("queue"),
      element("h264parse"),
      element("avdec_h264"),
      // Of interlaced pictures that are flagged: one of each, at its time.
      element("deinterlace", { fields: "top", method: "yadif" }),
      // A file is read as fast as it can be; what comes over a network has its own speed.
      ...(input.kind === "file" ? [element("clocksync")] : []),
    ),
    audio: sound
      ? chain(
          element("in."),
          element("queue"),
          element("aacparse"),
          element("avdec_aac"),
          ...(input.kind === "file" ? [element("clocksync")] : []),
        )
      : [],
  };
}

type TestPattern = GstreamerInput & { kind: "testPattern" };

function testPattern({ width, height, framesPerSecond, label }: TestPattern) {
  const text = { text: label ?? "", valignment: "center", "font-desc": "Mono 24" };
  return {
    video: chain(
      element("videotestsrc", { "is-live": true, pattern: "smpte", "horizontal-speed": 2 }),
      caps("video/x-raw", { width, height, framerate: fraction(framesPerSecond) }),
      ...(label === undefined ? [] : [element("textoverlay", text)]),
    ),
    audio: chain(element("audiotestsrc", { "is-live": true, freq: 440, volume: 0.1 })),
  };
}

/** Bytes, as they come. */
function reader(
  input: Exclude<GstreamerInput, TestPattern>,
  destination: string | undefined,
): string[][] {
  switch (input.kind) {
    case "file":
      return [element("filesrc", { location: input.path })];
    case "rtmp":
      return [element("rtmp2src", { ...rtmpSource(input), ...writable(input, loginKeys) })];
    case "srt": {
      const { url: uri, latencyMs: latency, streamId } = input;
      return [
        element("srtsrc", {
          ...{ uri, mode: "caller", latency },
          ...(streamId !== undefined && { streamid: streamId }),
          ...writable(input, ["passphrase"]),
        }),
      ];
    }
    case "udp": {
      const { hostname, port } = new URL(input.url.replace(/^udp:/, "http:"));
      const address = hostname.replace(/^\[|\]$/g, "");
      return [
        // 2 MiB: half a second of 32 Mbit/s, where the kernel allows it.
        element("udpsrc", { address, port: port || 80, "buffer-size": 2_097_152 }),
        caps("video/mpegts", { systemstream: "true" }),
      ];
    }
    case "ingest": {
      const { address, port } = groupOf(input, destination);
      return [
        element("udpsrc", { address, port, "multicast-iface": "lo", "buffer-size": 4_194_304 }),
        caps("video/mpegts", { systemstream: "true" }),
      ];
    }
  }
}

function rtmpSource({ url, streamKey }: GstreamerInput & { kind: "rtmp" }) {
  if (streamKey === undefined) return { location: url };
  const { scheme, host, port, app: application } = rtmpPlace(url, streamKey);
  const stream = writable({ streamKey }, ["streamKey"])["streamKey"]!;
  return { scheme, host: host.replace(/^\[|\]$/g, ""), port, application, stream };
}

const loginKeys = ["username", "password"] as const;

/** @throws DriverError `notPossible` for one that gst-launch cannot be told; never quotes it */
function writable<K extends string>(
  input: { [key in K]?: string | undefined },
  keys: readonly K[],
) {
  const given: Record<string, string> = {};
  for (const key of keys) {
    const value = input[key];
    if (value === undefined) continue;
    if (!isWritable(value)) {
      throw new DriverError("notPossible", `gst-launch takes no ${key} with a quote in it`);
    }
    given[key] = value;
  }
  return given;
}

const demultiplexers: Record<string, string> = {
  ...{ mp4: "qtdemux", m4v: "qtdemux", mov: "qtdemux" },
  ...{ mkv: "matroskademux", ts: "tsdemux", flv: "flvdemux" },
};

function demultiplexer(input: Exclude<GstreamerInput, TestPattern>): string {
  switch (input.kind) {
    case "file":
      return demultiplexers[input.path.slice(input.path.lastIndexOf(".") + 1)] ?? "tsdemux";
    case "rtmp":
      return "flvdemux";
    case "srt":
    case "udp":
    case "ingest":
      return "tsdemux";
  }
}
