import type { Colour } from "../content/colour.ts";
import type { ScanSeen } from "../content/scan.ts";

export type IngestSound = {
  codec: string;
  sampleRateHz: number;
  channels?: number | undefined;
  language?: string | undefined;
};

/** What the process of an ingest told of itself. */
export type IngestReading = {
  state: "waiting" | "receiving" | "silent" | "failing";
  why: string | null;
  publisher: { from: string; sinceMs: number } | null;
  bytes: number;
  frames: number;
  quietMs: number | null;
  bitrateBps: number | null;
  framesPerSecond: number | null;
  video: {
    codec: string;
    widthPx: number;
    heightPx: number;
    /** Absent: it is not told, or its process is older. */
    colour?: Colour | undefined;
  } | null;
  audio: { codec: string; sampleRateHz: number } | null;
  /** Absent: its process is older. */
  sounds?: readonly IngestSound[] | undefined;
  /** Absent: its process is older. */
  scan?: ScanSeen | undefined;
  readers: number;
  readerDrops: number;
  refused: { count: number; last: { atMs: number; from: string; why: string } | null };
};

export type IngestEvent =
  | { type: "reading"; reading: IngestReading }
  /** Of one that is kept for sessions: whoever has the key of this one is let in, null: nobody. */
  | { type: "admit"; session: string | null }
  /** Its process was found running when the site began. */
  | { type: "found" }
  /** There was none. */
  | { type: "absent" }
  /** Its process ended by itself. */
  | { type: "ended"; because: string };
