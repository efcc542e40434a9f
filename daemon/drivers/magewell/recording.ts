import { DriverError } from "../driver.ts";
import { pause } from "../shared/pause.ts";
import { isBusyWithItself, readStatus, type Unit } from "./unit.ts";
import { statusBit } from "./words.ts";

const lookMs = 250;
/** From the command to its bit in the status; a share takes longer to open a file. */
const recordTakesMs = 6_000;

/** Be recording, or not. Its live session has commands of its own, and is not touched. */
export async function setRecording(
  unit: Unit,
  wanted: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { usapi, where, context } = unit;
  usapi.beginCall();
  const isRecording = async () => {
    const status = await readStatus(unit, signal);
    if (isBusyWithItself(status))
      throw new DriverError("notPossible", `${where} is starting up, updating or going down`);
    return (status.bits & statusBit.recording) !== 0;
  };
  if ((await isRecording()) === wanted) return;
  await usapi.command(wanted ? "start-rec" : "stop-rec", {}, signal);
  const giveUpAtMs = context.now() + recordTakesMs;
  while ((await isRecording()) !== wanted) {
    if (context.now() >= giveUpAtMs) {
      const why = wanted ? "does not record: see what it says of its media" : "still records";
      throw new DriverError("failed", `${where} took the command and ${why}`);
    }
    await pause(where, lookMs, signal);
  }
}
