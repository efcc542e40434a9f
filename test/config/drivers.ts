import { AjaHeloOptions } from "../../daemon/drivers/aja-helo/options.ts";
import { FfmpegOptions } from "../../daemon/drivers/ffmpeg/options.ts";
import { GstreamerOptions } from "../../daemon/drivers/gstreamer/options.ts";
import { vendors } from "../../daemon/drivers/index.ts";
import { outletVendors } from "../../daemon/drivers/outlets.ts";
import { ApcOptions } from "../../daemon/drivers/pdu/options.ts";
import type { DriverSchemas, SiteDrivers } from "../../config/site.schema.ts";

/** The drivers that the examples are written for. */
export const drivers: DriverSchemas = {
  "aja-helo": AjaHeloOptions,
  ffmpeg: FfmpegOptions,
  gstreamer: GstreamerOptions,
};
export const exampleDrivers: SiteDrivers = {
  encoders: drivers,
  outlets: { "pdu-apc": ApcOptions },
};

/** All there are, for the committed JSON Schema. */
export const allDrivers: SiteDrivers = {
  encoders: optionsOf(vendors),
  outlets: optionsOf(outletVendors),
};

function optionsOf(registry: Readonly<Record<string, { options: DriverSchemas[string] }>>) {
  return Object.fromEntries(Object.entries(registry).map(([name, { options }]) => [name, options]));
}
