/** Every vendor: one line here, one folder beside. A driver's code is loaded only when used. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { z } from "zod";
import type { ControlVerb, CoolingStep } from "../../machines/site/plan.ts";
import { coolingSteps } from "./aja-helo/cooling-steps.ts";
import { recordLightWords } from "./aja-helo/record-light.ts";
import { AjaHeloOptions } from "./aja-helo/options.ts";
import { AutoOptions } from "./auto/options.ts";
import type { DriverContext, EncoderDriver } from "./driver.ts";
import { EpiphanPearlOptions } from "./epiphan-pearl/options.ts";
import { FfmpegOptions } from "./ffmpeg/options.ts";
import type { PusherOptions } from "./ffmpeg/pusher.ts";
import { GstreamerOptions } from "./gstreamer/options.ts";
import { MagewellOptions } from "./magewell/options.ts";
import { bitrateSteps } from "./shared/bitrate-load.ts";
import { loadSteps } from "./shared/engine/load-steps.ts";
import { SnmpEncoderOptions } from "./snmp/options.ts";

export type Vendor = {
  options: z.ZodType;
  /** Ids of the outputs that can carry a stream. */
  outputs: readonly string[];
  kind: "software" | "hardware";
  /**
   * How it can bring pictures to the relay of a stream. `spool`: with the times of its source; `push`:
   * by RTMP, with clock and GOPs of its own.
   */
  feedsRelay?: "spool" | "push";
  /** Destinations that were set up in one with these options by hand: it is told no addresses. */
  setUpByHand?(written: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined;
  /** Why one with these options, as they are written, could not be told where its relay is. */
  cannotFeedRelay?(written: Readonly<Record<string, unknown>>): string | undefined;
  /** Of processes: how long the end of one goes unnoticed at worst, ms. */
  endNoticedWithinMs?: number;
  /** It can be told to boot anew; see `reboot`. */
  canReboot?: boolean;
  /** What a person may tell such a box directly: the optional methods that its driver has. */
  controls?: readonly ControlVerb[];
  /** Media that a box with these options may be told to record to, the best first; see `recordTo`. */
  recordTo?(options: unknown): readonly string[];
  /** What `recordLight` does, for people. */
  recordLight?: string;
  /** A box with these options can be told to release a medium; see `releaseMedium`. */
  releasesMedia?(options: unknown): boolean;
  /** It can be set while it carries nothing; see `applySettings`. */
  canBeSet?: boolean;
  /** A box with these options makes what the `settings` of its start say. */
  isSetAtStart?(options: unknown): boolean;
  /** What can be done to make a box with these options cooler, the mildest first; see `setLoad`. */
  cooling?(options: unknown): readonly CoolingStep[];
  /** @param options parsed by this vendor's schema, secrets resolved */
  open(context: DriverContext, options: unknown): Promise<EncoderDriver>;
};

/** By its exit file within milliseconds; where that is missed, by the look of each second. */
const endNoticedWithinMs = 1_500;

/** What is written wrongly is told of by its schema. */
const setUp = (written: unknown) =>
  typeof written === "object" && written !== null ? { ...written } : undefined;
const oldApi = "with `api: legacy` no address can be written into it";

export const vendors: Readonly<Record<string, Vendor>> = {
  auto: {
    get options() {
      return AutoOptions;
    },
    outputs: ["stream-1"],
    kind: "software",
    // By ffmpeg, which is chosen there.
    feedsRelay: "spool",
    endNoticedWithinMs,
    cooling: (options) => loadSteps(options as AutoOptions),
    isSetAtStart: (options) => (options as AutoOptions).video.codec !== "copy",
    async open(context, options) {
      const { openAuto } = await import("./auto/auto.ts");
      return openAuto(context, options as AutoOptions, launcher());
    },
  },
  ffmpeg: {
    get options() {
      return FfmpegOptions;
    },
    outputs: ["stream-1"],
    kind: "software",
    feedsRelay: "spool",
    endNoticedWithinMs,
    cooling: (options) => loadSteps(options as FfmpegOptions),
    isSetAtStart: (options) => (options as FfmpegOptions).video.codec !== "copy",
    async open(context, options) {
      const { openFfmpeg } = await import("./ffmpeg/ffmpeg.ts");
      return openFfmpeg(context, options as FfmpegOptions, launcher());
    },
  },
  gstreamer: {
    get options() {
      return GstreamerOptions;
    },
    outputs: ["stream-1"],
    kind: "software",
    // It counts from its own start: what it writes has no time of the source.
    feedsRelay: "push",
    endNoticedWithinMs,
    cooling: (options) => loadSteps(options as GstreamerOptions),
    isSetAtStart: () => true,
    async open(context, options) {
      const { openGstreamer } = await import("./gstreamer/gstreamer.ts");
      return openGstreamer(context, options as GstreamerOptions, launcher());
    },
  },
  "aja-helo": {
    get options() {
      return AjaHeloOptions;
    },
    outputs: ["stream-1"],
    kind: "hardware",
    feedsRelay: "push",
    cooling: (options) => coolingSteps(options as AjaHeloOptions),
    recordTo: (options) => (options as AjaHeloOptions).recordTo,
    recordLight: recordLightWords,
    releasesMedia: (options) => (options as AjaHeloOptions).releasesMedia,
    canReboot: true,
    canBeSet: true,
    controls: ["startRecording", "stopRecording", "recallPreset", "selectProfile", "listClips"],
    async open(context, options) {
      const { openAjaHelo } = await import("./aja-helo/aja-helo.ts");
      return openAjaHelo(context, options as AjaHeloOptions);
    },
  },
  "epiphan-pearl": {
    get options() {
      return EpiphanPearlOptions;
    },
    outputs: ["stream-1"],
    kind: "hardware",
    feedsRelay: "push",
    setUpByHand: ({ publishers }) => setUp(publishers),
    cannotFeedRelay: ({ publishers, api }) =>
      publishers === undefined && api === "legacy" ? oldApi : undefined,
    cooling: (options) => bitrateSteps(options as EpiphanPearlOptions),
    canReboot: true,
    canBeSet: true,
    controls: ["startRecording", "stopRecording"],
    async open(context, options) {
      const { openEpiphanPearl } = await import("./epiphan-pearl/epiphan-pearl.ts");
      return openEpiphanPearl(context, options as EpiphanPearlOptions);
    },
  },
  magewell: {
    get options() {
      return MagewellOptions;
    },
    outputs: ["stream-1"],
    kind: "hardware",
    feedsRelay: "push",
    setUpByHand: ({ servers }) => setUp(servers),
    cooling: (options) => bitrateSteps(options as MagewellOptions),
    canReboot: true,
    canBeSet: true,
    controls: ["startRecording", "stopRecording"],
    async open(context, options) {
      const { openMagewell } = await import("./magewell/magewell.ts");
      return openMagewell(context, options as MagewellOptions);
    },
  },
  snmp: {
    get options() {
      return SnmpEncoderOptions;
    },
    // Only looked at: what its outputs do may be mapped, but none can be told to carry a stream.
    outputs: [],
    kind: "hardware",
    async open(context, options) {
      const { openSnmpEncoder } = await import("./snmp/snmp.ts");
      return openSnmpEncoder(context, options as SnmpEncoderOptions);
    },
  },
};

/** With what publishes for a relayed stream: it is run like an encoder, and nobody configures it. */
export const allVendors: Readonly<Record<string, Vendor>> = {
  ...vendors,
  "relay-pusher": {
    get options(): z.ZodType {
      throw new Error("what publishes for a relay is not configured by hand");
    },
    outputs: ["stream-1"],
    kind: "software",
    endNoticedWithinMs,
    async open(context, options) {
      const { openPusher } = await import("./ffmpeg/pusher.ts");
      return openPusher(context, options as PusherOptions, launcher());
    },
  },
};

/** Beside the bundled daemon, or where it lies when run from source. */
export function launcher(): string {
  const places = ["./launcher.sh", "./shared/engine/launcher.sh"].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`the launcher is not in ${places.join(" nor ")}`);
  return found;
}
