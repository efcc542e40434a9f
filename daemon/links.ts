import { readFileSync } from "node:fs";
import type { Logger } from "pino";
import type { SiteConfig } from "../config/site.schema.ts";
import { monotonicMs } from "./clock.ts";
import type { LocalBroker } from "./broker/local-broker.ts";
import type { openJournal } from "./journal/open-journal.ts";
import type { Link, LinkOptions, LinkState } from "./link/link.ts";

/** All who are told of this site: the hubs' broker, and the one at the site where there is one. */
export type Links = Pick<
  Link,
  "publishState" | "publishTelemetry" | "publishInfo" | "eventsCommitted" | "close"
> & {
  /** Says what is; before it, nobody is told anything. */
  connect(): Promise<void>;
  /** The one to the hubs, from whom commands come. */
  toHubs(): Link | undefined;
  state(): LinkState;
  /** When the one to the hubs last moved, monotonic ms: with or without a broker. */
  aliveMs(): number;
  /** Sentences for the operator. */
  warnings(): readonly string[];
  /** How far the broker at the site has come, to be kept over a restart. */
  moved(): Record<string, unknown>;
};

export function openLinks(
  p: Pick<LinkOptions, "info" | "states" | "now" | "onRequest" | "onAck"> & {
    config: SiteConfig;
    journal: Awaited<ReturnType<typeof openJournal>>;
    log: Logger;
    /** The bundled broker program beside this one. */
    brokerUrl: URL;
    onOnline: () => void;
    onWarnings: () => void;
  },
): Links {
  const { config, journal, log } = p;
  const told = {
    site: config.site,
    info: p.info,
    states: p.states,
    now: p.now,
    monoMs: monotonicMs,
  };
  let hubs: Link | undefined;
  let local: LocalBroker | undefined;
  const all = () => [hubs, local].filter((link) => link !== undefined);

  return {
    // Loaded when the site decides already: MQTT is a fifth of the start.
    async connect() {
      const { openLink } = await import("./link/link.ts");
      hubs = openLink({
        ...told,
        ...addressOf(config),
        hubs: config.mqtt.hubs,
        outbox: journal,
        onRequest: p.onRequest,
        ...(p.onAck && { onAck: p.onAck }),
        // It names the site itself.
        log,
      });
      hubs.onState((state) => {
        if (state === "online") p.onOnline();
      });
      const { broker } = config.mqtt;
      if (!broker) return;
      const { openLocalBroker } = await import("./broker/local-broker.ts");
      const { brokerUrl: programUrl, onWarnings } = p;
      local = openLocalBroker({ ...told, broker, programUrl, journal, log, onWarnings });
    },
    toHubs: () => hubs,
    state: () => hubs?.state ?? "offline",
    aliveMs: () => hubs?.aliveMs() ?? monotonicMs(),
    warnings: () => local?.warnings() ?? [],
    moved: () => local?.moved() ?? {},
    publishState(kind, id, state, availability) {
      for (const link of all()) link.publishState(kind, id, state, availability);
    },
    publishTelemetry(telemetry) {
      for (const link of all()) link.publishTelemetry(telemetry);
    },
    publishInfo() {
      for (const link of all()) link.publishInfo();
    },
    eventsCommitted(seq) {
      for (const link of all()) link.eventsCommitted(seq);
    },
    async close() {
      await Promise.all(all().map((link) => link.close()));
    },
  };
}

function addressOf({ mqtt }: SiteConfig) {
  const { ca, certificate, key } = mqtt;
  const tls = {
    ...(ca !== undefined && { ca: readFileSync(ca) }),
    ...(certificate !== undefined && { cert: readFileSync(certificate) }),
    ...(key !== undefined && { key: readFileSync(key) }),
  };
  return {
    url: mqtt.url,
    ...(mqtt.username !== undefined && { username: mqtt.username }),
    ...(mqtt.password !== undefined && { password: mqtt.password }),
    ...(Object.keys(tls).length > 0 && { tls }),
  };
}
