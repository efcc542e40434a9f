/**
 * The wire between a site and its hubs: the only file that spells topics.
 * Everything hangs below `understudy/v1/<site>/`.
 */
import { z } from "zod";
import { CommandRequest, CommandResponse } from "./command/command.contract.ts";
import { DestinationState } from "./destination/destination.contract.ts";
import { EncoderState } from "./encoder/encoder.contract.ts";
import { Thumbnail } from "./content/thumbnail.contract.ts";
import { isId, type Id, type Kind } from "./id.ts";
import {
  AdBreakEvent,
  DeadLetter,
  EncoderEvent,
  MetricsEvent,
  StreamEvent,
  SubjectEvent,
} from "./site/event-topics.contract.ts";
import { IngestState } from "./ingest/ingest.contract.ts";
import { OutputState } from "./output/output.contract.ts";
import { Ack, Replay, SiteEvent, SiteInfo, SiteState, Telemetry } from "./site/site.contract.ts";
import { StorageState } from "./storage/storage.contract.ts";
import { StreamState } from "./stream/stream.contract.ts";

/** Raised when a reader of an older minor would miss something. Unknown fields always pass. */
export const contractMinor = 0;
export const topicRoot = "understudy/v1";
/** A state or event larger than this is refused by the broker. */
export const maxPayloadBytes = 256 * 1024;

/** Plain text, because Home Assistant and Node-RED read it without a template. */
export const Availability = z.enum(["online", "offline"]);
export type Availability = z.infer<typeof Availability>;

type Topic = {
  /** Below the site's root; `:name` stands for one level. */
  path: string;
  payload: z.ZodType;
  /** `out`: from the hub to whoever else subscribes. */
  direction: "up" | "down" | "out";
  qos: 0 | 1;
  retain: boolean;
};

const out = { direction: "out", qos: 1, retain: false } as const;
export const topics = {
  availability: {
    path: "availability",
    payload: Availability,
    direction: "up",
    qos: 1,
    retain: true,
  },
  info: { path: "info", payload: SiteInfo, direction: "up", qos: 1, retain: true },
  state: { path: ":kind/:id/state", payload: z.unknown(), direction: "up", qos: 1, retain: true },
  actorAvailability: {
    path: ":kind/:id/availability",
    payload: Availability,
    direction: "up",
    qos: 1,
    retain: true,
  },
  thumbnail: {
    path: ":kind/:id/thumbnail",
    payload: Thumbnail,
    direction: "up",
    qos: 1,
    retain: false,
  },
  telemetry: { path: "telemetry", payload: Telemetry, direction: "up", qos: 0, retain: false },
  event: { path: "event", payload: SiteEvent, direction: "up", qos: 1, retain: false },
  ack: { path: "ack/:hub", payload: Ack, direction: "down", qos: 1, retain: true },
  replay: { path: "replay", payload: Replay, direction: "down", qos: 1, retain: false },
  request: {
    path: "request/:kind/:id/:verb",
    payload: CommandRequest,
    direction: "down",
    qos: 1,
    retain: false,
  },
  response: {
    path: "response/:kind/:id/:verb",
    payload: CommandResponse,
    direction: "up",
    qos: 1,
    retain: false,
  },
  streamingEvents: { path: "streaming-events", payload: StreamEvent, ...out },
  adBreakEvents: { path: "ad-break-events", payload: AdBreakEvent, ...out },
  encoderEvents: { path: "encoder-events", payload: EncoderEvent, ...out },
  metricsEvents: { path: "metrics-events", payload: MetricsEvent, ...out, qos: 0 },
  systemEvents: { path: "system-events", payload: SubjectEvent, ...out },
  configEvents: { path: "config-events", payload: SubjectEvent, ...out },
  allEvents: { path: "all-events", payload: SubjectEvent, ...out },
  deadLetter: { path: "dead-letter", payload: DeadLetter, ...out },
} as const satisfies Record<string, Topic>;
export type TopicName = keyof typeof topics;

/** The state schema of each kind that publishes one today. */
export const stateSchemas = {
  encoder: EncoderState,
  stream: StreamState,
  destination: DestinationState,
  storage: StorageState,
  ingest: IngestState,
  output: OutputState,
  site: SiteState,
} as const;
export type StatefulKind = keyof typeof stateSchemas;
export type StateOf<K extends StatefulKind> = z.infer<(typeof stateSchemas)[K]>;

/** `topicFor("studio", "ack", { hub: "main" })` → `understudy/v1/studio/ack/main` */
export function topicFor(
  site: string,
  name: TopicName,
  levels: Partial<Record<"kind" | "id" | "verb" | "hub", string>> = {},
): string {
  const path = topics[name].path.replace(/:(\w+)/g, (_, level: keyof typeof levels) => {
    const value = levels[level];
    if (value === undefined) throw new Error(`topic ${name} needs ${level}`);
    return value;
  });
  return `${topicRoot}/${site}/${path}`;
}

/** A subscription for one topic of one site, or of all with `site` = "+". */
export function filterFor(site: string, name: TopicName): string {
  return `${topicRoot}/${site}/${topics[name].path.replace(/:\w+/g, "+")}`;
}

type Levels = { kind?: Kind | (string & {}); id?: Id; verb?: string; hub?: string };
export type ParsedTopic = Levels & { site: Id; name: TopicName };

const paths = Object.entries(topics).map(([name, { path }]) => {
  const levels = [...path.split("/").entries()];
  const named = levels.filter(([, level]) => level.startsWith(":"));
  return {
    name: name as TopicName,
    depth: levels.length,
    fixed: levels.filter(([, level]) => !level.startsWith(":")),
    named: named.map(([at, level]) => [at, level.slice(1) as keyof Levels] as const),
  };
});

/** The reverse of `topicFor`; undefined for a topic that is not ours or has an invalid id. */
export function parseTopic(topic: string): ParsedTopic | undefined {
  if (!topic.startsWith(`${topicRoot}/`)) return undefined;
  const [site = "", ...said] = topic.slice(topicRoot.length + 1).split("/");
  if (!isId(site) || said.includes("")) return undefined;
  for (const { name, depth, fixed, named } of paths) {
    if (depth !== said.length || fixed.some(([at, word]) => said[at] !== word)) continue;
    const parsed: ParsedTopic = { site, name };
    for (const [at, level] of named) parsed[level] = said[at] ?? "";
    return parsed.id === undefined || isId(parsed.id) ? parsed : undefined;
  }
  return undefined;
}
