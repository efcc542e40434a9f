import { goesDown } from "../shared/goes-down.ts";
import type { Unit } from "./unit.ts";

/** `Reboot`: 1 starts the most recent image. 2 would be the safeboot image, and is never sent. */
const mostRecentImage = "1";

export async function reboot({ device, session }: Unit, signal: AbortSignal): Promise<void> {
  session.beginCall();
  await goesDown(() => device.write("Reboot", mostRecentImage, signal), signal);
}
