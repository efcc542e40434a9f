import { z } from "zod";
import { Id, Kind, word } from "../id.ts";
import { Figure, Published } from "../published.ts";

/** `info`: the birth of a session. What is not in `inventory` does not exist any more. */
export const SiteInfo = z
  .object({
    site: Id,
    name: z.string().optional(),
    epoch: z.string(),
    session: z.string(),
    contractMinor: z.number().int(),
    version: z.string(),
    bootId: z.string(),
    startedAtMs: z.number(),
    publicHost: z.string().optional(),
    /** Highest event `seq` written so far. */
    seq: z.number().int().nonnegative(),
    inventory: z.array(
      z.object({ kind: Kind.or(z.string()), id: Id, name: z.string().optional() }),
    ),
  })
  .meta({ id: "SiteInfo" });
export type SiteInfo = z.infer<typeof SiteInfo>;

/** `agrees`: a time server was asked and agrees; who keeps the clock is not known. */
export const siteClockWords = [
  "unknown",
  "synchronised",
  "agrees",
  "unsynchronised",
  "off",
] as const;

export const SiteClock = z.object({
  state: word(siteClockWords),
  /** By whom that is known, and why it is so. */
  because: z.string(),
  /** When whoever keeps it last heard a time server; absent: not told. */
  heardAtMs: z.number().optional(),
  /** The host's clock minus the right time; certain to `exactToMs`. Absent: not measured. */
  offset: z
    .object({ aheadMs: z.number(), exactToMs: z.number(), atMs: z.number(), source: z.string() })
    .optional(),
});
export type SiteClock = z.infer<typeof SiteClock>;

/** Of the host that the daemon and its encoders run on. What it cannot tell is left out. */
export const SiteHost = z.object({
  cpuUsageRatio: Figure.optional(),
  memoryUsageRatio: Figure.optional(),
  /** Of its processor. */
  temperatureC: Figure.optional(),
  /** Through the interface that leads out: everybody's, not only the programmes'. */
  networkSentBps: Figure.optional(),
  networkReceivedBps: Figure.optional(),
  /** What that interface could carry each way; the line behind it may carry less. */
  networkLinkBps: Figure.optional(),
});
export type SiteHost = z.infer<typeof SiteHost>;

/** Whether what is published at once fits through the line that all of the site shares. */
export const SiteUplink = z.object({
  /** The most that is published at once, as site.yaml says. */
  publishedBps: z.number(),
  /** Encoders of which site.yaml does not say what they send: then it is at least that. */
  unknown: z.array(Id),
  /** Absent: site.yaml does not say it, and nobody can measure it. */
  capacityBps: z.number().optional(),
  /** What is left of it, of what is published or what the host sends now, whichever is more. */
  headroomBps: z.number().optional(),
});
export type SiteUplink = z.infer<typeof SiteUplink>;

/** `site/<id>/state` */
export const SiteState = Published.extend({
  name: z.string().optional(),
  decider: word(["ok", "impaired"]),
  journal: word(["ok", "slow", "full", "failed"]),
  /** Near and during events: what can wait is not changed. null = free; absent: an older site. */
  freeze: z
    .object({
      events: z.array(z.object({ stream: Id, name: z.string(), endsAtMs: z.number() })),
      /** A person has let changes through. */
      override: z.object({ by: z.string(), why: z.string(), endsAtMs: z.number() }).nullable(),
    })
    .nullable()
    .optional(),
  /** Of the clock of the site's host. Absent: an older site. */
  clock: SiteClock.optional(),
  /** Absent: not looked at yet, or an older site. */
  host: SiteHost.optional(),
  /** Absent: an older site. */
  uplink: SiteUplink.optional(),
  /** Sentences for the operator. */
  warnings: z.array(z.string()),
}).meta({ id: "SiteState" });
export type SiteState = z.infer<typeof SiteState>;

/** `event`: one decision. `seq` is contiguous within an epoch. */
export const SiteEvent = z
  .object({
    epoch: z.string(),
    seq: z.number().int().positive(),
    session: z.string(),
    atMs: z.number(),
    /** See `eventTypes`; a type the reader does not know is kept and shown as it is. */
    type: z.string().min(1).max(80),
    subject: z.object({ kind: z.string(), id: Id }),
    severity: word(["info", "warning", "critical"]),
    /** One sentence for people. */
    message: z.string(),
    data: z.record(z.string(), z.unknown()),
    /** Acted on before it was on disk (disk full or not answering). */
    undurable: z.boolean().optional(),
  })
  .meta({ id: "SiteEvent" });
export type SiteEvent = z.infer<typeof SiteEvent>;

/** `telemetry`: fast numbers of the whole site, at most once a second, never stored as state. */
export const Telemetry = z
  .object({
    atMs: z.number(),
    encoders: z.record(
      Id,
      z.object({
        bitrateBps: z.number().optional(),
        framesPerSecond: z.number().optional(),
        droppedFrames: z.number().optional(),
        temperatureC: z.number().optional(),
        cpuUsageRatio: z.number().optional(),
        outputBytes: z.number().optional(),
        /** Connections to it that are open, and of these with a request on them. */
        socketsOpen: z.number().optional(),
        socketsBusy: z.number().optional(),
        /** Requests and commands that wait for their turn with it. */
        requestsWaiting: z.number().optional(),
      }),
    ),
  })
  .meta({ id: "Telemetry" });
export type Telemetry = z.infer<typeof Telemetry>;

/** `ack/<hub>`: the hub has everything up to `seq`. */
export const Ack = z
  .object({ epoch: z.string(), seq: z.number().int().nonnegative(), hubTimeMs: z.number() })
  .meta({ id: "Ack" });
export type Ack = z.infer<typeof Ack>;

/** `replay`: send again from `seq`. */
export const Replay = z
  .object({ epoch: z.string(), seq: z.number().int().positive() })
  .meta({ id: "Replay" });
export type Replay = z.infer<typeof Replay>;
