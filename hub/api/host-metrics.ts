/** What the sites' hosts have to do, for `/metrics`. */
import type { Gauge } from "prom-client";
import type { SiteHost } from "../../machines/site/site.contract.ts";
import type { Actor } from "../view.ts";

const figures = [
  ["cpu_usage_ratio", "cpuUsageRatio", "Load of the host's processors, 0 to 1."],
  ["memory_usage_ratio", "memoryUsageRatio", "The host's memory in use, 0 to 1."],
  ["temperature_celsius", "temperatureC", "Of the host's processor."],
] as const;

export function addHostMetrics(
  gauge: (name: string, help: string, labelNames: string[], fill: (g: Gauge) => void) => unknown,
  sites: () => Iterable<Actor>,
): void {
  for (const [suffix, name, help] of figures) {
    gauge(`understudy_site_host_${suffix}`, help, ["site"], (g) => {
      for (const { site, state } of sites()) {
        const value = (state?.["host"] as SiteHost | undefined)?.[name]?.value;
        if (value !== undefined) g.set({ site }, value);
      }
    });
  }
}
