/**
 * What REST gives the page, derived from the contract: moments are ISO texts there (`atMs` → `at`),
 * and state fields are absent until something readable has arrived.
 */
import type { DestinationState } from "../../machines/destination/destination.contract.ts";
import type { EncoderState } from "../../machines/encoder/encoder.contract.ts";
import type { SiteClock, SiteState } from "../../machines/site/site.contract.ts";
import type { StorageState } from "../../machines/storage/storage.contract.ts";
import type { Incident, StreamState } from "../../machines/stream/stream.contract.ts";

type IsMoment<K> = K extends "atMs" | "sinceMs" | `${string}AtMs` ? true : false;
export type Iso<T> = T extends readonly (infer Item)[]
  ? Iso<Item>[]
  : T extends object
    ? {
        [
          K in keyof T as IsMoment<K> extends true ? (K extends `${infer Name}Ms` ? Name : K) : K
        ]: IsMoment<K> extends true ? string | null : Iso<T[K]>;
      }
    : T;

type Base = {
  ref: string;
  id: string;
  site: string;
  name?: string;
  online: boolean;
  stale: boolean;
  receivedAt: string | null;
};
type Item<State> = Base & Partial<Omit<Iso<State>, keyof Base>>;

export type StreamItem = Item<StreamState>;
export type EncoderItem = Item<EncoderState>;
export type DestinationItem = Item<DestinationState>;
export type StorageItem = Item<StorageState>;
export type IncidentItem = Iso<Incident> & { ref: string; site: string };
export type SiteItem = {
  id: string;
  name?: string;
  online: boolean | null;
  stale: boolean;
  lastSeen: string | null;
  quarantined: number;
  lostEvents: number;
  decider?: string;
  journal?: string;
  clock?: Iso<SiteClock>;
  freeze?: Iso<NonNullable<SiteState["freeze"]>> | null;
  warnings: string[];
};

export type Board = {
  sites: SiteItem[];
  streams: StreamItem[];
  encoders: EncoderItem[];
  destinations: DestinationItem[];
  storage: StorageItem[];
  incidents: IncidentItem[];
  /** Hub's clock minus this browser's, ms: ages are counted on the hub's. */
  clockOffsetMs: number;
};
