/** How much the host of the site has to do: it is shared by all processes that encode on it. */
import type { EncoderPlan } from "./plan.ts";
import { elapsedMs, type Stamp } from "../time.ts";
import type { SiteHost } from "./site.contract.ts";

/** Shares of all processors and of all memory, 0 … 1. What it cannot tell is left out. */
export type HostLoad = {
  cpuUsageRatio?: number;
  memoryUsageRatio?: number;
  temperatureC?: number;
  /** Through the interface that leads out, everybody's. */
  networkSentBps?: number;
  networkReceivedBps?: number;
  /** What the interface could carry each way. */
  networkLinkBps?: number;
  /** Its name. */
  network?: string;
};
export type KnownHostLoad = { load: HostLoad; at: Stamp };

/** It is told twice a minute at least. */
const mostAgeMs = 90_000;

/** What is still true of it now. */
export const freshLoad = (known: KnownHostLoad | null, now: Stamp): HostLoad =>
  known !== null && elapsedMs(known.at, now) <= mostAgeMs ? known.load : {};

/** A process has no more room than its host; of what it takes itself that is a part. */
export function loadOf(
  { isProcess }: EncoderPlan,
  own: number | null,
  ofHost: number | undefined,
): number | null {
  if (isProcess !== true || ofHost === undefined) return own;
  return Math.max(own ?? 0, ofHost);
}

export function publishedHost(known: KnownHostLoad | null): SiteHost | undefined {
  if (known === null) return undefined;
  const { load, at } = known;
  const { network, ...figures } = load;
  const sourceOf = (name: string) => {
    if (name.startsWith("network")) return `/sys/class/net/${network}`;
    return name === "temperatureC" ? "/sys" : "/proc";
  };
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      { value, atMs: at.wallMs, source: sourceOf(name) },
    ]),
  );
}
