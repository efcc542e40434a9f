/** What is said over Socket.IO, both ways: for the check of what comes, and for the documents. */
import { z } from "zod";
import { linkWords } from "../../machines/encoder/encoder.contract.ts";
import {
  carriageWords,
  carrierWords,
  understudyWords,
} from "../../machines/stream/stream.contract.ts";
import { EncoderItem, EventItem, IncidentItem, SiteItem } from "./items.ts";
import { Ref } from "./subject.ts";

/** `subscribe` and `unsubscribe`: one of them or several. */
export const Wanted = z
  .object({
    stream_id: Ref,
    encoder_id: Ref,
    /** The rows that a dashboard shows. */
    encoder_ids: z.array(Ref).min(1).max(200),
    summary: z.literal(true),
    site_id: Ref,
    board: z.literal(true),
  })
  .partial();

/** By the callback of the client's `emit`. `error`: the `code` that REST would have answered. */
export const Acknowledged = z.strictObject({ ok: z.boolean(), error: z.string().optional() });

const figure = (unit: string) => z.number().nullable().describe(`${unit}; null: not measured`);
const base = {
  site_id: z.string(),
  stale: z.boolean().describe("the last thing known, not the truth"),
  at: z.iso.datetime().nullable(),
};
const orUnknown = <const W extends readonly string[]>(words: W) => z.enum([...words, "unknown"]);

const counts = z.strictObject({ total: z.int(), stale: z.int() });

/** What the hub tells, by the event's name. */
export const told = {
  stream_health: z.strictObject({
    ...base,
    stream_id: z.string(),
    encoder_id: z.string().nullable().describe("who carries it"),
    state: orUnknown(carriageWords),
    carrier: orUnknown(carrierWords),
    understudy: orUnknown(understudyWords),
    cpu_usage: figure("% of the encoder"),
    dropped_frames: figure("since the encoder's start"),
    bitrate: figure("bit/s"),
  }),
  stream_error: z.strictObject({
    stream_id: z.string(),
    site_id: z.string(),
    code: z.string().describe("the type of the event"),
    message: z.string(),
    severity: z.enum(["warning", "critical"]),
    at: z.iso.datetime().nullable(),
  }),
  health_update: z.strictObject({
    ...base,
    encoder_id: z.string(),
    state: orUnknown(linkWords),
    device_status: z.strictObject({ cpu_usage: figure("%"), temperature: figure("°C") }),
    connection_health: z.strictObject({ health_score: figure("0 to 100") }),
  }),
  rows: z.strictObject({
    snapshot: z.boolean().describe("true: all that were asked for; false: those that changed"),
    items: z.array(EncoderItem),
  }),
  summary: z.strictObject({
    sites: z.strictObject({ total: z.int(), online: z.int() }),
    encoders: counts.extend({ unreachable: z.int(), hot: z.int() }),
    streams: counts.extend({
      onAir: z.int(),
      offAir: z.int(),
      notKnown: z.int(),
      withoutUnderstudy: z.int(),
    }),
  }),
  board: z.strictObject({
    snapshot: z.boolean().describe("true: all there is; false: what changed"),
    sites: z.array(SiteItem),
    actors: z.array(z.looseObject({ kind: z.string(), ref: z.string() })),
    gone: z.array(z.strictObject({ kind: z.string(), ref: z.string() })),
    incidents: z.array(IncidentItem),
    events: z.array(EventItem.omit({ receivedAt: true })),
  }),
} as const;
