import { measureFaults } from "./relay/measures.ts";
import { z } from "zod";
import { Id, word } from "../id.ts";
import { Carried } from "../content/carried.ts";
import { StreamContent } from "./content.contract.ts";
import { Figure, Published } from "../published.ts";
import { StreamDrill } from "./drill/drill.contract.ts";
import { IncidentSegments } from "./incident.contract.ts";
import { SessionState } from "../session/session.contract.ts";
import { relayReasons, slateWords } from "./relay-protocol.ts";
import { Splices } from "./relay/splices.ts";
import { SlateFormat } from "./slate-format.ts";
import { LineUp } from "./line-up.contract.ts";
import { StreamSchedule } from "./schedule.contract.ts";

/**
 * Set only by what the far end was seen to receive. `notExpected`: it is not seen on air, and
 * outside its windows that is as it should be.
 */
export const carriageWords = ["onAir", "offAir", "notKnown", "notExpected"] as const;
export const carrierWords = [
  "stopped",
  "starting",
  "carried",
  "suspect",
  "remediating",
  "fencing",
  "takingOver",
  "holding",
  "waitingForFence",
  "returning",
  "needsHuman",
] as const;
export const understudyWords = ["ready", "warming", "none"] as const;

/** Proof that an encoder is off a stream key. Levels: see design, rule 2. */
export const FenceCertificate = z
  .object({
    level: z.number().int().min(1).max(5),
    encoder: Id,
    output: Id,
    destination: Id,
    /** One sentence per piece of evidence. */
    evidence: z.array(z.string()),
    atMs: z.number(),
  })
  .meta({ id: "FenceCertificate" });
export type FenceCertificate = z.infer<typeof FenceCertificate>;

/** A recording of a box stood still; `ms` is the most that can be missing of it. */
export const RecordingGap = z.object({
  encoder: Id,
  /** Who records now, and to which medium. */
  by: Id,
  to: z.string().nullable(),
  ms: z.number(),
  because: z.string(),
  /** Another box that has recorded the same meanwhile. */
  coveredBy: Id.nullable(),
});
export type RecordingGap = z.infer<typeof RecordingGap>;

/** One loss of picture (or one planned move) from the last good evidence to the next. */
export const Incident = z
  .object({
    id: z.string(),
    stream: Id,
    /** Short machine word (`recording`: only a recording was touched): processExited, frozen, farEndQuiet, deviceFailing, command, network, sourceLost … */
    cause: z.string(),
    openedAtMs: z.number(),
    closedAtMs: z.number().nullable(),
    outcome: word([
      "open",
      "recovered",
      "tookOver",
      "restarted",
      "needsHuman",
      "aborted",
      "stopped",
    ]),
    from: Id.nullable(),
    to: Id.nullable(),
    /** Seconds without picture at the far end, in ms; null while open or when nobody can see. */
    offAirMs: z.number().nullable(),
    /** So much of it the slate was on air in place of the programme, ms. Absent: it was not. */
    slateMs: z.number().optional(),
    segments: IncidentSegments,
    certificate: FenceCertificate.nullable(),
    /** What is missing of the programme's recordings. Absent: nothing is known to be. */
    recordingGaps: z.array(RecordingGap).optional(),
    /** The story, oldest first. */
    timeline: z.array(z.object({ atMs: z.number(), what: z.string() })),
  })
  .meta({ id: "Incident" });
export type Incident = z.infer<typeof Incident>;

export const StreamRelay = z
  .object({
    /** `lost`: it has died or cannot be had, and is started anew; `off`: it is not needed now. */
    health: word(["running", "starting", "lost", "off"]),
    /** Who carries; null: nobody brings it pictures, or it does not run. */
    selected: Id.nullable(),
    sinceMs: z.number(),
    /** Why this one was taken, or why there is none. */
    reason: word(relayReasons),
    /** Of the orders that it goes by: who may carry, and who is asked for. */
    generation: z.number().int(),
    inputs: z.array(
      z.object({
        encoder: Id,
        brings: z.boolean(),
        /** Besides a picture and a sound; null: not known. Absent: the site is older. */
        carried: Carried.nullable().optional(),
        /** What is to go out and is not in it, in words. Absent: not known, or nothing is wanted. */
        lacks: z.array(z.string()).optional(),
        /** What it brings that does not go out as it is, and what to do. Absent: not known. */
        misfits: z.array(z.string()).optional(),
        /** What the relay measures of it; nothing of what is not known. Absent: the site is older. */
        figures: z
          .object({
            /** Over the last 10 s. */
            bitrateBps: Figure.optional(),
            /** From the least to the most of 10 s within the last minute, as a part of their mean. */
            spreadRatio: Figure.optional(),
            /** How much later the sound comes than at first, beside the picture, by its times. */
            avDriftMs: Figure.optional(),
            /** Packets that were missing or wrong, since the relay's process began. */
            continuityErrors: Figure.optional(),
            /** From when its ingest passed a picture on until the relay had it from this encoder. */
            latencyMs: Figure.optional(),
          })
          .optional(),
        /** What has been outside of what was declared for long enough. */
        faults: z.array(z.object({ fault: word(measureFaults), sinceMs: z.number() })).optional(),
      }),
    ),
    /** Nothing of what is not known. Absent: the site is older. */
    figures: z
      .object({
        /** From when the ingest passed a picture on until the relay handed it to its outputs. */
        latencyMs: Figure.optional(),
      })
      .optional(),
    /** How often it went on with another, and what is missing in what it sent, ms; of its process. */
    switches: z.number().int(),
    missingMs: z.number(),
    /** Beside the pictures. Absent: its ingest looks for none, or the site is older. */
    splices: Splices.optional(),
    /** The picture for when nobody brings any: `on` it is what is sent. Absent: the site is older. */
    slate: word(slateWords).optional(),
    slateBeganAtMs: z.number().nullable().optional(),
    /** Absent: it is not known, or the site is older. */
    slateFormat: SlateFormat.optional(),
    /** It could not be kept up, and the stream is on path direct since. Absent: the site is older. */
    fellBack: z.object({ sinceMs: z.number(), because: z.string() }).nullable().optional(),
  })
  .meta({ id: "StreamRelay" });
export type StreamRelay = z.infer<typeof StreamRelay>;

/** `stream/<id>/state` */
export const StreamState = Published.extend({
  name: z.string().optional(),
  carriage: word(carriageWords),
  carrier: word(carrierWords),
  understudy: word(understudyWords),
  destination: Id,
  takeover: word(["exclusive", "primaryBackup", "lastWins", "firstWins"]),
  /** The encoder that carries (or last carried) the programme. */
  encoder: Id.nullable(),
  output: Id.nullable(),
  /** Best next encoder. */
  understudyEncoder: Id.nullable(),
  /** In order of preference; the first is the primary. */
  encoders: z.array(Id),
  /** All but the one that carries it. Absent: the site is older than that. */
  understudies: z
    .array(
      z.object({
        encoder: Id,
        role: word(["understudy", "spare"]),
        /**
         * `cold`: that it answers is enough; `warm`: it is also set as wanted, with a picture at its
         * input; `hot`: it encodes all the time, on path relayed.
         */
        wants: word(["cold", "warm", "hot"]),
        /** `none`: it could not take over; `hot`: it brings pictures to the relay already. */
        is: word(["none", "cold", "warm", "hot"]),
        /** Absent: it does not tell how it is set. */
        isAsWanted: z.boolean().optional(),
        hindrance: z.string().optional(),
        /** The stream that a used spare is kept for. */
        inUseFor: Id.optional(),
      }),
    )
    .optional(),
  /** Who publishes: the encoder itself, or a relay for all of them. Absent: the site is older. */
  path: word(["direct", "relayed"]).optional(),
  /** Of path relayed, by the relay's own word. */
  relay: StreamRelay.nullable().optional(),
  keyGeneration: z.number().int(),
  sinceMs: z.number(),
  /** Why the carrier region is in its state, one sentence. */
  because: z.string(),
  incident: Incident.nullable(),
  /** Absent: nobody looks at its picture and sound. */
  content: StreamContent.optional(),
  /**
   * A fault that is to be acted upon: what is on air is not the programme. null: nothing is known to
   * be wrong with it. Absent: the site is older than that.
   */
  missesProgramme: z.object({ cause: z.string(), sinceMs: z.number() }).nullable().optional(),
  /** When the destination ends the event for lack of picture, Unix ms; null = never or on air. */
  eventEndsAtMs: z.number().nullable(),
  /** Takeovers left before the budget holds the stream where it is (while on air). */
  budgetLeft: z.number().int(),
  /**
   * It was moved too often while on air, or did not hold after an automatic return: no more of
   * these until it is released. Absent: the site is older than that.
   */
  latched: z.array(word(["moves", "returns"])).optional(),
  /** Each published leg where the policy is primaryBackup. */
  legs: z.array(
    z.object({
      leg: word(["primary", "backup"]),
      encoder: Id,
      state: word(["stopped", "starting", "publishing", "lost"]),
    }),
  ),
  /** Absent: the site is older than on-air windows. */
  schedule: StreamSchedule.optional(),
  /** The check before the window under way or the next one; null until it is made. */
  lineUp: LineUp.nullable().optional(),
  /** Its failover drills. Absent: the site is older than that. */
  drill: StreamDrill.optional(),
  /** Of a stream that is kept for sessions: who has it now; null: nobody. Absent: it is not. */
  keptFor: SessionState.nullable().optional(),
}).meta({ id: "StreamState" });
export type StreamState = z.infer<typeof StreamState>;
