/** The newest fast figures of a site's encoders, for whoever keeps a history of them. */
import { topicFor, topics } from "../../machines/contract.ts";
import type { MetricsEvent } from "../../machines/site/event-topics.contract.ts";
import { figureOf, percent } from "../api/figures.ts";
import type { Publish } from "../publish.ts";
import type { Site, View } from "../view.ts";

const everyMs = 10_000;
/** Sites take turns, so that the work of all does not come at once. */
const turns = 10;
/** A message stays well below what a broker takes. */
const mostEncoders = 500;

type Needs = { view: Pick<View, "sites">; publish: Publish; now: () => number };

export function openMetricsDigest({ view, publish, now }: Needs) {
  let turn = 0;
  const timer = setInterval(() => {
    turn = (turn + 1) % turns;
    let at = 0;
    for (const site of view.sites.values()) if (at++ % turns === turn) tell(site);
  }, everyMs / turns);

  function tell(site: Site): void {
    if (site.online !== true) return;
    const sinceMs = now() - everyMs;
    const encoders: MetricsEvent["encoders"] = [];
    for (const actor of site.actors.values()) {
      if (actor.goneAtMs !== null || (actor.telemetry?.receivedAtMs ?? 0) < sinceMs) continue;
      encoders.push({
        encoder_id: actor.id,
        cpu_usage: percent(figureOf(actor, "cpuUsageRatio")),
        temperature: figureOf(actor, "temperatureC"),
        bitrate: figureOf(actor, "bitrateBps"),
        fps: figureOf(actor, "framesPerSecond"),
        dropped_frames: figureOf(actor, "droppedFrames"),
      });
    }
    const timestamp = new Date(now()).toISOString();
    for (let at = 0; at < encoders.length; at += mostEncoders) {
      const some = encoders.slice(at, at + mostEncoders);
      const digest: MetricsEvent = { site_id: site.site, timestamp, encoders: some };
      publish(topicFor(site.site, "metricsEvents"), JSON.stringify(digest), topics.metricsEvents);
    }
  }
  return { close: () => clearInterval(timer) };
}
