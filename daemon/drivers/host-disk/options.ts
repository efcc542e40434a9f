import { z } from "zod";

/** Where this host keeps recordings. */
export const HostDiskOptions = z.strictObject({
  places: z
    .array(
      z.strictObject({
        path: z.string().regex(/^\//, "must be an absolute path").describe("the folder"),
        name: z.string().min(1).max(120).optional().describe("what people call it"),
        mountPoint: z
          .boolean()
          .default(true)
          .describe("something must be mounted exactly there; if not, the medium is missing"),
      }),
    )
    .min(1)
    .max(32)
    .describe("folders that recordings go to; one medium each"),
  lookLimitMs: z
    .int()
    .min(100)
    .max(8_000)
    .default(2_000)
    .describe("a disk or share that takes longer to answer is not known"),
});
export type HostDiskOptions = z.infer<typeof HostDiskOptions>;
