/** What the configuration needs to know of the drivers, from all their registries. */
import type { z } from "zod";
import { vendors } from "./index.ts";
import { outletVendors } from "./outlets.ts";
import { TrapOptions } from "./shared/snmp/trap-options.ts";
import { storageVendors } from "./storages.ts";

/** The options schema of every driver, by section. */
export const siteDrivers = {
  encoders: optionsOf(vendors),
  outlets: optionsOf(outletVendors),
  storages: optionsOf(storageVendors),
  get traps() {
    return TrapOptions;
  },
};

/** Ids of the outputs that can carry a stream. */
export const outputsOf = Object.assign((driver: string) => vendors[driver]?.outputs, {
  feedsRelay: (driver: string) => vendors[driver]?.feedsRelay,
  setUpByHand: (driver: string, written: Readonly<Record<string, unknown>>) =>
    vendors[driver]?.setUpByHand?.(written),
  cannotFeedRelay: (driver: string, written: Readonly<Record<string, unknown>>) =>
    vendors[driver]?.cannotFeedRelay?.(written),
  isBox: (driver: string) => vendors[driver]?.kind === "hardware",
});

function optionsOf<V extends { options: z.ZodType }>(registry: Readonly<Record<string, V>>) {
  const schemas: Record<string, z.ZodType> = {};
  for (const [name, vendor] of Object.entries(registry)) {
    Object.defineProperty(schemas, name, { enumerable: true, get: () => vendor.options });
  }
  return schemas;
}
