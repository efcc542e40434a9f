/** Every kind of switched outlet: one line here, one table in its folder. */
import type { z } from "zod";
import type { OutletDriver } from "./outlet.ts";
import { ApcOptions, RaritanOptions, Sentry3Options } from "./pdu/options.ts";

export type OutletVendor = {
  options: z.ZodType;
  /** @param options parsed by this vendor's schema, secrets resolved */
  open(options: unknown): Promise<OutletDriver>;
};

export const outletVendors: Readonly<Record<string, OutletVendor>> = {
  "pdu-apc": {
    get options() {
      return ApcOptions;
    },
    open: async (options) => (await pdu()).openApcOutlet(options as ApcOptions),
  },
  "pdu-raritan": {
    get options() {
      return RaritanOptions;
    },
    open: async (options) => (await pdu()).openRaritanOutlet(options as RaritanOptions),
  },
  "pdu-sentry3": {
    get options() {
      return Sentry3Options;
    },
    open: async (options) => (await pdu()).openSentry3Outlet(options as Sentry3Options),
  },
};

const pdu = () => import("./pdu/pdu.ts");
