/** What one output process is told: its one argument, as JSON. */
import { z } from "zod";
import { Id } from "../../machines/id.ts";
import { rungNames } from "../../config/rungs.ts";

const Listen = z.object({ host: z.string(), port: z.number().int().min(0).max(65_535) });
const Push = z.object({
  address: z.string(),
  s3: z.object({ region: z.string(), accessKeyId: z.string(), secretFile: z.string() }).optional(),
  token: z.string().optional(),
  purge: z.string().optional(),
});
const Path = z.string().startsWith("/");
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const OutputTarget = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("hls"),
    folder: Path,
    container: z.enum(["ts", "fmp4"]),
    segmentMs: z.number().positive(),
    /** Longest that a segment can get where the encoders keep their GOP, s. */
    targetS: z.number().int().positive(),
    windowMs: z.number().positive(),
    /** Whoever reads it reads it here. */
    listen: Listen.optional(),
    tokenSha256: Sha256.optional(),
    /** It is put there, too. */
    push: Push.optional(),
  }),
  z.object({
    kind: z.literal("ladder"),
    folder: Path,
    /** Besides the source's own; those that are not smaller than it are left out. */
    sizes: z.array(z.enum(rungNames)),
    segmentMs: z.number().positive(),
    targetS: z.number().int().positive(),
    windowMs: z.number().positive(),
    listen: Listen.optional(),
    tokenSha256: Sha256.optional(),
    /** It is put there, too. */
    push: Push.optional(),
  }),
  z.object({
    kind: z.literal("recording"),
    folder: Path,
    isMountPoint: z.boolean(),
    name: z.string(),
    container: z.enum(["ts", "fmp4"]),
    fileMs: z.number().positive(),
    keepMs: z.number().positive(),
    keepAtMostBytes: z.number().positive().optional(),
    leastFreeRatio: z.number().min(0).max(1),
  }),
  z.object({ kind: z.literal("rtmp"), address: z.string(), streamKey: z.string() }),
  z.object({
    kind: z.literal("srt"),
    address: z.string(),
    streamId: z.string().optional(),
    passphrase: z.string().optional(),
    latencyMs: z.number(),
  }),
  z.object({
    kind: z.enum(["udp", "rtp"]),
    address: z.string(),
    interface: z.string().optional(),
    paceBps: z.number().int().positive(),
  }),
]);
export type OutputTarget = z.infer<typeof OutputTarget>;

export const OutputSettings = z.object({
  output: Id,
  /** Names this start. */
  run: z.string(),
  /** On loopback: who wants to know how it goes listens there. */
  statusPort: z.number().int().min(1).max(65_535),
  /** Of its relay: pictures may be so far apart. Absent: the usual one. */
  watchdogMs: z.number().positive().optional(),
  target: OutputTarget,
});
export type OutputSettings = z.infer<typeof OutputSettings>;
