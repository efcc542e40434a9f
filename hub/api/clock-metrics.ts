/** The clocks of the sites' hosts and of their boxes, for `/metrics`. */
import type { Gauge } from "prom-client";
import type { EncoderFigures } from "../../machines/encoder/encoder.contract.ts";
import { type SiteClock, siteClockWords } from "../../machines/site/site.contract.ts";
import type { Actor } from "../view.ts";

export function addClockMetrics(
  gauge: (name: string, help: string, labelNames: string[], fill: (g: Gauge) => void) => unknown,
  actors: (kind: string) => Iterable<Actor>,
): void {
  const hostClocks = function* () {
    for (const { site, state } of actors("site")) {
      const clock = state?.["clock"] as SiteClock | undefined;
      if (clock) yield { site, clock };
    }
  };
  gauge(
    "understudy_site_clock_state",
    "1 for how the clock of the site's host is.",
    ["site", "state"],
    (g) => {
      for (const { site, clock } of hostClocks()) {
        for (const state of siteClockWords) g.set({ site, state }, clock.state === state ? 1 : 0);
      }
    },
  );
  gauge(
    "understudy_site_clock_ahead_seconds",
    "The clock of the site's host minus the right time.",
    ["site"],
    (g) => {
      for (const { site, clock } of hostClocks()) {
        if (clock.offset) g.set({ site }, clock.offset.aheadMs / 1_000);
      }
    },
  );
  gauge(
    "understudy_encoder_clock_ahead_seconds",
    "The clock of the box minus that of the site's host.",
    ["site", "encoder"],
    (g) => {
      for (const { site, id: encoder, state } of actors("encoder")) {
        const figures = state?.["figures"] as EncoderFigures | undefined;
        // What it told before it fell silent is not how it is now.
        if (state?.["link"] !== "reachable" || !figures?.clockAheadMs) continue;
        g.set({ site, encoder }, figures.clockAheadMs.value / 1_000);
      }
    },
  );
}
