/** What is seen and heard of programmes, for `/metrics`. */
import type { Gauge } from "prom-client";
import type { StreamContent } from "../../machines/stream/content.contract.ts";
import type { Actor } from "../view.ts";

const windows = [
  ["short-term", "shortTermLufs"],
  ["integrated", "integratedLufs"],
] as const;

export function addContentMetrics(
  gauge: (name: string, help: string, labelNames: string[], fill: (g: Gauge) => void) => unknown,
  streams: () => Iterable<Actor>,
): void {
  gauge(
    "understudy_stream_loudness_lufs",
    "By EBU R128: short-term (3 s), and integrated since it is watched; by the place it is heard at.",
    ["site", "stream", "view", "window"],
    (g) => {
      for (const { site, id, state } of streams()) {
        const { views = [] } = (state?.["content"] as StreamContent | undefined) ?? {};
        for (const { of: view, figures } of views) {
          for (const [window, name] of windows) {
            const value = figures?.[name]?.value;
            if (value !== undefined) g.set({ site, stream: id, view, window }, value);
          }
        }
      }
    },
  );
}
