/** What the sites' hosts have to do, for `/metrics`. */
import type { Gauge } from "prom-client";
import type { SiteHost, SiteUplink } from "../../machines/site/site.contract.ts";
import type { Actor } from "../view.ts";

/** With what a figure is multiplied: metrics are in bytes. */
const figures = [
  ["cpu_usage_ratio", "cpuUsageRatio", 1, "Load of the host's processors, 0 to 1."],
  ["memory_usage_ratio", "memoryUsageRatio", 1, "The host's memory in use, 0 to 1."],
  ["temperature_celsius", "temperatureC", 1, "Of the host's processor."],
  [
    ...(["network_sent_bytes_per_second", "networkSentBps", 1 / 8] as const),
    "What the host's way out sends, everybody's.",
  ],
  [
    ...(["network_received_bytes_per_second", "networkReceivedBps", 1 / 8] as const),
    "What the host's way out receives, everybody's.",
  ],
  [
    ...(["network_link_bytes_per_second", "networkLinkBps", 1 / 8] as const),
    "What the host's interface could carry each way.",
  ],
] as const;
const uplink = [
  ["capacity", "capacityBps", "What the site's line carries upwards, as site.yaml says."],
  ["published", "publishedBps", "What is published at once, as site.yaml says."],
  ["headroom", "headroomBps", "What is left of the line; below 0 it does not fit."],
] as const;

export function addHostMetrics(
  gauge: (name: string, help: string, labelNames: string[], fill: (g: Gauge) => void) => unknown,
  sites: () => Iterable<Actor>,
): void {
  for (const [suffix, name, times, help] of figures) {
    gauge(`understudy_site_host_${suffix}`, help, ["site"], (g) => {
      for (const { site, state } of sites()) {
        const value = (state?.["host"] as SiteHost | undefined)?.[name]?.value;
        if (value !== undefined) g.set({ site }, value * times);
      }
    });
  }
  for (const [suffix, name, help] of uplink) {
    gauge(`understudy_site_uplink_${suffix}_bytes_per_second`, help, ["site"], (g) => {
      for (const { site, state } of sites()) {
        const bps = (state?.["uplink"] as SiteUplink | undefined)?.[name];
        if (bps !== undefined) g.set({ site }, bps / 8);
      }
    });
  }
}
