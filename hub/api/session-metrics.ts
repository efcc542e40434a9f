/** How many streams and recordings the boxes have under way, for `/metrics`. */
import type { Gauge } from "prom-client";
import type { Actor } from "../view.ts";
import { sessionsOf } from "./rest/encoder-health.ts";

export function addSessionMetrics(
  gauge: (name: string, help: string, labelNames: string[], fill: (g: Gauge) => void) => unknown,
  encoders: () => Iterable<Actor>,
): void {
  gauge(
    "understudy_encoder_active_sessions",
    "Streams and recordings under way on a box; absent where it does not tell.",
    ["site", "encoder"],
    (g) => {
      for (const actor of encoders()) {
        const sessions = sessionsOf(actor);
        if (sessions !== null) g.set({ site: actor.site, encoder: actor.id }, sessions);
      }
    },
  );
}
