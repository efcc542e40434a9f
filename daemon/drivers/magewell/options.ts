import { z } from "zod";
import { bitrateChange } from "../shared/bitrate-load.ts";
import { budgetOptions } from "../shared/budget.ts";
import { namedInputs } from "../shared/inputs.ts";

/** `id` of an entry in the box's list of streaming servers: up to 16, counted by the box. */
const serverId = z.int().min(0).max(65_535);

/** What a site says of one Ultra Encode or Ultra Stream. The password arrives here resolved. */
export const MagewellOptions = z.strictObject({
  host: z.string().min(1).max(253).describe("name or address of the box on the network"),
  port: z.int().min(1).max(65_535).default(80).describe("its web port"),
  username: z.string().min(1).max(64).default("Admin").describe("who logs in"),
  password: z.string().min(1).optional().describe("of that user"),
  inputs: namedInputs,
  server: serverId
    .default(0)
    .describe(
      "id of the RTMP entry in the box's list of streaming servers that the daemon writes " +
        "address and key into. Add it once by hand; it is the daemon's from then on",
    ),
  servers: z
    .record(z.string().min(1).max(63), serverId)
    .optional()
    .describe(
      "destination: id of the entry that was set up for it by hand. The daemon then writes no " +
        "address and no key, it only switches entries on and off (the keys stay in the box)",
    ),
  leaveServers: z
    .array(serverId)
    .default([])
    .describe("ids of other pushing entries that a start shall not switch off"),
  bitrateChange,
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
      "take address and key out of the box in each proof, because what it would start by itself " +
        "cannot be read. For a box that shares an exclusive stream key with a backup",
    ),
  provePauseMs: z
    .int()
    .min(100)
    .max(10_000)
    .default(500)
    .describe("between the two reads that prove a box off air, ms: one poll"),
  stopWithinMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(5_000)
    .describe("how long a box may take from the stop command to idle, ms"),
});
export type MagewellOptions = z.infer<typeof MagewellOptions>;
