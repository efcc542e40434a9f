import { z } from "zod";
import { Id } from "../id.ts";
import { SessionAsk, SessionChange } from "../session/session.contract.ts";
import { WindowRule } from "../stream/schedule.contract.ts";
import { Signatures } from "./signature.contract.ts";

/** What may be asked of a site. A safe verb is obeyed even when the clocks cannot be compared. */
export const verbs = {
  stream: {
    start: { safe: false },
    stop: { safe: true },
    failover: { safe: false },
    return: { safe: false },
    abort: { safe: true },
    release: { safe: false },
    /** Plan an on-air window, or one with the same id anew. */
    "add-window": { safe: false },
    "remove-window": { safe: false },
    /** Set the boxes of its session otherwise. `stop` ends the session. */
    "change-session": { safe: false },
    /** A failover drill: to the understudy and back, measured. */
    drill: { safe: false },
  },
  encoder: {
    maintenance: { safe: false },
    "in-service": { safe: false },
    /** Yes to the proposed repair, or try again. */
    repair: { safe: false },
    /** No to the proposed repair: left as it is until a person asks, or it is well again. */
    "reject-repair": { safe: true },
    /** Yes to setting it as its stream wants it. */
    sync: { safe: false },
    /** Put on air where nobody watches, to see that it can; refused while it could be missed. */
    practise: { safe: false },
    /** A used spare goes back into the pool. */
    release: { safe: false },
    /** On again what was powered off as a fence. */
    "restore-power": { safe: false },
    /** One cooling step more, now. */
    cooldown: { safe: true },
    /** Boot anew. Refused while it carries a stream or records, unless `interrupt` is said. */
    reboot: { safe: false },
    /** Its outlet off and on again, likewise; also of a box that does not answer. */
    "power-cycle": { safe: false },
    /** Put its stream on air from this box: a start, or a move to it, by the stream itself. */
    "start-stream": { safe: false },
    /** Stop the stream that it carries; with `interrupt`, as long as that is not off air. */
    "stop-stream": { safe: false },
    "start-recording": { safe: false },
    "stop-recording": { safe: false },
    /** Work as the preset says; refused while it carries a stream. */
    "recall-preset": { safe: false },
    /** Work with this profile; a stream that it carries stops for that, so `interrupt` has to be said. */
    "select-profile": { safe: false },
    /** Answers `data.clips`: the newest 50 files it has recorded. */
    "list-clips": { safe: true },
  },
  storage: {
    /** Take a medium out of use: not recorded to, not alarmed for, until it is brought back. */
    retire: { safe: false },
    "bring-back": { safe: false },
    /** Record to another medium of the box, now: yes to what was proposed, or of one's own. */
    "move-recording": { safe: false },
  },
  site: {
    "off-air": { safe: true },
    /** Keep a stream for whoever asks: answers which, on which boxes, and its key, sealed. */
    "open-session": { safe: false },
    /** Let changes through in a change freeze, and say why. */
    "override-freeze": { safe: false },
  },
} as const satisfies Record<string, Record<string, { safe: boolean }>>;

/**
 * What may be asked of a site that moves no machine, the same way as a verb. It is answered once, by
 * `done` with `data`, and neither side remembers it. `connection-history` takes a `HistoryAsk` as
 * its `args` and answers a `ConnectionHistory`; `slate` takes a `SlateAsk`, which may change what a
 * slate shows, the same however often it is asked, and answers a `SlateTold`. `purge` tells the CDN of
 * an output to forget what it has, and answers how many `files` that were.
 */
export const questions = {
  encoder: ["connection-history"],
  stream: ["slate"],
  output: ["purge"],
} as const;

/**
 * `failover`: `{to?: encoder, unproven?: true}`; `drill`: `{consent?: its id}`; `add-window`: `{window}`; `remove-window`:
 * `{windowId}`; `override-freeze`: `{why}`; `recall-preset`: `{preset}`; `select-profile`:
 * `{profile, of?: "stream" | "recording", interrupt?: true}`; `retire` and
 * `bring-back`: `{medium}`; `move-recording`: `{medium?}`; `open-session`: `{session}`;
 * `change-session`: `{change}`; `reboot` and `power-cycle`: `{interrupt?: true}`; `start-stream`:
 * `{stream?}`; `stop-stream`: `{stream?, interrupt?: true}`; other verbs take none.
 */
export const CommandArgs = z.object({
  to: z.string().optional(),
  unproven: z.boolean().optional(),
  window: WindowRule.optional(),
  windowId: Id.optional(),
  why: z.string().min(3).max(300).optional(),
  medium: z.string().min(1).max(200).optional(),
  preset: z.number().int().min(1).max(100).optional(),
  profile: z.number().int().min(1).max(100).optional(),
  /** Whose profile; absent: the stream's. */
  of: z.enum(["stream", "recording"]).optional(),
  /** The picture or recording that ends with it may end. */
  interrupt: z.boolean().optional(),
  /** Of a box that several streams may use. */
  stream: Id.optional(),
  session: SessionAsk.optional(),
  change: SessionChange.optional(),
  /** The id of the stream, as a person has typed it: its viewers may see what is asked for. */
  consent: z.string().max(64).optional(),
});

/** `request/<kind>/<id>/<verb>`. Times are the sender's own clock. */
export const CommandRequest = z
  .object({
    id: z.string().min(1).max(64),
    ttlMs: z.number().int().positive().max(86_400_000),
    sentAtMs: z.number(),
    /** Who asks, for the journal: a key's name, a person. Never a secret. */
    by: z.string().min(1).max(120),
    args: CommandArgs.optional(),
    dryRun: z.boolean().optional(),
    /** Of the hub, over all the rest and the topic; a site that knows its key obeys nothing else. */
    signatures: Signatures.optional(),
  })
  .meta({ id: "CommandRequest" });
export type CommandRequest = z.infer<typeof CommandRequest>;

/** `response/<kind>/<id>/<verb>` */
export const CommandResponse = z
  .object({
    id: z.string(),
    status: z.enum(["accepted", "done", "refused"]),
    /** expired, clock_unknown, bad_signature, unknown_subject, unknown_verb, malformed, not_possible, … */
    code: z.string().optional(),
    message: z.string(),
    /** What was asked for, where a verb asks for something. */
    data: z.record(z.string(), z.unknown()).optional(),
    atMs: z.number(),
  })
  .meta({ id: "CommandResponse" });
export type CommandResponse = z.infer<typeof CommandResponse>;
