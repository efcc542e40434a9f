import { createHash, randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { type BrokerAccount, BrokerOptions } from "../../config/broker-program.ts";
import type { MqttConfig } from "../../config/site.schema.ts";
import { type Link, type LinkOptions, openLink } from "../link/link.ts";
import { keepBroker } from "./broker-child.ts";
import { type OutboxWithoutHub, outboxWithoutHub } from "./without-hub.ts";

export type LocalBroker = Pick<
  Link,
  "publishState" | "publishTelemetry" | "publishInfo" | "eventsCommitted" | "close"
> &
  Pick<OutboxWithoutHub, "moved"> & {
    /** What a person should know of it. */
    warnings(): string[];
  };

/** A broker that runs and does not let even us in for so long is started anew, ms. */
const frozenAfterMs = 30_000;
/** Down for less than this is a restart, not something to tell people of, ms. */
const tellAfterMs = 5_000;

/**
 * The broker program at the site, with a link of its own: whoever listens there sees the site while
 * the uplink is cut. Nobody gives orders there; an order's age is judged by a hub's clock.
 */
export function openLocalBroker(
  p: Pick<LinkOptions, "site" | "info" | "states" | "now"> & {
    broker: NonNullable<MqttConfig["broker"]>;
    programUrl: URL;
    journal: Parameters<typeof outboxWithoutHub>[0];
    log: Logger;
    /** The warnings are others now. */
    onWarnings: () => void;
  },
): LocalBroker {
  const { broker, site } = p;
  const log = p.log.child({ broker: "local" });
  // Unlike any name that the configuration can give: readers' names have no colon.
  const own = { username: `site:${site}`, password: randomBytes(24).toString("base64url") };
  const outbox = outboxWithoutHub(p.journal);
  let link: Link | undefined;
  let why: string | undefined = "it is starting";
  let telling: NodeJS.Timeout | undefined;
  let warned = false;
  let watching: NodeJS.Timeout | undefined;

  const child = keepBroker({
    programUrl: p.programUrl,
    options: BrokerOptions.parse({
      host: broker.host,
      port: broker.port,
      webSocket: false,
      accounts: [
        { user: own.username, passwordSha256: sha256(own.password), role: "site", site },
        ...broker.readers.map(({ username, password }): BrokerAccount => {
          return { user: username, passwordSha256: sha256(password), role: "reader", site };
        }),
      ],
    }),
    onUp(port) {
      log.info({ code: "local_broker", port }, `listening on ${broker.host}:${port}`);
      clearTimeout(telling);
      why = undefined;
      warn(false);
      link ??= connect(port);
      watch();
    },
    onDown(because, retryMs) {
      log.error({ code: "local_broker_down", retryMs }, `the local broker is down: ${because}`);
      unwatch();
      if (why === undefined) telling = setTimeout(() => warn(true), tellAfterMs);
      else warn(true);
      why = because;
    },
  });

  function warn(now: boolean): void {
    if (warned === now) return;
    warned = now;
    p.onWarnings();
  }

  function connect(port: number): Link {
    const opened = openLink({
      url: `mqtt://${hereOf(broker.host)}:${port}`,
      ...own,
      site,
      hubs: [],
      outbox,
      info: p.info,
      states: p.states,
      onRequest: () => undefined,
      now: p.now,
      log,
      backoffMs: { least: 100, most: 2_000 },
    });
    opened.onState(watch);
    return opened;
  }

  /** Counts from when we were last let in, however often we knock meanwhile. */
  function watch(): void {
    if (why !== undefined || link?.connected) return unwatch();
    watching ??= setTimeout(() => {
      watching = undefined;
      log.error({ code: "local_broker_frozen" }, "the local broker does not answer");
      child.kill();
    }, frozenAfterMs);
  }

  function unwatch(): void {
    clearTimeout(watching);
    watching = undefined;
  }

  return {
    publishState: (...state) => link?.publishState(...state),
    publishTelemetry: (telemetry) => link?.publishTelemetry(telemetry),
    publishInfo: () => link?.publishInfo(),
    eventsCommitted: (seq) => link?.eventsCommitted(seq),
    moved: () => outbox.moved(),
    warnings: () => (warned ? [`the local broker is down: ${why}`] : []),
    async close() {
      clearTimeout(telling);
      await link?.close();
      unwatch();
      await child.close();
    },
  };
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Where we reach what listens on this address. */
function hereOf(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
