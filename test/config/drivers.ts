import { AjaHeloOptions } from "../../daemon/drivers/aja-helo/options.ts";
import { AutoOptions } from "../../daemon/drivers/auto/options.ts";
import { FfmpegOptions } from "../../daemon/drivers/ffmpeg/options.ts";
import { GstreamerOptions } from "../../daemon/drivers/gstreamer/options.ts";
import { HostDiskOptions } from "../../daemon/drivers/host-disk/options.ts";
import { vendors } from "../../daemon/drivers/index.ts";
import { outletVendors } from "../../daemon/drivers/outlets.ts";
import { ApcOptions } from "../../daemon/drivers/pdu/options.ts";
import { TrapOptions } from "../../daemon/drivers/shared/snmp/trap-options.ts";
import { storageVendors } from "../../daemon/drivers/storages.ts";
import type { DriverSchemas, SiteDrivers } from "../../config/site.schema.ts";

/** The drivers that the examples are written for. */
export const drivers: DriverSchemas = {
  "aja-helo": AjaHeloOptions,
  auto: AutoOptions,
  ffmpeg: FfmpegOptions,
  gstreamer: GstreamerOptions,
};
export const exampleDrivers: SiteDrivers = {
  encoders: drivers,
  outlets: { "pdu-apc": ApcOptions },
  storages: { "host-disk": HostDiskOptions },
  traps: TrapOptions,
};

/** All there are, for the committed JSON Schema. */
export const allDrivers: SiteDrivers = {
  encoders: optionsOf(vendors),
  outlets: optionsOf(outletVendors),
  storages: optionsOf(storageVendors),
  traps: TrapOptions,
};

function optionsOf(registry: Readonly<Record<string, { options: DriverSchemas[string] }>>) {
  return Object.fromEntries(Object.entries(registry).map(([name, { options }]) => [name, options]));
}
