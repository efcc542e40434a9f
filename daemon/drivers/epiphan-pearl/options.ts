import { z } from "zod";
import { bitrateChange } from "../shared/bitrate-load.ts";
import { budgetOptions } from "../shared/budget.ts";
import { namedLayouts } from "../shared/inputs.ts";

/** Ids as the box gives them: channel `1`, publisher `0`. In YAML a bare 1 is a number. */
const id = z.union([
  z.string().regex(/^[A-Za-z0-9]{1,16}$/, "an id such as 1 or 0"),
  z.int().min(0).max(65_535),
]);

/** What a site says of one channel of a Pearl. The password arrives here resolved. */
export const EpiphanPearlOptions = z.strictObject({
  host: z.string().min(1).max(253).describe("name or address of the box on the network"),
  port: z.int().min(1).max(65_535).default(80).describe("its web port"),
  username: z.string().min(1).max(64).default("admin").describe("who logs in"),
  password: z.string().min(1).optional().describe("of that user"),
  channel: id.default("1").describe("id of the channel that carries the programme"),
  inputs: namedLayouts,
  publisher: id
    .default("0")
    .describe(
      "id of the RTMP publisher of that channel that the daemon writes address and key into. Add " +
        "it once by hand; it is the daemon's from then on",
    ),
  publishers: z
    .record(z.string().min(1).max(63), id)
    .optional()
    .describe(
      "destination: id of the publisher that was set up for it by hand. The daemon then writes no " +
        "address and no key, it only starts and stops. Firmware without API v2.0 needs this",
    ),
  api: z
    .enum(["auto", "v2.0", "legacy"])
    .default("auto")
    .describe("which of the box's interfaces is used; auto asks for v2.0 and falls back"),
  bitrateChange,
  requestTimeoutMs: z
    .int()
    .min(10)
    .max(30_000)
    .default(3_000)
    .describe("one request, from queueing on the wire to the last byte of its answer, ms"),
  ...budgetOptions,
  ownSelfStart: z
    .boolean()
    .default(false)
    .describe(
      "take address and key out of the box in each proof, because what it would start by itself " +
        "cannot be read. For a box that shares an exclusive stream key with a backup",
    ),
  provePauseMs: z
    .int()
    .min(100)
    .max(10_000)
    .default(1_000)
    .describe("between the two reads that prove a box off air, ms: one poll"),
  stopWithinMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(8_000)
    .describe("how long a box may take from the stop command to idle, ms"),
});
export type EpiphanPearlOptions = z.infer<typeof EpiphanPearlOptions>;

/** The same with all ids as the text that they are to the box. */
export type PearlOptions = Omit<EpiphanPearlOptions, "channel" | "publisher" | "publishers"> & {
  channel: string;
  publisher: string;
  publishers?: Record<string, string>;
};

export function withTextIds({ publishers, ...options }: EpiphanPearlOptions): PearlOptions {
  const named = Object.entries(publishers ?? {}).map(([name, publisher]) => [
    name,
    String(publisher),
  ]);
  return {
    ...options,
    channel: String(options.channel),
    publisher: String(options.publisher),
    ...(publishers && { publishers: Object.fromEntries(named) as Record<string, string> }),
  };
}
