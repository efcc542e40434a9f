import type { MediumReading } from "../../machines/storage/medium.ts";

/** A device that is asked for its media and is told nothing: a NAS, or the disks of this host. */
export interface StorageDriver {
  /** Rejects only with `DriverError`, at the latest when `signal` aborts. */
  poll(signal: AbortSignal): Promise<MediumReading[]>;
  close(): Promise<void>;
}
