/** What is left of the site's line. */
import type { HostLoad } from "./host-load.ts";
import type { SiteUplink } from "./site.contract.ts";

/** As site.yaml says. */
export type PlannedUplink = {
  publishedBps: number;
  unknown: readonly string[];
  capacityBps?: number | undefined;
};

/** Boxes send past the host, so what the host sends is a part at most, and may be more than planned. */
export function publishedUplink(
  planned: PlannedUplink,
  { networkSentBps = 0 }: HostLoad,
): SiteUplink {
  const { publishedBps, unknown, capacityBps } = planned;
  return {
    publishedBps,
    unknown: [...unknown],
    ...(capacityBps !== undefined && {
      capacityBps,
      headroomBps: capacityBps - Math.max(publishedBps, networkSentBps),
    }),
  };
}
