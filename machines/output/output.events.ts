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
};

export type OutputEvent =
  | { type: "reading"; reading: OutputReading }
  /** Its process was found running when the site began. */
  | { type: "found" }
  /** There was none. */
  | { type: "absent" }
  /** Its process ended by itself. */
  | { type: "ended"; because: string };
