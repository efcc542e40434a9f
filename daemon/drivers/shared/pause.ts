import { setTimeout as sleep } from "node:timers/promises";
import { DriverError } from "../driver.ts";

/** Waits, and rejects as a call to the box would when its time is up. */
export async function pause(where: string, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (cause) {
    throw new DriverError("timeout", `${where} was not done in time`, { cause });
  }
}
