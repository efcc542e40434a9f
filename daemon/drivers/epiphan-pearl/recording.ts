import { DriverError } from "../driver.ts";
import { pause } from "../shared/pause.ts";
import { recorderOf } from "./answers.ts";
import type { Unit } from "./unit.ts";

const lookMs = 250;
/** The box works asynchronously; a share takes longer to open a file. */
const recordTakesMs = 6_000;

/** Be recording, or not: the recorder of our channel, which has its name. Publishers go on. */
export async function setRecording(
  unit: Unit,
  wanted: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { api, where, options, context } = unit;
  const isRecording = async () => {
    const state = recorderOf(await api.read("/recorders/status", signal), options.channel);
    if (state === undefined)
      throw new DriverError("notPossible", `${where} has no recorder ${options.channel}`);
    return state === "streaming";
  };
  if ((await isRecording()) === wanted) return;
  unit.recorder.forget();
  const recorder = `/recorders/${encodeURIComponent(options.channel)}`;
  await api.command("POST", `${recorder}/control/${wanted ? "start" : "stop"}`, undefined, signal);
  const giveUpAtMs = context.now() + recordTakesMs;
  while ((await isRecording()) !== wanted) {
    if (context.now() >= giveUpAtMs) {
      const why = wanted ? "does not record: see what it says of its storage" : "still records";
      throw new DriverError("failed", `${where} took the command and ${why}`);
    }
    await pause(where, lookMs, signal);
  }
}
