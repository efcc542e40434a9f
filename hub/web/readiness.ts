/** Whether an encoder is set as its stream wants it, and what a used spare is kept for. */
import type { EncoderItem } from "./items.ts";
import { row } from "./box.ts";
import { word } from "./words.ts";

export function wantedRows({ wanted, inUseFor }: EncoderItem): HTMLElement[] {
  return [
    ...(wanted ? row("Set up", ...setUp(wanted)) : []),
    ...(inUseFor === undefined
      ? []
      : row("Spare", word("warning", `kept for ${inUseFor} until you release it`))),
  ];
}

function setUp({
  stream,
  like,
  drift,
  notSetBecause,
  notCompared = [],
}: NonNullable<EncoderItem["wanted"]>) {
  const wish = `as ${stream} wants it${like === undefined ? "" : ` (like ${like})`}`;
  if (drift === undefined) return [word("unknown", "not told now")];
  const rest = notCompared.length === 0 ? "" : `; not compared: ${notCompared.join(", ")}`;
  if (drift.length === 0) return [word("good", wish), rest];
  const differences = drift.map((d) => `${d.setting} ${d.actual} instead of ${d.wanted}`);
  const why = notSetBecause === undefined ? "" : `; not set: ${notSetBecause}`;
  return [word("warning", `not ${wish}`), `: ${differences.join(", ")}${why}${rest}`];
}
