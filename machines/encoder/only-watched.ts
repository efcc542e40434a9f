import type { EncoderState } from "./encoder.contract.ts";
import type { EncoderReading, OutputReading } from "./reading.ts";

/** Streams that the box tells of and that its driver cannot command. */
export function onlyWatched(
  commanded: readonly string[],
  reading: EncoderReading | undefined,
  isFresh: boolean,
): Pick<EncoderState, "onlyWatched"> {
  const others = Object.entries(reading?.outputs ?? {}).filter(
    ([id]) => id.startsWith("stream-") && !commanded.includes(id),
  );
  if (commanded.length === 0 || others.length === 0) return {};
  const word = (state: OutputReading["state"]) => (isFresh ? state : "unknown");
  return {
    onlyWatched: Object.fromEntries(others.map(([id, { state }]) => [id, word(state)])),
  };
}
