import { DriverError } from "../driver.ts";

/** A box that is told to boot may go down before its answer is out: no answer is no failure. */
export async function goesDown(tell: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  try {
    await tell();
  } catch (error) {
    const isUnanswered =
      error instanceof DriverError && ["timeout", "refused", "malformed"].includes(error.code);
    if (!isUnanswered || signal.aborted) throw error;
  }
}
