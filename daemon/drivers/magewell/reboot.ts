import { goesDown } from "../shared/goes-down.ts";
import type { Unit } from "./unit.ts";

/**
 * `reboot` stands in the vendor's API of its cloud, which hands it on to the `usapi` of an Ultra
 * Encode or Ultra Stream. A firmware that does not know it refuses it, which is told.
 */
export async function reboot({ usapi }: Unit, signal: AbortSignal): Promise<void> {
  usapi.beginCall();
  await goesDown(() => usapi.command("reboot", {}, signal), signal);
}
