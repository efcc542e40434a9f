/** Every kind of storage that is asked for its media: one line here, one folder beside. */
import type { z } from "zod";
import type { StorageDriver } from "./storage.ts";
import { HostDiskOptions } from "./host-disk/options.ts";
import { SynologyOptions } from "./synology/options.ts";

export type StorageVendor = {
  options: z.ZodType;
  /** @param options parsed by this vendor's schema, secrets resolved */
  open(options: unknown): Promise<StorageDriver>;
};

export const storageVendors: Readonly<Record<string, StorageVendor>> = {
  "host-disk": {
    get options() {
      return HostDiskOptions;
    },
    async open(options) {
      const { openHostDisk } = await import("./host-disk/host-disk.ts");
      return openHostDisk(options as HostDiskOptions);
    },
  },
  synology: {
    get options() {
      return SynologyOptions;
    },
    async open(options) {
      const { openSynology } = await import("./synology/synology.ts");
      return openSynology(options as SynologyOptions);
    },
  },
};
