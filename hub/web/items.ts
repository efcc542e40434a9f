/** What REST gives the page. */
import type { Schemas } from "../client/client.ts";

export type StreamItem = Schemas["StreamItem"];
export type EncoderItem = Schemas["EncoderItem"];
export type DestinationItem = Schemas["DestinationItem"];
export type StorageItem = Schemas["StorageItem"];
export type IncidentItem = Schemas["IncidentItem"];
export type SiteItem = Schemas["SiteItem"];

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
