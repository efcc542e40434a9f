/** The view as one caller may see it: a foreign site is not there at all. */
import type { View } from "../view.ts";
import type { Caller } from "./caller.ts";

/** What readers need of a view. */
export type Seen = Pick<View, "sites" | "shown" | "named" | "find" | "isOnline" | "isStale">;

export function seenBy(caller: Pick<Caller, "sites"> | null, view: View): Seen {
  const own = caller?.sites;
  if (own === null) return view;
  const mine = own ?? new Set();
  const isMine = ({ site }: { site: string }) => mine.has(site);
  return {
    get sites() {
      return new Map([...view.sites].filter(([site]) => mine.has(site)));
    },
    shown: (kind) => view.shown(kind).filter(isMine),
    named: (kind, name) => view.named(kind, name).filter(isMine),
    find: (key) => (mine.has(key.site) ? view.find(key) : undefined),
    isOnline: (site) => mine.has(site) && view.isOnline(site),
    isStale: (actor) => view.isStale(actor),
  };
}
