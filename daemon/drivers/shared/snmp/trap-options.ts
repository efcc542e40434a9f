import { z } from "zod";
import { SnmpAccess } from "./access.ts";

export const TrapOptions = z.strictObject({
  host: z.string().default("0.0.0.0").describe("address of this host to listen at; :: for IPv6"),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .default(1162)
    .describe("162 is for root alone; tell the devices, or redirect it in the firewall"),
  access: z.array(SnmpAccess).min(1).max(16).describe("what senders may sign in with"),
  debounceMs: z
    .int()
    .min(10)
    .max(60_000)
    .default(1_000)
    .describe("the same trap of one device counts once in so long, and once more at its end, ms"),
});
export type TrapOptions = z.infer<typeof TrapOptions>;
