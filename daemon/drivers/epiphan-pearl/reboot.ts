import { DriverError } from "../driver.ts";
import { goesDown } from "../shared/goes-down.ts";
import type { Unit } from "./unit.ts";

/** Told in v2.0 only: no source shows that older firmware knows it. */
export async function reboot({ api, where }: Unit, signal: AbortSignal): Promise<void> {
  if ((await api.version(signal)) === "legacy")
    throw new DriverError("notPossible", `${where} has no API v2.0, which alone tells it to boot`);
  await goesDown(() => api.command("POST", "/system/control/reboot", undefined, signal), signal);
}
