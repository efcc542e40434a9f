import { shows } from "../content/look.ts";
import { farEndView, isFresh, lastingTold, type ContentView } from "./content.ts";
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
      faults: lastingTold(view, plan.content, now()).map((fault) => ({
        fault,
        does: plan.content[fault]!.does,
        sinceMs: view.since[fault]!.wallMs,
      })),
      figures: figures(of, view),
    })),
    comparison: comparison && {
      carrier: comparison.carrier,
      with: comparison.with,
      word: comparison.word,
      because: comparison.because,
      atMs: comparison.at.wallMs,
    },
  };

  function figures(of: string, view: ContentView): StreamContent["views"][number]["figures"] {
    const { look, at } = view;
    if (look.word !== "seen" || !look.loudness || !isFresh(view, now())) return {};
    const { shortTermLufs, integratedLufs } = look.loudness;
    const from = { atMs: at.wallMs, source: of === farEndView ? "far end" : "preview" };
    return {
      shortTermLufs: { value: shortTermLufs, ...from },
      integratedLufs: { value: integratedLufs, ...from },
    };
  }

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
