/** What the hub knows of one site, and of one thing at it. */
import type { SiteInfo, Telemetry } from "../machines/site/site.contract.ts";
import type { HeldState, KnownState } from "./held-state.ts";

export type ActorKey = { site: string; kind: string; id: string };

export type Fast = Telemetry["encoders"][string];

export class Actor implements ActorKey {
  readonly site: string;
  readonly kind: string;
  readonly id: string;
  readonly home: Site;
  /** null: in the inventory, but nothing readable has arrived. */
  held: HeldState | null = null;
  receivedAtMs = 0;
  /** The device as its daemon sees it; null = not said. */
  available: boolean | null = null;
  /** A newer state arrived and failed its schema: what we show is old. */
  unreadable = false;
  /** A state of a session whose birth has not arrived yet. */
  early: HeldState | null = null;
  /** Fast figures of the last second; never stored. */
  telemetry: { atMs: number; receivedAtMs: number; figures: Fast } | null = null;
  goneAtMs: number | null = null;
  /** When what a reader would see changed last, counted over all actors. */
  version = 1;

  constructor(home: Site, kind: string, id: string) {
    this.site = home.site;
    this.kind = kind;
    this.id = id;
    this.home = home;
  }

  /** What it holds, read; null as `held` is. */
  get state(): KnownState | null {
    return this.held?.whole ?? null;
  }
}

export type Site = {
  site: string;
  info: SiteInfo | null;
  /** null: nothing heard since the hub's own link came up. */
  online: boolean | null;
  lastSeenMs: number | null;
  actors: Map<string, Actor>;
  quarantined: number;
  lostEvents: number;
  /** Everything up to here is in the store, of the present epoch. */
  ackedSeq: number | null;
  version: number;
  /** The highest version of any of its actors. */
  latest: number;
};
