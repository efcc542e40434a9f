/** What is seen and heard of programmes, for `/metrics`. */
import type { Gauge } from "prom-client";
import type { StreamContent } from "../../machines/stream/content.contract.ts";
import type { Actor } from "../view.ts";

/** Of the encoder on air with its source. */
const qualities = [
  ["ssim_ratio", "ssim", "Structural similarity with the source, at most 1: nothing is lost."],
  ["psnr_db", "psnrDb", "Signal to noise against the source, dB; 100: nothing is lost."],
] as const;

const windows = [
  ["short-term", "shortTermLufs"],
  ["integrated", "integratedLufs"],
] as const;

export function addContentMetrics(
  gauge: (name: string, help: string, labelNames: string[], fill: (g: Gauge) => void) => unknown,
  streams: () => Iterable<Actor>,
): void {
  const contents = function* () {
    for (const { site, id, state } of streams()) {
      const content = state?.["content"] as StreamContent | undefined;
      if (content) yield { labels: { site, stream: id }, content };
    }
  };
  for (const [name, figure, help] of qualities) {
    gauge(`understudy_stream_${name}`, help, ["site", "stream", "encoder"], (g) => {
      for (const { labels, content } of contents()) {
        const { encoder = null, figures } = content.quality ?? {};
        const value = figures?.[figure]?.value;
        if (encoder !== null && value !== undefined) g.set({ ...labels, encoder }, value);
      }
    });
  }
  gauge(
    "understudy_stream_loudness_lufs",
    "By EBU R128: short-term (3 s), and integrated since it is watched; by the place it is heard at.",
    ["site", "stream", "view", "window"],
    (g) => {
      for (const { labels, content } of contents()) {
        for (const { of: view, figures } of content.views) {
          for (const [window, name] of windows) {
            const value = figures?.[name]?.value;
            if (value !== undefined) g.set({ ...labels, view, window }, value);
          }
        }
      }
    },
  );
}
