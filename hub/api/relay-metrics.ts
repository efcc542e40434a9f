/** What relays measure of their inputs, for `/metrics`. */
import type { Gauge } from "prom-client";
import type { StreamRelay } from "../../machines/stream/stream.contract.ts";
import type { Actor } from "../view.ts";

type Figures = NonNullable<StreamRelay["inputs"][number]["figures"]>;
const figures: readonly [string, string, keyof Figures, number][] = [
  ["bitrate_bytes_per_second", "What comes, over 10 s.", "bitrateBps", 1 / 8],
  [
    "bitrate_spread_ratio",
    "From the least to the most of 10 s within the last minute, as a part of their mean.",
    "spreadRatio",
    1,
  ],
  [
    "av_drift_seconds",
    "How much later the sound comes than at first, beside the picture and by its times.",
    "avDriftMs",
    1 / 1_000,
  ],
  [
    "continuity_errors",
    "Packets that were missing or wrong, since the relay's process began.",
    "continuityErrors",
    1,
  ],
  [
    "latency_seconds",
    "From when its ingest passed a picture on until the relay had it from this encoder.",
    "latencyMs",
    1 / 1_000,
  ],
];

export function addRelayMetrics(
  gauge: (name: string, help: string, labelNames: string[], fill: (g: Gauge) => void) => unknown,
  streams: () => Iterable<Actor>,
): void {
  for (const [suffix, help, figure, times] of figures) {
    gauge(`understudy_relay_input_${suffix}`, help, ["site", "stream", "encoder"], (g) => {
      for (const { site, id, state } of streams()) {
        const { inputs = [] } = (state?.["relay"] as StreamRelay | null | undefined) ?? {};
        for (const { encoder, figures } of inputs) {
          const value = figures?.[figure]?.value;
          if (value !== undefined) g.set({ site, stream: id, encoder }, value * times);
        }
      }
    });
  }
  gauge(
    "understudy_relay_latency_seconds",
    "From when the ingest passed a picture on until the relay handed it to its outputs.",
    ["site", "stream"],
    (g) => {
      for (const { site, id: stream, state } of streams()) {
        const { figures } = (state?.["relay"] as StreamRelay | null | undefined) ?? {};
        const ms = figures?.latencyMs?.value;
        if (ms !== undefined) g.set({ site, stream }, ms / 1_000);
      }
    },
  );
}
