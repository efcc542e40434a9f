/**
 * What the daemon and the relay of a stream say to each other: JSON lines over a Unix socket. The
 * relay alone selects; the daemon says who may carry and whom it would like to.
 */
import { z } from "zod";
import { Carried } from "../content/carried.ts";
import { Misfit } from "../content/misfit.ts";
import { Shape } from "../content/shape.ts";
import { Id, word } from "../id.ts";
import { MediaClock } from "./relay/media-clock.ts";
import { Splices } from "./relay/splices.ts";

/** Daemon → relay: who may carry. Whole, so that saying it twice is harmless. */
export const RelayOrders = z.object({
  type: z.literal("orders"),
  /** Orders of an older generation than the last ones are refused. */
  generation: z.number().int().nonnegative(),
  eligible: z.array(Id),
  /** Goes on air when it has something to give; a later loss of it is no reason to come back. */
  preferred: Id.nullable(),
});
export type RelayOrders = z.infer<typeof RelayOrders>;

/** Daemon → relay: an encoder's process has ended, which is known before its silence is. */
export const RelayEnded = z.object({ type: z.literal("ended"), input: Id });
export type RelayEnded = z.infer<typeof RelayEnded>;

export const ToRelay = z.discriminatedUnion("type", [RelayOrders, RelayEnded]);
export type ToRelay = z.infer<typeof ToRelay>;

/** Why the selected input was taken, or why there is none. */
export const relayReasons = [
  /** The first that had pictures. */
  "start",
  /** Asked for by the orders. */
  "preferred",
  /** The one before brought nothing, and was not late only. */
  "silent",
  /** Its next GOP had not come when it was due. */
  "late",
  /** What it brought was damaged. */
  "damaged",
  /** Its timestamps jumped, and the source's did not. */
  "timestamps",
  /** It may not carry any more. */
  "notEligible",
  /** Nobody who may carry brings pictures. */
  "noInput",
] as const;
export type RelayReason = (typeof relayReasons)[number];

/** For people, behind the name of the one that was taken. */
export const relayReasonWords: Readonly<Record<RelayReason | "unknown", string>> = {
  start: "the first with pictures",
  preferred: "as the site asked",
  silent: "the one before fell silent",
  late: "the one before was late",
  damaged: "the one before came damaged",
  timestamps: "the times of the one before jumped",
  notEligible: "the one before may not carry",
  noInput: "nobody else brings pictures",
  unknown: "not known why",
};

export const slateWords = ["none", "ready", "on"] as const;

/** Counts are since the relay's process began; times are ms. */
export const RelayInput = z.object({
  id: Id,
  live: z.boolean(),
  /** Since its last picture; null: none came yet. */
  silentMs: z.number().nullable(),
  /** PTS of its last picture, 90 kHz, unrolled over 2^33. */
  lastPts: z.number().nullable(),
  pictures: z.number(),
  damagedPictures: z.number(),
  continuityErrors: z.number(),
  syncLosses: z.number(),
  storedBytes: z.number(),
  /** null: not known. Absent: the relay is older than that. */
  carried: Carried.nullable().optional(),
  /** What of it does not go out as it is; null: not known. Absent: the relay is older. */
  misfits: z.array(Misfit).nullable().optional(),
  /** How its pictures are made; null: not known. Absent: the relay is older. */
  shape: Shape.nullable().optional(),
  /** Over the last 10 s; null: not known. Absent: the relay is older, as with what follows. */
  bitrateBps: z.number().nullable().optional(),
  /** From the least to the most of 10 s within the last minute, as a part of their mean. */
  spreadRatio: z.number().nullable().optional(),
  /** How much later the sound comes than at first, beside the picture and by its times, ms. */
  avDriftMs: z.number().nullable().optional(),
  /** Of its pictures, when the relay had them. */
  clock: MediaClock.nullable().optional(),
});
export type RelayInput = z.infer<typeof RelayInput>;

export const RelayOutput = z.object({
  id: Id,
  /** Somebody reads it. */
  connected: z.boolean(),
  pictures: z.number(),
  /** Pictures it has not taken, because it did not drain. */
  droppedPictures: z.number(),
  backlogBytes: z.number(),
});
export type RelayOutput = z.infer<typeof RelayOutput>;

/** Relay → daemon: on connecting, at every change, and once a second. */
export const RelayReport = z.object({
  type: z.literal("report"),
  generation: z.number().int().nonnegative(),
  /** Who carries now; null: nobody. */
  selected: Id.nullable(),
  reason: word(relayReasons),
  switches: z.number(),
  /** How much is missing in what was sent, ms: where nobody had the pictures. */
  missingMs: z.number(),
  /** A prepared picture goes out while nobody carries; none: there is no such, or none to be read. */
  slate: word(slateWords).optional(),
  /** How long that was shown, ms; the time while it is on comes with its end. */
  slateMs: z.number().optional(),
  /** Absent: none are looked for, or the relay is older. */
  splices: Splices.optional(),
  inputs: z.array(RelayInput),
  /** Of this input's pictures, when they were handed to the outputs; null: not known. */
  sent: MediaClock.extend({ input: Id }).nullable().optional(),
  outputs: z.array(RelayOutput),
});
export type RelayReport = z.infer<typeof RelayReport>;

/** Relay → daemon: it did not do what it was told. */
export const RelayRefusal = z.object({
  type: z.literal("refused"),
  because: word(["older", "unknownInput", "unreadable"]),
  /** The generation it goes by. */
  generation: z.number().int().nonnegative(),
});
export type RelayRefusal = z.infer<typeof RelayRefusal>;

export const FromRelay = z.discriminatedUnion("type", [RelayReport, RelayRefusal]);
export type FromRelay = z.infer<typeof FromRelay>;
