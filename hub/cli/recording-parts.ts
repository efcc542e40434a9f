/**
 * A programme that was moved or restarted is recorded in several parts, at the far end and on the
 * boxes: each publisher begins its own. Which parts there are follows from the stream's incidents.
 */
import { Ending, exitCode } from "../../config/exit-codes.ts";
import type { Schemas } from "../client/client.ts";
import { lengthOf } from "../web/words.ts";

type Incident = Pick<
  Schemas["IncidentItem"],
  "openedAt" | "closedAt" | "cause" | "outcome" | "from" | "to" | "offAirMs" | "recordingGaps"
>;

/** One part, in the order in which they are joined. */
export type Part = {
  part: number;
  /** The encoder that carried; null: nobody knows. */
  encoder: string | null;
  /** null: the first began before the time that was asked for, the last has not begun yet. */
  from: string | null;
  /** null: it still goes on. */
  to: string | null;
  /** Missing between it and the next part, ms; null: nobody could see, or there is no next one. */
  missingAfterMs: number | null;
  /** Why the next part begins. */
  because: string | null;
  /** What is missing within it of the box's own recording, and where that went. */
  gaps: string[];
};

const noFile = "-";

/** Of one stream. Only a recording was touched: then the far end's goes on. */
export function partsOf(incidents: readonly Incident[], now: string | null = null): Part[] {
  const inOrder = incidents
    .flatMap((one) => (one.openedAt === null ? [] : [{ ...one, openedAt: one.openedAt }]))
    .sort((a, b) => a.openedAt.localeCompare(b.openedAt));
  const breaks = inOrder.filter(({ cause }) => cause !== "recording");
  const ends = [...breaks.map(({ openedAt }) => openedAt), now];
  return ends.map((to, at) => {
    const [before, after] = [breaks[at - 1], breaks[at]];
    const isDuring = ({ openedAt }: { openedAt: string }) =>
      (before === undefined || openedAt >= before.openedAt) &&
      (after === undefined || openedAt < after.openedAt);
    return {
      part: at + 1,
      encoder: before?.to ?? after?.from ?? null,
      from: before?.closedAt ?? null,
      to,
      missingAfterMs: after?.offAirMs ?? null,
      because: after?.cause ?? null,
      gaps: inOrder.filter(isDuring).flatMap(({ recordingGaps = [] }) => recordingGaps.map(told)),
    };
  });
}

type Gap = NonNullable<Incident["recordingGaps"]>[number];
const told = ({ encoder, by, to, ms, because, coveredBy }: Gap): string =>
  `${encoder}: ${lengthOf(ms)} missing (${because}), ${by} records${to === null ? "" : ` to ${to}`}` +
  (coveredBy === null ? "" : `, ${coveredBy} has it`);

/**
 * A list for `ffmpeg -f concat -safe 0 -i list.txt -c copy whole.mp4`.
 * @param files the parts as files, in their order; `-` for one that has none, or that the far end
 *   took for the same as the one before
 * @throws Ending where there are more or fewer files than parts
 */
export function concatList(parts: readonly Part[], files: readonly string[]): string {
  if (files.length !== parts.length)
    throw new Ending(
      exitCode.usage,
      `there are ${parts.length} parts, and ${files.length} files were named: see the parts without files first`,
    );
  const lines = files.flatMap((file, at) => {
    if (file === noFile) return [];
    const { encoder, missingAfterMs } = parts[at]!;
    const hole = missingAfterMs === null ? "" : `, then ${lengthOf(missingAfterMs)} are missing`;
    return [`# part ${at + 1}: ${encoder ?? "not known"}${hole}`, `file ${quoted(file)}`];
  });
  return ["ffconcat version 1.0", ...lines, ""].join("\n");
}

/** As ffmpeg unquotes it: nothing is special between quotes but the quote. */
const quoted = (file: string) => `'${file.replaceAll("'", String.raw`'\''`)}'`;
