import type { EncoderReading, PollFailure } from "./reading.ts";

export type EncoderEvent =
  | { type: "reading"; reading: EncoderReading }
  /** One attempt to read it failed. */
  | { type: "unreadable"; failure: PollFailure; detail: string }
  /** The decider itself stood still: whatever was known has to be seen again. */
  | { type: "stalled" }
  /** The site gave this output a key. */
  | { type: "granted"; output: string }
  /** Another box has the key: this one must neither know it nor use it. */
  | { type: "benched"; output: string }
  | { type: "released"; output: string }
  | { type: "maintenance"; by: string }
  | { type: "inService"; by: string };
