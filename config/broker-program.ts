/**
 * What the broker program is told, and by what messages over Node's IPC channel. A hub starts it,
 * and so does a site that wants one of its own. Credentials cross it as hashes and never stand in
 * an argument list.
 */
import { z } from "zod";

/**
 * Who may connect. A hub account may do everything; a site account speaks for its own site only; a
 * reader hears one site and says nothing.
 */
export const BrokerAccount = z.object({
  user: z.string().min(1).max(120),
  /** SHA-256 of the password, hex. Passwords are generated keys of ≥ 178 bits, see `api/keys.ts`. */
  passwordSha256: z.string().regex(/^[0-9a-f]{64}$/),
  role: z.enum(["hub", "site", "reader"]),
  /** The site it speaks for, or hears. Not for role `hub`. */
  site: z.string().optional(),
});
export type BrokerAccount = z.infer<typeof BrokerAccount>;

export const BrokerLimits = z.object({
  clients: z.number().int().positive().default(2_000),
  packetBytes: z
    .number()
    .int()
    .positive()
    .default(256 * 1024 + 512),
  topicLevels: z.number().int().positive().default(8),
  subscriptionsPerClient: z.number().int().positive().default(64),
  /** A subscriber that reads nothing for this long is disconnected, or it stops everyone. */
  drainTimeoutMs: z.number().int().positive().default(4_000),
});
export type BrokerLimits = z.infer<typeof BrokerLimits>;

/** Files in PEM. With `clientCa` who connects shows a certificate that names its site. */
export const BrokerTls = z.object({
  certificate: z.string(),
  key: z.string(),
  clientCa: z.string().exactOptional(),
  clientCrl: z.string().exactOptional(),
});

export const BrokerOptions = z.object({
  /** MQTT over TCP; port 0 picks a free one. */
  host: z.string().default("127.0.0.1"),
  port: z.number().int().min(0).max(65_535),
  tls: BrokerTls.exactOptional(),
  /** Where `tls` is there: a port for the parent itself, without, on loopback. */
  ownPort: z.number().int().min(0).max(65_535).exactOptional(),
  /** Also listen for MQTT over WebSocket on a free loopback port, for a proxy in front. */
  webSocket: z.boolean().default(true),
  accounts: z.array(BrokerAccount).default([]),
  /** Let anyone in without a password. Refused unless `host` is a loopback address. */
  anonymous: z.boolean().default(false),
  limits: BrokerLimits.prefault({}),
});
export type BrokerOptions = z.infer<typeof BrokerOptions>;

/** Parent → broker. */
export const ToBroker = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start"), options: BrokerOptions }),
  z.object({ type: z.literal("accounts"), accounts: z.array(BrokerAccount) }),
  z.object({ type: z.literal("stop") }),
]);
export type ToBroker = z.infer<typeof ToBroker>;

/** Broker → parent. */
export const FromBroker = z.discriminatedUnion("type", [
  z.object({ type: z.literal("hello") }),
  z.object({
    type: z.literal("ready"),
    port: z.number(),
    webSocketPort: z.number().nullable(),
    /** `port` itself, where there is no TLS. */
    ownPort: z.number(),
  }),
  z.object({ type: z.literal("failed"), code: z.string(), message: z.string() }),
  /** Somebody was not let in, or wanted what is not theirs: for the audit log. */
  z.object({
    type: z.literal("refused"),
    what: z.enum(["wrong_login", "publish_refused", "subscribe_refused"]),
    /** As it was said; "" for nobody. */
    user: z.string(),
    address: z.string(),
    topic: z.string().optional(),
  }),
]);
export type FromBroker = z.infer<typeof FromBroker>;
export type Refused = Omit<Extract<FromBroker, { type: "refused" }>, "type">;
