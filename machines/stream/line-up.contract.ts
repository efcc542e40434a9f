import { z } from "zod";
import { word } from "../id.ts";

/** What is looked at before an event, in the order of the list. */
export const lineUpItems = [
  "input",
  "audio",
  "sameProgramme",
  "understudy",
  "recording",
  "clock",
  "key",
  "fencePath",
  "ownWill",
] as const;
export type LineUpItemName = (typeof lineUpItems)[number];

export const LineUpItem = z
  .object({
    item: word(lineUpItems),
    /** `unknown`: nobody can tell. */
    result: word(["ok", "notOk", "unknown"]),
    /** One sentence for people. */
    message: z.string(),
    /** Who says so; null where nobody does. */
    source: z.string().nullable(),
  })
  .meta({ id: "LineUpItem" });
export type LineUpItem = z.infer<typeof LineUpItem>;

/** The check before an event: everything that could keep it from air or from being saved. */
export const LineUp = z
  .object({ atMs: z.number(), items: z.array(LineUpItem) })
  .meta({ id: "LineUp" });
export type LineUp = z.infer<typeof LineUp>;
