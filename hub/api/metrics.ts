/**
 * `/metrics`. Names: one word prefix, base units, bounded labels. A figure that is not known, or
 * belongs to a site that is away, is absent: a 0 would be a claim.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { BreakerWord } from "../../machines/breaker.ts";
import {
  breakerWords,
  inputWords,
  linkWords,
  serviceWords,
  thermalWords,
  type EncoderFigures,
} from "../../machines/encoder/encoder.contract.ts";
import { type MediumState, mediumWords } from "../../machines/storage/storage.contract.ts";
import { carriageWords } from "../../machines/stream/stream.contract.ts";
import type { Feed } from "../feed.ts";
import type { IngestCounts } from "../ingest/counts.ts";
import type { Store } from "../store/store.ts";
import type { Actor, View } from "../view.ts";
import { addClockMetrics } from "./clock-metrics.ts";
import { addContentMetrics } from "./content-metrics.ts";
import { addDurations } from "./durations.ts";
import { addConnectionMetrics } from "./connection-metrics.ts";
import { addHostMetrics } from "./host-metrics.ts";
import { addRelayMetrics } from "./relay-metrics.ts";
import { addSessionMetrics } from "./session-metrics.ts";

export type HubMetrics = {
  registry: Registry;
  answered(method: string, route: string, status: number, seconds: number): void;
};

type Needs = {
  view: View;
  feed: Feed;
  counts: IngestCounts;
  store: Pick<Store, "takeovers">;
  storeBreaker: () => BreakerWord;
  version: string;
  now: () => number;
};

/** Fast figures older than this are not shown as the present. */
const freshMs = 15_000;
const regions = {
  link: linkWords,
  thermal: thermalWords,
  service: [...serviceWords, "unknown"],
  input: inputWords,
} as const;
/** promtool refuses these: gauges whose names end in `_total`. */
const refused = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

export async function openMetrics(needs: Needs): Promise<HubMetrics> {
  const { view, feed, counts, store, version, now } = needs;
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of refused) registry.removeSingleMetric(name);

  const gauge = (name: string, help: string, labelNames: string[], fill: (g: Gauge) => void) =>
    new Gauge({
      ...{ name, help, labelNames, registers },
      collect() {
        this.reset();
        fill(this);
      },
    });
  const total = (name: string, help: string, labelNames: string[], fill: (c: Counter) => void) =>
    new Counter({
      ...{ name, help, labelNames, registers },
      collect() {
        this.reset();
        fill(this);
      },
    });

  gauge("understudy_build_info", "What runs.", ["version", "node"], (g) =>
    g.set({ version, node: process.version }, 1),
  );
  gauge("understudy_site_up", "1 while the site is online.", ["site"], (g) => {
    for (const { site, online } of view.sites.values()) g.set({ site }, online === true ? 1 : 0);
  });
  gauge(
    "understudy_site_last_seen_timestamp_seconds",
    "When the site was last heard.",
    ["site"],
    (g) => {
      for (const { site, lastSeenMs } of view.sites.values()) {
        if (lastSeenMs !== null) g.set({ site }, lastSeenMs / 1_000);
      }
    },
  );
  total("understudy_quarantined_messages_total", "Messages kept aside.", ["site"], (c) => {
    for (const { site, quarantined } of view.sites.values()) c.inc({ site }, quarantined);
  });
  total("understudy_lost_events_total", "Events a site could not send again.", ["site"], (c) => {
    for (const { site, lostEvents } of view.sites.values()) c.inc({ site }, lostEvents);
  });
  total("understudy_ingest_messages_total", "What became of messages.", ["result"], (c) => {
    for (const [result, count] of Object.entries(counts)) c.inc({ result }, count);
  });

  gauge(
    "understudy_store_breaker_state",
    "1 for what is done about a database of the hub that fails: open = left alone.",
    ["state"],
    (g) => {
      for (const state of breakerWords) g.set({ state }, needs.storeBreaker() === state ? 1 : 0);
    },
  );

  const fresh = (kind: string) => view.shown(kind).filter((actor) => !view.isStale(actor));
  gauge(
    "understudy_encoder_state",
    "1 for the state each region of an encoder is in.",
    ["site", "encoder", "region", "state"],
    (g) => {
      for (const actor of fresh("encoder")) {
        for (const [region, words] of Object.entries(regions)) {
          for (const state of words) {
            const labels = { site: actor.site, encoder: actor.id, region, state };
            g.set(labels, actor.state?.[region] === state ? 1 : 0);
          }
        }
      }
    },
  );
  addConnectionMetrics(
    gauge,
    () => fresh("encoder"),
    () => fresh("destination"),
  );
  addSessionMetrics(gauge, () => fresh("encoder"));
  addClockMetrics(gauge, fresh);
  addContentMetrics(gauge, () => fresh("stream"));
  addRelayMetrics(gauge, () => fresh("stream"));
  addHostMetrics(gauge, () => fresh("site"));
  const figureOf = (actor: Actor, name: keyof EncoderFigures): number | undefined => {
    const live = actor.telemetry;
    const fast = live?.figures as Partial<Record<string, number>> | undefined;
    if (live && now() - live.receivedAtMs < freshMs && fast?.[name] !== undefined) {
      return fast[name];
    }
    return (actor.state?.["figures"] as EncoderFigures | undefined)?.[name]?.value;
  };
  const encoderFigures = [
    ["temperature_celsius", "temperatureC", "Temperature the box reports."],
    ["cpu_usage_ratio", "cpuUsageRatio", "Its processor load, 0 to 1."],
    ["memory_usage_ratio", "memoryUsageRatio", "Its memory in use, 0 to 1."],
    ["memory_bytes", "memoryBytes", "Memory that the processes of a software encoder hold."],
    ["fan_speed_rpm", "fanSpeedRpm", "Its fan, turns a minute."],
    ["network_sent_bytes_per_second", "networkSentBps", "What its interface sends.", 1 / 8],
    ["network_received_bytes_per_second", "networkReceivedBps", "What it receives.", 1 / 8],
  ] as const;
  for (const [suffix, figure, help, times = 1] of encoderFigures) {
    gauge(`understudy_encoder_${suffix}`, help, ["site", "encoder"], (g) => {
      for (const actor of fresh("encoder")) {
        const value = figureOf(actor, figure);
        if (value !== undefined) g.set({ site: actor.site, encoder: actor.id }, value * times);
      }
    });
  }

  const encoderTotals = [
    ["cpu_seconds", "cpuSeconds", "Processor time that its processes took."],
    ["io_read_bytes", "ioReadBytes", "Bytes that its processes read from disks."],
    ["io_written_bytes", "ioWrittenBytes", "Bytes that its processes wrote to disks."],
  ] as const;
  for (const [suffix, figure, help] of encoderTotals) {
    total(`understudy_encoder_${suffix}_total`, help, ["site", "encoder"], (c) => {
      for (const actor of fresh("encoder")) {
        const value = figureOf(actor, figure);
        if (value !== undefined) c.inc({ site: actor.site, encoder: actor.id }, Math.max(value, 0));
      }
    });
  }

  const ofMedium = ["site", "storage", "medium"];
  const media = function* () {
    for (const { site, id: storage, state } of fresh("storage")) {
      for (const medium of (state?.["media"] as MediumState[] | undefined) ?? []) {
        yield { labels: { site, storage, medium: medium.id }, medium };
      }
    }
  };
  gauge("understudy_storage_state", "1 for the state of a medium.", [...ofMedium, "state"], (g) => {
    for (const { labels, medium } of media()) {
      for (const state of mediumWords) {
        g.set({ ...labels, state }, medium.state === state ? 1 : 0);
      }
    }
  });
  const mediumFigures = [
    ["free_ratio", "freeRatio", "Free space, 0 to 1."],
    ["free_bytes", "freeBytes", "Free space."],
    ["size_bytes", "totalBytes", "Size of the medium."],
    ["seconds_to_full", "secondsToFull", "Until it is full at the rate of the last 10 min."],
    ["temperature_celsius", "temperatureC", "Temperature of the medium."],
  ] as const;
  for (const [suffix, figure, help] of mediumFigures) {
    gauge(`understudy_storage_${suffix}`, help, ofMedium, (g) => {
      for (const { labels, medium } of media()) {
        const value = medium.figures[figure]?.value;
        if (value !== undefined && isRead(medium.state)) g.set(labels, value);
      }
    });
  }

  /** Figures of the encoder that carries a stream. */
  const carried = function* (figure: keyof EncoderFigures) {
    for (const { site, id: stream, state } of fresh("stream")) {
      const encoder = state?.["encoder"];
      if (typeof encoder !== "string" || state?.["carrier"] === "stopped") continue;
      const actor = view.find({ site, kind: "encoder", id: encoder });
      const value = actor && !view.isStale(actor) ? figureOf(actor, figure) : undefined;
      if (value !== undefined) yield { labels: { site, stream }, value };
    }
  };
  const ofStream = ["site", "stream"];
  gauge(
    "understudy_stream_carriage",
    "1 for what the far end was seen to receive.",
    [...ofStream, "state"],
    (g) => {
      for (const { site, id: stream, state } of fresh("stream")) {
        for (const word of carriageWords) {
          g.set({ site, stream, state: word }, state?.["carriage"] === word ? 1 : 0);
        }
      }
    },
  );
  gauge(
    "understudy_stream_bitrate_bytes_per_second",
    "What the carrying encoder sends.",
    ofStream,
    (g) => {
      for (const { labels, value } of carried("bitrateBps")) g.set(labels, value / 8);
    },
  );
  gauge("understudy_stream_frames_per_second", "Frames it encodes.", ofStream, (g) => {
    for (const { labels, value } of carried("framesPerSecond")) g.set(labels, value);
  });
  total("understudy_stream_dropped_frames_total", "Frames it has dropped.", ofStream, (c) => {
    for (const { labels, value } of carried("droppedFrames")) c.inc(labels, Math.max(value, 0));
  });
  total("understudy_stream_output_bytes_total", "Bytes it has sent.", ofStream, (c) => {
    for (const { labels, value } of carried("outputBytes")) c.inc(labels, Math.max(value, 0));
  });

  const failovers = new Counter({
    name: "understudy_failovers_total",
    help: "Takeovers by the understudy.",
    labelNames: ["site", "reason"],
    registers,
  });
  for (const { site, cause, count } of await store.takeovers()) {
    failovers.inc({ site, reason: cause }, count);
  }
  const offAir = new Histogram({
    name: "understudy_failover_duration_seconds",
    help: "Time without picture at the far end, per takeover.",
    labelNames: ["site"],
    buckets: [0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 30, 60, 120, 300],
    registers,
  });
  const counted = new Set<string>();
  feed.onTick(({ incidents }) => {
    for (const { site, incident } of incidents) {
      const key = `${site}/${incident.id}`;
      if (incident.outcome !== "tookOver" || incident.closedAtMs === null) continue;
      if (counted.has(key)) continue;
      counted.add(key);
      failovers.inc({ site, reason: incident.cause });
      if (incident.offAirMs !== null) offAir.observe({ site }, incident.offAirMs / 1_000);
    }
  });

  return {
    registry,
    answered: addDurations(registry),
  };
}

/** What is not read now has figures of the past only. */
const isRead = (state: MediumState["state"]) =>
  state !== "unknown" && state !== "missing" && state !== "retired";
