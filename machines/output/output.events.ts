/** What the process of an output found when it looked at what it had written. */
export type ConformityReading = {
  /** Lists, manifests and segments that were looked at. */
  checked: number;
  /** The last fault: which file breaks which rule. */
  fault: string | null;
  /** From that fault to the last look, ms. */
  faultlessMs: number | null;
};

/** What the process of an output told of itself. */
export type OutputReading = {
  state: "waiting" | "sending" | "failing";
  why: string | null;
  bytes: number;
  pictures: number;
  quietMs: number | null;
  bitrateBps: number | null;
  segments: number | null;
  readers: number | null;
  droppedPictures: number | null;
  conformity: ConformityReading | null;
};

export type OutputEvent =
  | { type: "reading"; reading: OutputReading }
  /** Its process was found running when the site began. */
  | { type: "found" }
  /** There was none. */
  | { type: "absent" }
  /** Its process ended by itself. */
  | { type: "ended"; because: string };
