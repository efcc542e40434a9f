import { DriverError } from "../driver.ts";
import type { Unit } from "./unit.ts";

/** `Reboot`: 1 starts the most recent image. 2 would be the safeboot image, and is never sent. */
const mostRecentImage = "1";

/** The unit may go down before its answer is out: no answer is no failure. */
export async function reboot({ device, session }: Unit, signal: AbortSignal): Promise<void> {
  session.beginCall();
  try {
    await device.write("Reboot", mostRecentImage, signal);
  } catch (error) {
    const unanswered =
      error instanceof DriverError && ["timeout", "refused", "malformed"].includes(error.code);
    if (!unanswered || signal.aborted) throw error;
  }
}
