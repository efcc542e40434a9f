/** Is the programme on air: commanded, reported by the box and observed at the far end, apart. */
import { z } from "zod";
import { destinationWords } from "../../../machines/destination/destination.contract.ts";
import {
  Drifting,
  type EncoderState,
  outputWords,
} from "../../../machines/encoder/encoder.contract.ts";
import {
  carriageWords,
  carrierWords,
  understudyWords,
  type StreamState,
} from "../../../machines/stream/stream.contract.ts";
import type { Seen } from "../../auth/own-sites.ts";
import { refOf, type Actor } from "../../view.ts";
import { figureOf, percent } from "../figures.ts";
import { isoOf } from "../times.ts";
import { healthWords, type HealthWord } from "./encoder-health.ts";

const orUnknown = <const W extends readonly string[]>(words: W) => z.enum([...words, "unknown"]);
const figure = (unit: string) => z.number().nullable().describe(unit);

export const StreamHealth = z
  .object({
    ref: z.string(),
    stream_id: z.string(),
    site_id: z.string(),
    encoder_id: z.string().nullable(),
    backup_encoder_id: z.string().nullable(),
    at: z.iso.datetime().nullable(),
    stale: z.boolean(),
    status: z.enum(healthWords),
    because: z.string().nullable(),
    carriage: orUnknown(carriageWords),
    carrier: orUnknown(carrierWords),
    understudy: orUnknown(understudyWords),
    commanded: z.enum(["streaming", "stopped", "unknown"]).describe("what the site wants"),
    reported: orUnknown(outputWords).describe("what the encoder says of itself"),
    observed: orUnknown(destinationWords).describe("what the far end was seen to receive"),
    cpu_usage: figure("% of the encoder"),
    dropped_frames: figure("since the encoder's start"),
    bitrate: figure("bit/s"),
    fps: figure("frames a second"),
  })
  .meta({ id: "StreamHealth" });
export type StreamHealth = z.infer<typeof StreamHealth>;

type Known = Partial<StreamState>;
const stateOf = (actor: Actor): Known => (actor.state as Known | null) ?? {};

export function streamHealthOf(view: Seen, actor: Actor): StreamHealth {
  const { site, id } = actor;
  const state = stateOf(actor);
  const find = (kind: string, of: string | null | undefined) =>
    of == null ? undefined : view.find({ site, kind, id: of });
  const encoder = find("encoder", state.encoder);
  const outputs = (encoder?.state as Partial<EncoderState> | null | undefined)?.outputs;
  const output = outputs?.find((one) => one.id === state.output);
  const farEnd = find("destination", state.destination);
  const observed = orUnknown(destinationWords).safeParse(farEnd?.state?.["state"]).data;
  const measured = (name: Parameters<typeof figureOf>[1]) =>
    encoder ? figureOf(encoder, name) : null;
  const isStale = view.isStale(actor);
  return {
    ref: refOf(actor),
    ...{ stream_id: id, site_id: site },
    encoder_id: state.encoder ?? null,
    backup_encoder_id: state.understudyEncoder ?? null,
    at: isoOf(actor.state?.atMs ?? null),
    stale: isStale,
    status: isStale ? "unknown" : statusOf(state),
    because: state.because ?? null,
    carriage: state.carriage ?? "unknown",
    carrier: state.carrier ?? "unknown",
    understudy: state.understudy ?? "unknown",
    commanded: commandedOf(state),
    reported: output?.state ?? "unknown",
    observed: observed ?? "unknown",
    cpu_usage: percent(measured("cpuUsageRatio")),
    dropped_frames: measured("droppedFrames"),
    bitrate: measured("bitrateBps"),
    fps: measured("framesPerSecond"),
  };
}

function commandedOf({ carrier }: Known): StreamHealth["commanded"] {
  if (carrier === undefined || carrier === "unknown") return "unknown";
  return carrier === "stopped" ? "stopped" : "streaming";
}

function statusOf({ carriage, carrier, encoders = [], understudy }: Known): HealthWord {
  if (carrier === "needsHuman" || carriage === "offAir") return "critical";
  if (carriage === "notExpected" || carrier === "stopped") return "healthy";
  if (carriage !== "onAir") return "unknown";
  const isSteady = carrier === "carried" && (encoders.length < 2 || understudy === "ready");
  return isSteady ? "healthy" : "warning";
}

export const StreamConfig = z
  .object({
    ref: z.string(),
    encoder_id: z.string(),
    site_id: z.string(),
    stale: z.boolean(),
    /** null: the box does not tell. */
    settings: z.object({
      resolution: z.string().nullable().describe("1920x1080, or input: as its input"),
      fps: z.number().nullable(),
      bitrate: figure("bit/s of the picture"),
      audio_bitrate: figure("bit/s"),
      gop_frames: z.number().nullable(),
      h264_profile: z.string().nullable(),
    }),
    /** Where it is set otherwise than its stream wants; null: not told. */
    drift: z.array(Drifting).nullable(),
    streams: z.array(
      z.object({
        stream_id: z.string(),
        destination_id: z.string().nullable(),
        role: z.enum(["primary", "backup", "spare"]),
        is_carrier: z.boolean(),
        takeover: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: "EncoderStreamConfig" });

export function streamConfigOf(view: Seen, actor: Actor): z.infer<typeof StreamConfig> {
  const { site, id } = actor;
  const { settings, wanted } = (actor.state as Partial<EncoderState> | null) ?? {};
  const streams = view.shown("stream").filter((stream) => stream.site === site);
  return {
    ref: refOf(actor),
    ...{ encoder_id: id, site_id: site, stale: view.isStale(actor) },
    settings: {
      resolution: resolutionOf(settings ?? {}),
      fps: settings?.framesPerSecond ?? null,
      bitrate: settings?.videoBitrateBps ?? null,
      audio_bitrate: settings?.audioBitrateBps ?? null,
      gop_frames: settings?.gopFrames ?? null,
      h264_profile: settings?.h264Profile ?? null,
    },
    drift: wanted?.drift ?? null,
    streams: streams.flatMap((stream) => {
      const state = stateOf(stream);
      const place = state.encoders?.indexOf(id) ?? -1;
      if (place < 0) return [];
      const isSpare = state.understudies?.some((u) => u.encoder === id && u.role === "spare");
      return [
        {
          stream_id: stream.id,
          destination_id: state.destination ?? null,
          role: isSpare === true ? "spare" : place === 0 ? "primary" : "backup",
          is_carrier: state.encoder === id,
          takeover: state.takeover ?? null,
        } as const,
      ];
    }),
  };
}

type Settings = NonNullable<EncoderState["settings"]>;

function resolutionOf({ sizeOf, widthPx, heightPx }: Settings): string | null {
  if (widthPx !== undefined && heightPx !== undefined) return `${widthPx}x${heightPx}`;
  return sizeOf === "input" ? "input" : null;
}
