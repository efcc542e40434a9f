/** Taking a medium out of use whose slot makes the unit boot again and again. */
import { DriverError } from "../driver.ts";
import { pause } from "../shared/pause.ts";
import { destinationOf } from "./media.ts";
import { integerOf, isBooting } from "./parameters.ts";
import { stopLookMs } from "./publish.ts";
import { stateOf } from "./recording.ts";
import type { Unit } from "./unit.ts";

/** By `StorageCommand`: of the card at the end of each path. 4 would erase it. */
const paths = [
  { destination: "RecordingDestination", mounted: "CurrentMediaMounted", release: "2" },
  { destination: "SecondaryRecordingDestination", mounted: "SecondaryMediaMounted", release: "6" },
] as const;
const unmountTakesMs = 8_000;

/**
 * Have this medium released, read back. Refused while anything is recorded, because that would end
 * with it. What no path leads to is in no use. The next boot takes it into use again.
 */
export async function releaseMedium(
  unit: Unit,
  medium: string,
  signal: AbortSignal,
): Promise<void> {
  const { device, session, held, where, context, options } = unit;
  session.beginCall();
  const slot = destinationOf(medium);
  if (!options.releasesMedia || slot === undefined)
    throw new DriverError("notPossible", `${where} cannot be told to release ${medium}`);
  const systemState = integerOf(await device.read("SystemState", signal));
  if (systemState !== undefined && isBooting(systemState))
    throw new DriverError("notPossible", `${where} is starting up`);
  for (const { destination, mounted, release } of paths) {
    if ((await device.read(destination, signal)) !== slot) continue;
    if ((await device.read(mounted, signal)) === "0") continue;
    if ((await stateOf(unit, "record", signal)) !== "idle")
      throw new DriverError("notPossible", `${where} still records, and ${medium} may be written`);
    await device.write("StorageCommand", release, signal);
    const giveUpAtMs = context.now() + unmountTakesMs;
    for (;;) {
      const now = await device.read(mounted, signal);
      if (now !== undefined) held.note(mounted, now);
      if (now === "0") break;
      if (context.now() >= giveUpAtMs)
        throw new DriverError("failed", `${where} took the command and still uses ${medium}`);
      await pause(where, stopLookMs, signal);
    }
  }
}
