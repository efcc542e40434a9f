/** What one output process is told: its one argument, as JSON. */
import { z } from "zod";
import { Id } from "../../machines/id.ts";

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
    listen: z.object({ host: z.string(), port: z.number().int().min(0).max(65_535) }).optional(),
    tokenSha256: Sha256.optional(),
  }),
]);
export type OutputTarget = z.infer<typeof OutputTarget>;

export const OutputSettings = z.object({
  output: Id,
  /** Names this start. */
  run: z.string(),
  /** On loopback: who wants to know how it goes listens there. */
  statusPort: z.number().int().min(1).max(65_535),
  target: OutputTarget,
});
export type OutputSettings = z.infer<typeof OutputSettings>;
