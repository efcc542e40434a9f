import type { Logger } from "pino";
import type { SiteConfig } from "../config/site.schema.ts";
import type { SitePlan } from "../machines/site/plan.ts";
import { now } from "./clock.ts";
import type { EncoderDriver } from "./drivers/driver.ts";
import { rehearse } from "./rehearsal.ts";

/** What does not run for some collections of garbage is compiled code no longer. */
const everyMs = 10 * 60_000;

/** Keeps what a takeover needs at hand: what it decides by, and each driver's own start. */
export function rehearseRegularly(p: {
  config: Pick<SiteConfig, "encoders">;
  plan: SitePlan;
  drivers: ReadonlyMap<string, EncoderDriver>;
  log: Pick<Logger, "warn">;
}) {
  const oneOfEachVendor = new Map(p.config.encoders.map(({ id, driver }) => [driver, id]));
  async function once(): Promise<void> {
    try {
      for (const id of oneOfEachVendor.values()) p.drivers.get(id)?.rehearseStart?.();
      await rehearse(p.plan, now());
    } catch (err) {
      const why = "the takeover could not be rehearsed; it may take longer";
      p.log.warn({ code: "rehearsal", err }, why);
    }
  }
  const timer = setInterval(() => void once(), everyMs);
  return { once, close: () => clearInterval(timer) };
}
