import { z } from "zod";
import { snmpOptions } from "../shared/snmp/access.ts";

const outletNumber = z.int().min(1).max(1_000);

export const ApcOptions = z.strictObject({
  ...snmpOptions,
  outlet: outletNumber.describe("as printed; in a daisy chain it goes on: 25 is unit 2, outlet 1"),
  generation: z
    .enum(["probe", "first", "second"])
    .default("probe")
    .describe("AP79xx are of the first, AP84xx, AP86xx and AP89xx of the second; probe: ask"),
});
export type ApcOptions = z.infer<typeof ApcOptions>;

const code = z.int().min(-1).max(255);

export const RaritanOptions = z.strictObject({
  ...snmpOptions,
  unit: z.int().min(1).max(64).default(1).describe("number of the PDU in its chain"),
  outlet: outletNumber.describe("as printed"),
  codes: z
    .strictObject({
      on: code.default(1).describe("order: on"),
      off: code.default(0).describe("order: off"),
      cycle: code.default(2).describe("order: off, and on again by itself"),
      stateOn: code.default(7).describe("answer: on"),
      stateOff: code.default(8).describe("answer: off"),
    })
    .refine(({ stateOn, stateOff }) => stateOn !== stateOff, "on and off must differ")
    .refine(({ on, off }) => on !== off, "the orders for on and off must differ")
    .prefault({})
    .describe("as PX2 and PX3 count; older units differ"),
});
export type RaritanOptions = z.infer<typeof RaritanOptions>;

export const Sentry3Options = z.strictObject({
  ...snmpOptions,
  outlet: z
    .string()
    .regex(/^\d{1,3}\.\d{1,3}\.\d{1,3}$/, { error: "must be tower.infeed.outlet, like 1.1.4" })
    .describe("tower.infeed.outlet: AA4 is 1.1.4, BA4 is 2.1.4"),
});
export type Sentry3Options = z.infer<typeof Sentry3Options>;
