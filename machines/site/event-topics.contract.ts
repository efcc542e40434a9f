/**
 * What other systems subscribe to: a site's events sorted by what they are about, in snake_case as
 * such systems know them. The hub publishes them from its store; the uplink carries each event once.
 * Each may come twice: `id` stays the same.
 */
import { z } from "zod";
import { Id } from "../id.ts";

const told = {
  /** `<site>.<epoch>.<seq>`, as of the CloudEvents that webhooks get. */
  id: z.string(),
  /** See `eventTypes`; there may be others. */
  event_type: z.string(),
  timestamp: z.iso.datetime(),
  /** Of the event's data what it has, and: */
  metadata: z.looseObject({
    site_id: Id,
    severity: z.string(),
    /** One sentence for people. */
    message: z.string(),
  }),
};

/** `streaming-events` */
export const StreamEvent = z.object({ stream_id: Id, ...told }).meta({ id: "StreamEvent" });
export type StreamEvent = z.infer<typeof StreamEvent>;

/** `encoder-events` */
export const EncoderEvent = z.object({ encoder_id: Id, ...told }).meta({ id: "EncoderEvent" });
export type EncoderEvent = z.infer<typeof EncoderEvent>;

/** `ad-break-events` */
export const AdBreakEvent = z
  .object({
    ad_break_id: Id,
    stream_id: Id.nullable(),
    ...told,
    scheduled_time: z.iso.datetime().nullable(),
    /** Seconds. */
    duration: z.number().nullable(),
  })
  .meta({ id: "AdBreakEvent" });
export type AdBreakEvent = z.infer<typeof AdBreakEvent>;

/** `system-events`, `config-events` and `all-events` */
export const SubjectEvent = z
  .object({ kind: z.string(), subject_id: Id, ...told })
  .meta({ id: "SubjectEvent" });
export type SubjectEvent = z.infer<typeof SubjectEvent>;

const figure = z.number().nullable();
/** `metrics-events`: the newest of the last 10 s; null: not measured. */
export const MetricsEvent = z
  .object({
    site_id: Id,
    timestamp: z.iso.datetime(),
    encoders: z.array(
      z.object({
        encoder_id: Id,
        /** % */
        cpu_usage: figure,
        /** °C */
        temperature: figure,
        /** bit/s */
        bitrate: figure,
        fps: figure,
        /** Since its start. */
        dropped_frames: figure,
      }),
    ),
  })
  .meta({ id: "MetricsEvent" });
export type MetricsEvent = z.infer<typeof MetricsEvent>;

/** `dead-letter`: a command that the site never answered. Its answer may still come. */
export const DeadLetter = z
  .object({
    /** Of the command, also in REST. */
    id: z.string(),
    site_id: Id,
    kind: z.string(),
    subject_id: Id,
    verb: z.string(),
    dry_run: z.boolean(),
    /** Who asked. */
    by: z.string(),
    sent_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    code: z.string().nullable(),
    message: z.string().nullable(),
  })
  .meta({ id: "DeadLetter" });
export type DeadLetter = z.infer<typeof DeadLetter>;
