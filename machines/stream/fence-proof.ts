import type { OutputRef } from "../intents.ts";
import type { FenceEvidence } from "./fence-evidence.ts";
import type { FenceCertificate } from "./stream.contract.ts";

/** The level that one piece of evidence reaches, or 0 when it proves nothing. */
function levelOf(
  evidence: FenceEvidence,
  { noPublisherProofMs, isAlone }: { noPublisherProofMs: number; isAlone: boolean },
): 0 | 1 | 2 | 3 | 4 {
  switch (evidence.kind) {
    case "deviceNotStreaming":
      return evidence.reads >= 2 && (evidence.selfStartOff || isAlone) ? 1 : 0;
    case "processGone":
      return evidence.lockFree && evidence.unsentBytes === 0 ? 2 : 0;
    case "noPublisher":
      return evidence.forMs >= noPublisherProofMs ? 3 : 0;
    case "keyBlocked":
      return 3;
    case "outletOff":
      return 4;
  }
}

/** One piece of evidence as a sentence for the journal and the page. */
export function sentenceOf(evidence: FenceEvidence): string {
  switch (evidence.kind) {
    case "deviceNotStreaming":
      return `the device said "not streaming" ${evidence.reads} times after a stop${
        evidence.selfStartOff
          ? ", and starts nothing by itself"
          : ", but it may start again by itself"
      }${evidence.endedToo?.length ? `; with it went ${evidence.endedToo.join(", ")}` : ""}`;
    case "processGone":
      return evidence.lockFree
        ? evidence.unsentBytes === 0
          ? "the process group is gone and nothing of it is still being sent"
          : `the process is gone but ${evidence.unsentBytes} bytes of it are still being sent`
        : "a process of it still lives";
    case "noPublisher":
      return `${evidence.observer} saw no publisher for ${Math.round(evidence.forMs / 1000)} s`;
    case "keyBlocked":
      return `${evidence.observer} threw it out and blocks it`;
    case "outletOff":
      return `outlet ${evidence.outlet} is off, read back${evidence.isSpoofable ? " (spoofable)" : ""}`;
  }
}

/**
 * The certificate that this evidence is worth, or null: nothing that was seen proves the encoder
 * off the key. Levels are those of the design, rule 2.
 */
export function certificateFrom(
  evidence: readonly FenceEvidence[],
  of: OutputRef & {
    destination: string;
    noPublisherProofMs: number;
    /** No other encoder can take this key, so one that starts again by itself harms nobody. */
    isAlone: boolean;
    atMs: number;
  },
): FenceCertificate | null {
  const level = Math.max(0, ...evidence.map((piece) => levelOf(piece, of)));
  if (level === 0) return null;
  return {
    level,
    encoder: of.encoder,
    output: of.output,
    destination: of.destination,
    evidence: evidence.map(sentenceOf),
    atMs: of.atMs,
  };
}
