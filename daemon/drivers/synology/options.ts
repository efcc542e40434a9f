import { z } from "zod";
import { snmpOptions } from "../shared/snmp/access.ts";

/** What a site says of one Synology NAS. */
export const SynologyOptions = z.strictObject({
  ...snmpOptions,
  hotDiskC: z
    .int()
    .min(30)
    .max(90)
    .default(61)
    .describe("a disk at or above this is failing, °C; makers name 60 as the limit"),
});
export type SynologyOptions = z.infer<typeof SynologyOptions>;
