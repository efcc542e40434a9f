import mqtt, { type IClientOptions, type MqttClient } from "mqtt";

export type BrokerAddress = {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`, without user or password. */
  url: string;
  username?: string;
  password?: string;
  tls?: Pick<IClientOptions, "ca" | "cert" | "key" | "servername" | "rejectUnauthorized">;
  site: string;
  /** A dead peer is noticed after 1.5 of these, s. */
  keepaliveS?: number;
};

const connectTimeoutMs = 10_000;

/**
 * One connection, without the library's own reconnecting and queueing: what was under way when it
 * breaks is known only here. Throws on a URL or a certificate that cannot be used.
 *
 * @param session of this run of the daemon
 * @param availabilityTopic gets `offline` from the broker when we are gone
 */
export function connectTo(
  options: BrokerAddress,
  session: string,
  availabilityTopic: string,
): MqttClient {
  const { site, username, password } = options;
  return mqtt.connect(options.url, {
    protocolVersion: 4,
    clean: true,
    // A new session each time; two runs of one site must not push each other off for ever.
    clientId: `understudy-${site}-${session.slice(0, 8)}`,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    connectTimeout: connectTimeoutMs,
    keepalive: options.keepaliveS ?? 10,
    reschedulePings: false,
    // A table of all 65,536 two-byte numbers would take 9 MiB.
    writeCache: false,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...options.tls,
    will: { topic: availabilityTopic, payload: Buffer.from("offline"), qos: 1, retain: true },
  });
}

/** Resolves when the broker has it (which is not the same as a hub having it). */
export function published(
  client: MqttClient | undefined,
  topic: string,
  payload: string,
  retain: boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!client?.connected) {
      reject(new Error("not connected"));
      return;
    }
    // A link that breaks leaves the callback of a sent message waiting in the library's store.
    const gone = (): void => reject(new Error("the link was lost"));
    client.once("close", gone);
    client.publish(topic, payload, { qos: 1, retain }, (error) => {
      client.removeListener("close", gone);
      if (error) reject(error);
      else resolve();
    });
  });
}
