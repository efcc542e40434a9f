/** The hub's own connection to the broker: every site comes in over it. */
import { connect } from "mqtt";
import type { Logger } from "pino";
import { filterFor, topics, type TopicName } from "../machines/contract.ts";
import type { Publish } from "./publish.ts";

export type Link = {
  publish: Publish;
  /** Resolves when the broker has it; rejects where it has not, also while it is away. */
  deliver: (topic: string, payload: string) => Promise<void>;
  up: () => boolean;
  close(): Promise<void>;
};

export type LinkNeeds = {
  /** Asked at each attempt, because a restarted broker may sit elsewhere. */
  url: string;
  username?: string;
  password?: string;
  hub: string;
  onMessage: (topic: string, payload: Buffer) => void;
  onDown: () => void;
  log: Logger;
};

const upward = (Object.keys(topics) as TopicName[]).filter(
  (name) => topics[name].direction === "up",
);

/** Connects in the background and goes on trying; what cannot be sent now is not sent later. */
export function openLink(needs: LinkNeeds): Link {
  const { log } = needs;
  let up = false;
  const client = connect(needs.url, {
    clientId: `understudy-hub-${needs.hub}-${Math.random().toString(36).slice(2, 10)}`,
    ...(needs.username !== undefined && { username: needs.username }),
    ...(needs.password !== undefined && { password: needs.password }),
    protocolVersion: 4,
    clean: true,
    keepalive: 15,
    reconnectPeriod: 250 + Math.random() * 250,
    connectTimeout: 10_000,
    // Acks and replays are repeated by their own rule; old ones must not pile up.
    queueQoSZero: false,
    resubscribe: false,
    // It would look at each packet to see whether anybody debugs.
    log: () => undefined,
  });
  client.on("connect", () => {
    const wanted = upward.map((name) => [filterFor("+", name), { qos: topics[name].qos }] as const);
    client.subscribe(Object.fromEntries(wanted), (error, granted) => {
      if (error) return log.error({ err: error, code: "subscribe_failed" }, "cannot subscribe");
      if (granted?.some(({ qos }) => qos === 128)) {
        log.error({ code: "subscribe_refused" }, "the broker refuses a subscription");
      }
      up = true;
      log.info({ code: "broker_up" }, "listening to all sites");
    });
  });
  client.on("message", (topic, payload) => needs.onMessage(topic, payload));
  client.on("close", () => {
    if (up) {
      log.warn({ code: "broker_down" }, "the broker is away; every site is stale");
      needs.onDown();
    }
    up = false;
  });
  client.on("error", (error) => log.warn({ err: error, code: "broker_error" }, "broker"));

  return {
    publish: (topic, payload, { qos, retain }) => {
      if (client.connected) client.publish(topic, payload, { qos, retain });
    },
    deliver: async (topic, payload) => {
      if (!client.connected) throw new Error("the broker is away");
      await client.publishAsync(topic, payload, { qos: 1 });
    },
    up: () => up,
    close: async () => {
      await client.endAsync(true);
    },
  };
}
