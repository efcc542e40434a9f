/** What an encoder gets from its ingest, in a stream's words. */
import type { EncoderFacts, Feed } from "../encoder/facts.ts";

/** Nothing comes that it could encode. */
export const isDry = (facts: EncoderFacts | undefined): boolean =>
  facts?.feed?.flow.word === "lost";

export function lossSentence({ ingest, flow: { since } }: Feed): string {
  const at = since && ` since ${new Date(since.wallMs).toISOString().slice(11, 19)} UTC`;
  return `the source '${ingest}' sends nothing${at ?? ""}`;
}
