import type { Logger } from "pino";
import type { SiteConfig } from "../config/site.schema.ts";
import type { openCircuits } from "./circuits.ts";
import { outletVendors } from "./drivers/outlets.ts";
import { openOutlet, type Outlet } from "./outlets.ts";

export async function openOutlets(p: {
  config: Pick<SiteConfig, "outlets">;
  circuits: ReturnType<typeof openCircuits>;
  log: Pick<Logger, "warn">;
}): Promise<ReadonlyMap<string, Outlet>> {
  const outlets = await Promise.all(
    p.config.outlets.map(async ({ id, driver: vendor, expectedName, options }) => {
      const driver = await outletVendors[vendor]!.open(options);
      return openOutlet({ id, expectedName, driver, circuit: p.circuits.outlet(id) });
    }),
  );
  for (const { id } of outlets.filter(({ isSpoofable }) => isSpoofable)) {
    const why = "others on the network could forge its answers; SNMP v3 signs them";
    p.log.warn({ code: "outlet_spoofable", outlet: id }, `outlet ${id}: ${why}`);
  }
  return new Map(outlets.map((outlet) => [outlet.id, outlet]));
}
