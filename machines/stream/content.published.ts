import { shows } from "../content/look.ts";
import { isFresh, lasting, type ContentView } from "./content.ts";
import type { StreamContent } from "./content.contract.ts";
import type { StreamContext } from "./stream.context.ts";

/** Nothing where nobody looks at any picture of this stream. */
export function publishedContent({ content, plan, now }: StreamContext): StreamContent | undefined {
  const views = Object.entries(content.views);
  if (views.length === 0) return undefined;
  const { comparison } = content;
  return {
    views: views.map(([of, view]) => ({
      of,
      ...words(view),
      faults: lasting(view, plan.content, now()).map((fault) => ({
        fault,
        does: plan.content[fault].does,
        sinceMs: view.since[fault]!.wallMs,
      })),
    })),
    comparison: comparison && {
      carrier: comparison.carrier,
      with: comparison.with,
      word: comparison.word,
      because: comparison.because,
      atMs: comparison.at.wallMs,
    },
  };

  function words(view: ContentView): Pick<StreamContent["views"][number], "picture" | "sound"> {
    const { look } = view;
    if (look.word !== "seen" || !isFresh(view, now()))
      return { picture: "unknown", sound: "unknown" };
    const isSilent = shows(look, "silent", plan.content);
    return {
      picture: look.picture === null ? "unknown" : "seen",
      sound: isSilent === null ? "unknown" : isSilent ? "silent" : "heard",
    };
  }
}
