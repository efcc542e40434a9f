import { z } from "zod";
import { Id } from "../../machines/id.ts";

const Path = z.string().startsWith("/");

const Mode = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("gop-atomic"),
    /** How much later than the carrier's another encoder's GOP may come, and no pause be seen. */
    marginMs: z.number().min(0).max(2_000).default(200),
  }),
  z.object({
    kind: z.literal("delay-line"),
    /** Beyond the longest GOP and the watchdog: for what a switch itself takes. */
    marginMs: z.number().min(0).max(20_000).default(300),
  }),
  z.object({
    kind: z.literal("next-keyframe"),
    /** Encoders on their source's clock with the same GOPs, as gop-atomic needs them. */
    sourceClocked: z.boolean().default(false),
  }),
]);

export const usualWatchdogMs = 400;

/** What one relay process is given: the path of a JSON file with this is its one argument. */
export const RelaySettings = z.object({
  stream: Id,
  /** Each has files on a tmpfs, filled in turn: what came while no relay ran is still there. */
  inputs: z.array(z.object({ id: Id, folder: Path })).min(1),
  /** Named pipes; who reads one pushes to a destination. */
  outputs: z
    .array(z.object({ id: Id, path: Path, form: z.enum(["mpegts", "flv"]).default("mpegts") }))
    .min(1),
  mode: Mode,
  /** An input without a picture for so long is silent. */
  watchdogMs: z.number().min(100).max(2_000).default(usualWatchdogMs),
  /** Most bytes kept of an input: 60 s at 8 Mbit/s. */
  mostBytes: z.number().int().positive().default(60_000_000),
  /** Where the ingest of its encoders puts the splice information that it finds. */
  splices: z.object({ folder: Path }).optional(),
  /** Goes out while no encoder delivers: a transport stream that `makeSlate` has written. */
  slate: z.object({ path: Path }).optional(),
  /** Unix socket for orders and reports. */
  controlPath: Path,
  /** On a tmpfs: written with every frame, read when the relay begins again. */
  statePath: Path,
  /** How much later each encoder is, where that was measured: looked at each second. */
  latenciesPath: Path.optional(),
  /** Until the daemon gives others; those it gave before a restart go before these. */
  orders: z.object({
    generation: z.number().int().nonnegative(),
    eligible: z.array(Id),
    preferred: Id.nullable(),
  }),
});
export type RelaySettings = z.infer<typeof RelaySettings>;
