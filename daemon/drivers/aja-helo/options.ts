import { z } from "zod";
import { budgetOptions } from "../shared/budget.ts";
import { namedInputs } from "../shared/inputs.ts";

/** What a site says of one HELO. The password arrives here resolved; config holds a reference. */
export const AjaHeloOptions = z.strictObject({
  host: z.string().min(1).max(253).describe("name or address of the unit on the network"),
  port: z.int().min(1).max(65_535).default(80).describe("its web port"),
  password: z
    .string()
    .min(1)
    .optional()
    .describe("needed where the unit's Authentication is set to Login"),
  inputs: namedInputs,
  profileForm: z
    .enum(["member", "unnumbered"])
    .default("member")
    .describe(
      "which parameters hold the destination: those of the selected streaming profile " +
        "(kept over a power cycle), or the unnumbered working copy",
    ),
  requestTimeoutMs: z
    .int()
    .min(10)
    .max(30_000)
    .default(2_000)
    .describe("one request, from queueing on the wire to the last byte of its answer, ms"),
  ...budgetOptions,
  ownSelfStart: z
    .boolean()
    .default(false)
    .describe(
      "before each start and each proof: switch auto-recover, power-up action and scheduler " +
        "off. For a unit that shares an exclusive stream key with a backup",
    ),
  recordTo: z
    .array(z.enum(["sd", "usb", "smb", "nfs"]))
    .min(1)
    .max(4)
    .default(["sd", "usb"])
    .describe(
      "media of the unit that a recording may be moved to, the best first; what it is not set to " +
        "it does not tell of, so such a one is tried only when a recording has ended otherwise",
    ),
  releasesMedia: z
    .boolean()
    .default(true)
    .describe(
      "a medium whose slot makes the unit boot again and again is released by `StorageCommand`; " +
        "nobody has recorded what a real unit does then, so it is read back",
    ),
  captions: z
    .boolean()
    .default(false)
    .describe(
      "the programme carries captions: the frame rate is never halved to cool the unit, which " +
        "would garble them",
    ),
  provePauseMs: z
    .int()
    .min(100)
    .max(10_000)
    .default(500)
    .describe("between the two reads that prove a unit off air, ms: one poll"),
  stopWithinMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(5_000)
    .describe("how long a unit may take from the stop command to idle, ms (0.5 to 2 s expected)"),
});
export type AjaHeloOptions = z.infer<typeof AjaHeloOptions>;
