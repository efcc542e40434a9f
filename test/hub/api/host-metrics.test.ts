import { Gauge, Registry } from "prom-client";
import { expect, test } from "vitest";
import { addHostMetrics } from "../../../hub/api/host-metrics.ts";
import type { Actor } from "../../../hub/view.ts";

/** What `/metrics` says of a site in this state. */
async function metricsOf(state: object): Promise<string> {
  const register = new Registry();
  const site = { site: "studio", state } as unknown as Actor;
  addHostMetrics(
    (name, help, labelNames, fill) =>
      new Gauge({
        ...{ name, help, labelNames, registers: [register] },
        collect() {
          fill(this);
        },
      }),
    () => [site],
  );
  return register.metrics();
}

test("a site's network and what is left of its line are told in bytes a second", async () => {
  const figure = (value: number) => ({ value, atMs: 1, source: "/sys/class/net/eth0" });
  const host = { networkSentBps: figure(8_000_000), networkReceivedBps: figure(800_000) };
  const uplink = { publishedBps: 16e6, unknown: [], capacityBps: 24e6, headroomBps: 8e6 };
  const said = await metricsOf({ host, uplink });
  for (const line of [
    'understudy_site_host_network_sent_bytes_per_second{site="studio"} 1000000',
    'understudy_site_host_network_received_bytes_per_second{site="studio"} 100000',
    'understudy_site_uplink_capacity_bytes_per_second{site="studio"} 3000000',
    'understudy_site_uplink_published_bytes_per_second{site="studio"} 2000000',
    'understudy_site_uplink_headroom_bytes_per_second{site="studio"} 1000000',
  ])
    expect(said).toContain(`${line}\n`);
});

test("what is not known of a site is left out, and is not 0", async () => {
  expect(await metricsOf({ uplink: { publishedBps: 0, unknown: ["a"] } })).not.toMatch(
    /(host_network|capacity|headroom)_.*} /,
  );
});
