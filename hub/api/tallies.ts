/**
 * The summary: how many there are, and how many of them a person must look at. It is counted site by
 * site, and again only where something has changed.
 */
import type { Actor, Site, View } from "../view.ts";

const noneYet = () => ({
  encoders: { total: 0, stale: 0, unreachable: 0, hot: 0 },
  streams: { total: 0, stale: 0, onAir: 0, offAir: 0, notKnown: 0, withoutUnderstudy: 0 },
});
type Tally = ReturnType<typeof noneYet>;
export type Summary = Tally & { sites: { total: number; online: number } };

export type Tallies = { summaryOf(sites: Iterable<Site>): Summary };

export function openTallies(view: Pick<View, "isStale">): Tallies {
  const held = new WeakMap<Site, { latest: number; tally: Tally }>();
  function tallyOf(site: Site): Tally {
    const before = held.get(site);
    if (before?.latest === site.latest) return before.tally;
    const tally = noneYet();
    for (const actor of site.actors.values()) {
      if (actor.goneAtMs === null) count(tally, actor, view.isStale(actor));
    }
    held.set(site, { latest: site.latest, tally });
    return tally;
  }
  return {
    summaryOf: (all) => {
      const sites = { total: 0, online: 0 };
      const { encoders, streams } = noneYet();
      for (const site of all) {
        sites.total += 1;
        if (site.online === true) sites.online += 1;
        const tally = tallyOf(site);
        add(encoders, tally.encoders);
        add(streams, tally.streams);
      }
      return { sites, encoders, streams };
    },
  };
}

/** What is stale is counted as that only. */
function count({ encoders, streams }: Tally, { kind, held }: Actor, isStale: boolean): void {
  if (kind === "encoder") {
    encoders.total += 1;
    if (isStale) encoders.stale += 1;
    else if (held?.link === "unreachable") encoders.unreachable += 1;
    else if (held?.thermal === "hot" || held?.thermal === "protected") encoders.hot += 1;
  } else if (kind === "stream") {
    streams.total += 1;
    if (isStale) return void (streams.stale += 1);
    if (held?.carriage === "onAir") streams.onAir += 1;
    else if (held?.carriage === "offAir") streams.offAir += 1;
    else streams.notKnown += 1;
    if (held?.understudy !== "ready") streams.withoutUnderstudy += 1;
  }
}

function add<K extends string>(sum: Record<K, number>, more: Record<K, number>): void {
  for (const key in sum) sum[key] += more[key];
}
