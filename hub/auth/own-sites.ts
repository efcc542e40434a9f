/** The view as one caller may see it: a foreign site is not there at all. */
import type { View } from "../view.ts";
import type { Caller } from "./caller.ts";

/** What readers need of a view. */
export type Seen = Pick<View, "sites" | "shown" | "find" | "isOnline" | "isStale">;

export function seenBy(caller: Pick<Caller, "sites"> | null, view: View): Seen {
  const own = caller?.sites;
  if (own === null) return view;
  const mine = own ?? new Set();
  return {
    sites: new Map([...view.sites].filter(([site]) => mine.has(site))),
    shown: (kind) => view.shown(kind).filter(({ site }) => mine.has(site)),
    find: (key) => (mine.has(key.site) ? view.find(key) : undefined),
    isOnline: (site) => mine.has(site) && view.isOnline(site),
    isStale: (actor) => view.isStale(actor),
  };
}
