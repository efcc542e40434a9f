import type { OutputReading } from "../../../machines/encoder/reading.ts";
import type { KeyMemory } from "./key-memory.ts";

/** Notes that the run we started was seen streaming, or has come to its end. */
export async function followRun<Place>(
  memory: KeyMemory<Place>,
  state: OutputReading["state"],
  booted: boolean,
): Promise<void> {
  const run = memory.run();
  if (!run) return;
  if (booted || (state === "idle" && run.seenStreaming)) await memory.running(undefined);
  else if (state === "streaming" && !run.seenStreaming)
    await memory.running({ ...run, seenStreaming: true });
}

/** The key generation of a stream that runs, where it is the one we started. */
export function generationOf<Place>(
  memory: KeyMemory<Place>,
  { state, target }: OutputReading,
): { keyGeneration?: number } {
  const run = memory.run();
  const ours =
    state === "streaming" && typeof target === "object" && run?.destination === target.destination;
  return ours ? { keyGeneration: run.keyGeneration } : {};
}
