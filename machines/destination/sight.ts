/**
 * One look at the far end. `publishing` with `bytes` lets the reader see whether anything moves.
 * An observer that could not look reports `unseen`: that is not "quiet".
 */
export type FarEndSight =
  | {
      word: "publishing";
      /** As the far end names the publisher: address, or the mark our encoders send. */
      by: string | null;
      /** Counter that grows while media arrives (bytes, or media sequence); null = cannot tell. */
      bytes: number | null;
      publishers: number | null;
    }
  | { word: "quiet" }
  | { word: "unseen"; detail: string };
