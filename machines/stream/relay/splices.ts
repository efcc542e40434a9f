/** Splice information (SCTE 35) as a relay hands it on from its ingest, and what is told of it. */
import { z } from "zod";
import type { Decision } from "../../decision.ts";
import { word } from "../../id.ts";

export const SpliceNews = z.object({
  /** Counts those that were told, since the relay's process began: what is repeated is told once. */
  number: z.number().int(),
  eventId: z.number().int().nullable(),
  /** Out of the network's programme, into a break, or back in; null: neither. */
  direction: word(["out", "in"]).nullable(),
  /** What was told of this event before is void. */
  cancelled: z.boolean(),
  /** From where it stands to the picture that it is meant for; null: at once. */
  leadMs: z.number().nullable(),
  /** How long the break is to be; null: not told. */
  durationMs: z.number().nullable(),
});
export type SpliceNews = z.infer<typeof SpliceNews>;

export const Splices = z
  .object({
    /** The ingest's source has some; null: not known. */
    isThere: z.boolean().nullable(),
    /** Sections that were wrong, and those that came for nothing that goes out. */
    damaged: z.number().int(),
    missed: z.number().int(),
    /** The last one that begins, ends or cancels something. */
    last: SpliceNews.nullable(),
  })
  .meta({ id: "Splices" });
export type Splices = z.infer<typeof Splices>;

/** @param before by the relay's last report; undefined: not known, and what is there is not new */
export function spliceNews(
  stream: string,
  before: Splices | undefined,
  now: Splices | undefined,
): Decision[] {
  const last = now?.last;
  if (!before || !last || last.number === before.last?.number) return [];
  const data = { splice: last };
  return [
    { type: "stream.splice", severity: "info", message: `${stream}: ${inWords(last)}`, data },
  ];
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

function inWords({ eventId, direction, cancelled, leadMs, durationMs }: SpliceNews): string {
  const event = eventId === null ? "" : `event ${eventId}`;
  if (cancelled) return ["splice cancelled", event].filter(Boolean).join(", ");
  const when = leadMs === null ? "at once" : `in ${seconds(leadMs)}`;
  const long = durationMs === null ? "" : `for ${seconds(durationMs)}`;
  return [`splice ${direction} ${when}`, event, long].filter(Boolean).join(", ");
}
