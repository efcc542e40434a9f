import { shows } from "../content/look.ts";
import {
  farEndView,
  isFresh,
  lastingTold,
  type ContentView,
  type StreamQuality,
} from "./content.ts";
import type { StreamContent } from "./content.contract.ts";
import type { StreamContext } from "./stream.context.ts";

function publishedQuality(quality: StreamQuality): NonNullable<StreamContent["quality"]> {
  const { look, at, lowSince, told } = quality;
  if (look.word === "notAvailable")
    return { encoder: null, figures: {}, because: look.because, lowBeganAtMs: null };
  const figure = (value: number) => ({ value, atMs: at.wallMs, source: "comparison" });
  return {
    encoder: look.encoder,
    figures: { ssim: figure(look.ssim), psnrDb: figure(look.psnrDb) },
    because: null,
    lowBeganAtMs: told ? lowSince!.wallMs : null,
  };
}

/** Nothing where nobody looks at any picture of this stream. */
export function publishedContent({ content, plan, now }: StreamContext): StreamContent | undefined {
  const views = Object.entries(content.views);
  const { comparison, quality } = content;
  if (views.length === 0 && !quality) return undefined;
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
    ...(quality && { quality: publishedQuality(quality) }),
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
