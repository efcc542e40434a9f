/** Where the splice information (SCTE-35) of a relayed stream comes from. */
import type { SiteConfig } from "./site.schema.ts";

type Stream = Pick<SiteConfig["streams"][number], "carry" | "encoders">;
type Input = { kind?: string; ingest?: string } | undefined;

/**
 * The ingest that all of its encoders hear, where that is looked through: what comes by RTP or in
 * another form is ffmpeg's alone. By the times of encoders that keep none of its times nothing could
 * be put where it belongs: ffmpeg keeps them.
 */
export function splicesFrom(
  { carry, encoders: listed }: Stream,
  { encoders, ingests }: Pick<SiteConfig, "encoders" | "ingests">,
): string | undefined {
  if (carry?.splices === "drop") return undefined;
  const boxes = listed.map(({ encoder }) => encoders.find(({ id }) => id === encoder));
  const inputs = boxes.map((box) => (box?.options as { input?: Input } | undefined)?.input);
  const ingest = inputs[0]?.ingest;
  // A spare may go without one of its own: it takes the first one's.
  const hears = (input: Input) => input?.kind === "ingest" && (input.ingest ?? ingest) === ingest;
  const { kind } = ingests.find(({ id }) => id === ingest) ?? {};
  const isLookedThrough = kind === "srt" || kind === "udp";
  // For a relay `auto` is ffmpeg.
  const keepsTimes = (driver: string | undefined) => driver === "ffmpeg" || driver === "auto";
  const isKept = inputs.every(hears) && boxes.every((box) => keepsTimes(box?.driver));
  return isLookedThrough && isKept ? ingest : undefined;
}
