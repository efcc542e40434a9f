import type { MqttClient } from "mqtt";
import { topicFor, topics, type ParsedTopic } from "../../machines/contract.ts";
import type { CommandResponse } from "../../machines/command/command.contract.ts";
import type { Ack, SiteInfo, Telemetry } from "../../machines/site/site.contract.ts";
import type { Availability } from "../../machines/contract.ts";
import type { AckOutcome, Outbox } from "../journal/outbox.ts";
import { type BrokerAddress, connectTo, published } from "./broker-connection.ts";
import { learnClockOffset } from "./clock-offset.ts";
import { readIncoming, subscriptions } from "./incoming.ts";
import { sendOutbox } from "./outbox-sender.ts";
import { retainedStates, type PublishedActor } from "./retained-states.ts";

export type LinkState = "offline" | "connecting" | "announcing" | "online";

/** Where a line of the log goes; the same shape as pino's. */
export type LinkLog = Record<"info" | "warn", (fields: object, message: string) => void>;

/** What a link reads and remembers of the journal. */
export type LinkOutbox = Pick<
  Outbox,
  | "epoch"
  | "session"
  | "readPayloads"
  | "acknowledged"
  | "cursor"
  | "publishedTopics"
  | "rememberTopic"
  | "forgetTopic"
>;

export type LinkOptions = BrokerAddress & {
  /** Hubs behind this broker that must acknowledge every event; none: its PUBACK is enough. */
  hubs: readonly string[];
  outbox: LinkOutbox;
  info: () => SiteInfo;
  states: () => Iterable<PublishedActor>;
  /** Not checked beyond being JSON: a refusal of a malformed request is an answer, too. */
  onRequest: (topic: ParsedTopic, payload: unknown) => void;
  onAck?: (hub: string, ack: Ack, outcome: AckOutcome) => void;
  onReplay?: (fromSeq: number) => void;
  /** Unix time, ms. */
  now: () => number;
  /** Time that never jumps, ms. */
  monoMs?: () => number;
  log: LinkLog;
  /** Shortest and longest wait before connecting again, ms. */
  backoffMs?: { least: number; most: number };
  /** Events not acknowledged by a hub for this long are sent again, ms. */
  resendAfterMs?: number;
  /** 0 to 1; jitter of the back-off. */
  random?: () => number;
};

export type LinkCounts = {
  connects: number;
  /** Payloads from the broker that did not fit their schema. */
  malformed: number;
  eventsSent: number;
  /** Of those, sent before on this or an earlier connection. */
  eventsSentAgain: number;
};

export type Link = {
  readonly connected: boolean;
  readonly state: LinkState;
  onState(listener: (state: LinkState) => void): void;
  /** Retained; the newest of one actor in one tick of the event loop is what goes out. */
  publishState(kind: string, id: string, state: unknown, availability?: Availability): void;
  publishTelemetry(telemetry: Telemetry): void;
  /** Resolves with whether the broker has it; it is not kept. */
  publishResponse(
    kind: string,
    id: string,
    verb: string,
    response: CommandResponse,
  ): Promise<boolean>;
  /** The inventory changed: `info` is sent anew and topics of actors that are gone are cleared. */
  publishInfo(): void;
  /** Events up to here are on disk. */
  eventsCommitted(seq: number): void;
  /** The hub's clock minus ours, ms; undefined until a hub has acknowledged something live. */
  clockOffsetMs(): number | undefined;
  counts(): LinkCounts;
  /** When its own loop last moved, by `monoMs`: also while there is no broker. */
  aliveMs(): number;
  /** Says `offline` and ends the connection. */
  close(): Promise<void>;
};

const closeWithinMs = 2_000;
const beatEveryMs = 500;
/** A connection that lasted this long was a good one: the back-off starts over. */
const goodConnectionMs = 10_000;

/** Keeps one site connected to one broker, and the hubs behind it told. */
export function openLink(options: LinkOptions): Link {
  const { site, outbox, log, now } = options;
  const backoffMs = options.backoffMs ?? { least: 1_000, most: 60_000 };
  const random = options.random ?? Math.random;
  const counts: LinkCounts = { connects: 0, malformed: 0, eventsSent: 0, eventsSentAgain: 0 };
  const clock = learnClockOffset();
  const monoMs = options.monoMs ?? (() => performance.now());
  const bothClocks = () => ({ wallMs: now(), monoMs: monoMs() });
  const listeners: ((state: LinkState) => void)[] = [];
  let state: LinkState = "offline";
  let client: MqttClient | undefined;
  let closed = false;
  let failures = 0;
  let reconnectTimer: NodeJS.Timeout | undefined;

  function enter(next: LinkState): void {
    if (state === next) return;
    state = next;
    for (const listener of listeners) listener(next);
  }

  const availabilityTopic = topicFor(site, "availability");
  const states = retainedStates({
    site,
    outbox,
    send: (topic, payload) =>
      void client?.publish(topic, payload, { qos: 1, retain: true }, () => undefined),
    canSend: () => state === "announcing" || state === "online",
  });
  const sender = sendOutbox({
    outbox,
    hubs: options.hubs,
    counts,
    resendAfterMs: options.resendAfterMs ?? 10_000,
    publish: (payload) => published(client, topicFor(site, "event"), payload, false),
    log,
  });

  function connect(): void {
    reconnectTimer = undefined;
    enter("connecting");
    let opening: MqttClient;
    try {
      opening = connectTo(options, outbox.session, availabilityTopic);
    } catch (error) {
      lost(undefined, error);
      return;
    }
    client = opening;
    // Every publish under way waits for the close as well as for its PUBACK.
    opening.setMaxListeners(0);
    let connectedAtMs: number | undefined;
    let reason: unknown;
    opening.on("error", (error) => (reason = error));
    opening.on("connect", () => {
      connectedAtMs = performance.now();
      counts.connects += 1;
      announce(opening).catch((error: unknown) => {
        reason = error;
        opening.end(true);
      });
    });
    opening.on("message", (topic, payload, packet) => hear(topic, payload, packet.retain));
    opening.once("close", () => {
      if (connectedAtMs !== undefined && performance.now() - connectedAtMs > goodConnectionMs) {
        failures = 0;
      }
      opening.end(true);
      lost(opening, reason);
    });
  }

  function lost(which: MqttClient | undefined, reason: unknown): void {
    if (which !== client) return;
    client = undefined;
    sender.stop();
    enter("offline");
    if (closed) return;
    failures += 1;
    const capMs = Math.min(backoffMs.most, backoffMs.least * 2 ** Math.min(failures, 20));
    const waitMs = backoffMs.least + random() * (capMs - backoffMs.least);
    log.warn(
      { site, code: "link_lost", attempt: failures, waitMs: Math.round(waitMs) },
      `no link to the broker: ${reason instanceof Error ? reason.message : "connection closed"}`,
    );
    reconnectTimer = setTimeout(connect, waitMs);
  }

  /** The order is a promise to readers: whoever sees `online` can rely on all before it. */
  async function announce(to: MqttClient): Promise<void> {
    const granted = await to.subscribeAsync(subscriptions(site, options.hubs), { qos: 1 });
    // Not hearing our own availability is no reason to be silent: a broker's rules may be narrow.
    const refused = granted.find(
      ({ qos, topic }) => (qos as number) >= 128 && topic !== availabilityTopic,
    );
    if (refused) throw new Error(`the broker refused to subscribe ${refused.topic}`);
    if (to !== client) return;
    enter("announcing");
    const info = options.info();
    await published(to, topicFor(site, "info"), JSON.stringify(info), true);
    await Promise.all(
      states.everything(options.states(), info).map((m) => published(to, m.topic, m.payload, true)),
    );
    await published(to, availabilityTopic, "online", true);
    if (to !== client) return;
    enter("online");
    log.info({ site, code: "link_online" }, "connected to the broker");
    // Meanwhile a retained ack may have told that this journal is an old copy.
    if (outbox.epoch !== info.epoch) publishInfo();
    sender.start();
  }

  function publishInfo(): void {
    if (!client || state !== "online") return;
    const info = options.info();
    client.publish(
      topicFor(site, "info"),
      JSON.stringify(info),
      { qos: topics.info.qos, retain: true },
      () => undefined,
    );
    states.clearGone(info);
  }

  function hear(topic: string, payload: Buffer, retained: boolean): void {
    const message = readIncoming(site, topic, payload);
    switch (message.kind) {
      case "malformed":
        counts.malformed += 1;
        log.warn({ site, topic, code: "malformed" }, message.why);
        return;
      case "request":
        // A retained command would be obeyed again at every connect.
        if (retained) counts.malformed += 1;
        else options.onRequest(message.topic, message.payload);
        return;
      case "ack":
        if (!options.hubs.includes(message.hub)) return;
        // A retained ack was sent at some earlier time: it says nothing about the clocks.
        if (!retained) clock.heard(message.ack.hubTimeMs, bothClocks());
        void outbox
          .acknowledged(message.hub, message.ack.epoch, message.ack.seq)
          .then((outcome) => {
            sender.acknowledged(outcome);
            options.onAck?.(message.hub, message.ack, outcome);
          });
        return;
      case "replay":
        if (message.replay.epoch !== outbox.epoch) return;
        sender.goBack(message.replay.seq);
        options.onReplay?.(message.replay.seq);
        return;
      case "availability":
        // The will of an older session of ours that the broker buried only now.
        if (message.word === "offline" && state === "online") {
          client?.publish(availabilityTopic, "online", { qos: 1, retain: true }, () => undefined);
        }
        return;
    }
  }

  let aliveMs = monoMs();
  let readBefore: number | undefined;
  /**
   * No broker and no answer of one is no fault of ours, but to wait for nothing is: offline without
   * another try, or for the journal, which answers at once.
   */
  function beat(): void {
    const reading = sender.reading();
    const triesAgain = client !== undefined || reconnectTimer !== undefined;
    if (triesAgain && (reading === undefined || reading !== readBefore)) aliveMs = monoMs();
    readBefore = reading;
  }
  const heart = setInterval(beat, beatEveryMs);
  heart.unref();

  connect();
  return {
    aliveMs: () => aliveMs,
    get connected() {
      return state === "online";
    },
    get state() {
      return state;
    },
    onState: (listener) => void listeners.push(listener),
    publishState: (kind, id, published, availability) =>
      states.publish({ kind, id, state: published, ...(availability && { availability }) }),
    publishTelemetry(telemetry) {
      // Live numbers only: what cannot go out now is not worth sending later.
      if (state !== "online") return;
      client?.publish(topicFor(site, "telemetry"), JSON.stringify(telemetry), { qos: 0 });
    },
    publishResponse(kind, id, verb, response) {
      if (!client || state !== "online") return Promise.resolve(false);
      const topic = topicFor(site, "response", { kind, id, verb });
      return published(client, topic, JSON.stringify(response), false).then(
        () => true,
        () => false,
      );
    },
    publishInfo,
    eventsCommitted: (seq) => sender.committed(seq),
    clockOffsetMs: () => clock.offsetMs(bothClocks()),
    counts: () => ({ ...counts }),
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(heart);
      clearTimeout(reconnectTimer);
      sender.stop();
      const last = client;
      if (!last) return;
      const patience = setTimeout(() => last.end(true), closeWithinMs);
      if (last.connected) {
        states.flush();
        await published(last, availabilityTopic, "offline", true).catch(() => undefined);
      }
      await new Promise<void>((resolve) => last.end(!last.connected, () => resolve()));
      clearTimeout(patience);
      enter("offline");
    },
  };
}
