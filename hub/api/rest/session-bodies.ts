/** What is asked and answered about streams for whoever asks. */
import { z } from "zod";
import { longestSessionMs } from "../../../machines/session/session.contract.ts";
import { strategies } from "../../../machines/placement/place.ts";
import { StreamSettings } from "./stream-settings.ts";

const Asked = StreamSettings.omit({ protocol: true, stream_key: true });
export const InitBody = Asked.extend({
  site_id: z.string().max(63).optional().describe("else the only one you see, else the best"),
  input: z
    .enum(["device", "push"])
    .optional()
    .describe(
      "device: what is plugged into the encoder; push: you publish it to rtmp_url; else push where " +
        "the site has ingests for sessions",
    ),
  strategy: z
    .enum(strategies)
    .default("weighted")
    .describe("how the encoder is picked among those that can take it"),
  ends_after: z
    .number()
    .min(1)
    .max(longestSessionMs / 1_000)
    .optional()
    .describe("seconds; else it lasts until DELETE"),
  dry_run: z.boolean().default(false).describe("say what would be chosen, and do nothing"),
});
export const ChangeBody = Asked.partial().extend({
  restart: z
    .boolean()
    .default(false)
    .describe("where that cannot be changed on air: stop the stream for it, and start it again"),
});

const figures = { resolution: z.string(), bitrate: z.number().int(), fps: z.number() };
export const Opened = z
  .object({
    stream_id: z.string(),
    session_id: z.string().nullable().describe("null: a dry run"),
    stream_key: z
      .string()
      .nullable()
      .describe("of the far end; with input push: yours for the time of this session"),
    rtmp_url: z
      .string()
      .nullable()
      .describe(
        "where the encoder publishes; with input push: where you do (srt://… takes stream_key as its passphrase); null: a dry run",
      ),
    input: z
      .enum(["device", "push"])
      .describe("push: send your picture to rtmp_url; device: the encoder publishes by itself"),
    ingest_id: z.string().nullable().describe("with input push: what takes it in"),
    site_id: z.string(),
    encoder_id: z.string(),
    backup_encoder_id: z.string().nullable().describe("set up the same, and kept free for it"),
    ...figures,
    because: z.string().nullable().describe("why that encoder; null: it was asked for before"),
    score: z.number().nullable(),
    warnings: z.array(z.string()),
    ends_at: z.iso.datetime().nullable(),
  })
  .meta({ id: "StreamSession" });

export const Config = z
  .object({
    stream_id: z.string(),
    session_id: z.string(),
    status: z
      .enum(["preparing", "waiting", "running", "restarting", "ending", "unknown"])
      .describe("waiting: for your picture at rtmp_url"),
    ...figures,
    audio_bitrate: z.number().int().nullable(),
    keyframe_interval: z.number().nullable(),
    encoder_id: z.string(),
    backup_encoder_id: z.string().nullable(),
    ends_at: z.iso.datetime().nullable(),
  })
  .meta({ id: "StreamSessionConfig" });
export const Ended = z
  .object({ stream_id: z.string(), session_id: z.string(), status: z.enum(["ended", "ending"]) })
  .meta({ id: "StreamSessionEnd" });

/** What a site answers to `open-session`; `session` is absent in a dry run. */
export const Answer = z.object({
  stream: z.string(),
  session: z.string().optional(),
  encoder: z.string().optional(),
  backup: z.string().nullish(),
  encoders: z.array(z.object({ encoder: z.string() })).optional(),
  because: z.string().optional(),
  score: z.number().optional(),
  warnings: z.array(z.string()).default([]),
  endsAtMs: z.number().nullish(),
  sealed: z.string().optional(),
  /** Absent in answers of older sites. */
  input: z.enum(["device", "push"]).default("device"),
  ingest: z.string().optional(),
});
