import type { ContentFault } from "../content/look.ts";
import type { FarEndFacts } from "../destination/far-end.ts";
import type { EncoderFacts, OutputFacts } from "../encoder/facts.ts";
import { publisherMark } from "../publisher-mark.ts";

/**
 * What the evidence says of the encoder that carries a stream.
 * `good`: nothing speaks against it. `off`: proven off air. `suspect`: looks off, wait for the
 * freeze time. `network`: it encodes, the uplink does not take it. `content`: on air, but not the
 * programme. `source`: nothing comes that anybody could encode. `unknown`: nothing can be measured;
 * that alone never causes a switch.
 */
export type Verdict = {
  word: "good" | "suspect" | "off" | "network" | "content" | "source" | "unknown";
  /** Machine word of the cause, for the incident. */
  cause: string;
  /** May a takeover follow when it stays so? Not while the far end still sees a picture. */
  commits: boolean;
};

/** Nobody at this site can put that right: nobody is moved, and it is good again when it comes. */
export const sourceLost: Verdict = { word: "source", cause: "sourceLost", commits: false };
const good: Verdict = { word: "good", cause: "", commits: false };

/** What else has to do with the picture: faults to act upon, and whether it could have one at all. */
export type PictureEvidence = {
  acts: (fault: ContentFault) => boolean;
  shown: ContentFault | undefined;
  /** Nothing comes from its source, and nobody else has another. */
  isSourceLost: boolean;
};

/**
 * @param encoder facts of the carrier, @param output its output that carries
 * @param readSince it was read since the far end first had its picture: its word is of now
 */
export function judge(
  encoder: EncoderFacts,
  output: OutputFacts,
  farEnd: FarEndFacts,
  shows: PictureEvidence,
  readSince = true,
): Verdict {
  if (output.exit) return { word: "off", cause: "processExited", commits: true };
  if (encoder.thermal === "protected") return { word: "off", cause: "heat", commits: true };

  if (encoder.isAdjusted) return { word: "unknown", cause: "adjusted", commits: false };

  const seen = farEnd.word === "publishing" && farEnd.media === "moving";
  if (seen && isSomeoneElse(farEnd, encoder.encoder)) return suspect("otherPublisher", true);
  if (output.sendQueue === "stuck") return { word: "network", cause: "network", commits: false };
  // A moment later it may be known that the source is lost.
  const pauses = encoder.feed?.flow.pauses === true;
  if (output.progress === "frozen") {
    return shows.isSourceLost ? sourceLost : suspect("frozen", !seen && !pauses);
  }
  // What only may be a refusal is more likely the box's own fault, once it carries.
  if (output.state === "failing")
    return suspect(output.refusal === "refused" ? "farEndRefuses" : "deviceFailing", !seen);
  // It says so itself, and who can tell sees nobody: there is nothing left to wait for.
  if (output.state === "idle" && readSince && farEnd.word === "quiet" && farEnd.provesAbsence) {
    return { word: "off", cause: "deviceIdle", commits: true };
  }
  if (output.state === "idle" || output.state === "stopping") return suspect("deviceIdle", !seen);
  if (shows.isSourceLost) return sourceLost;
  if (seen) return content(encoder, shows);

  if (farEnd.word === "quiet") return suspect("farEndQuiet", true);
  if (farEnd.word === "publishing" && farEnd.media === "stalled") {
    return suspect("farEndStalled", !pauses);
  }
  if (output.state === "unknown") return { word: "unknown", cause: "unknown", commits: false };
  return content(encoder, shows);
}

const suspect = (cause: string, commits: boolean): Verdict => ({ word: "suspect", cause, commits });

/** On air as far as one can tell: is it the programme? */
function content({ input }: EncoderFacts, { acts, shown }: PictureEvidence): Verdict {
  if (input !== "good" && input !== "unknown" && acts(input)) return wrong(`input-${input}`);
  return shown === undefined ? good : wrong(`shows-${shown}`);
}

const wrong = (cause: string): Verdict => ({ word: "content", cause, commits: true });

/** The far end names one of our encoders, and it is not the carrier. */
export function isSomeoneElse(farEnd: FarEndFacts, carrier: string | undefined): boolean {
  const mark = farEnd.by === null ? undefined : publisherMark.parse(farEnd.by);
  return mark !== undefined && mark.encoder !== carrier;
}
