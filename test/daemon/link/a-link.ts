import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Aedes, type AedesPublishPacket } from "aedes";
import mqtt, { type MqttClient } from "mqtt";
import { afterEach } from "vitest";
import { openLink, type LinkOptions } from "../../../daemon/link/link.ts";
import type { PublishedActor } from "../../../daemon/link/retained-states.ts";
import type { SiteInfo } from "../../../machines/site/site.contract.ts";
import { journals, turn, upTo } from "../journal/a-journal.ts";

export const root = "understudy/v1/studio";
export type Heard = { topic: string; payload: string; retain: boolean };

/** A broker whose address stays the same over its restarts. */
export async function aBroker() {
  const heard: Heard[] = [];
  const sockets = new Set<Socket>();
  let port = 0;
  let broker: Aedes | undefined;
  let server: Server | undefined;
  async function start(): Promise<void> {
    const started = await Aedes.createBroker();
    broker = started;
    const listening = createServer((socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => undefined);
      started.handle(socket);
    });
    server = listening;
    started.on("publish", (packet: AedesPublishPacket) => {
      if (packet.topic.startsWith("$SYS")) return;
      heard.push({
        topic: packet.topic,
        payload: packet.payload.toString(),
        retain: packet.retain,
      });
    });
    await new Promise<void>((resolve) => listening.listen(port, "127.0.0.1", resolve));
    ({ port } = listening.address() as AddressInfo);
  }
  async function stop(): Promise<void> {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    await new Promise<void>((resolve) => (broker ? broker.close(() => resolve()) : resolve()));
  }
  await start();
  return {
    heard,
    start,
    stop,
    url: () => `mqtt://127.0.0.1:${port}`,
    /** Every connection breaks, as when a cable is pulled and the peer resets. */
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    sockets,
    topics: () => heard.map(({ topic }) => topic.replace(`${root}/`, "")),
    on: (name: string) => heard.filter(({ topic }) => topic === `${root}/${name}`),
  };
}

export async function aClient(url: string): Promise<MqttClient> {
  return mqtt.connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 });
}

/** Links on journals, closed after each test. */
export function links() {
  const at = journals();
  const cleanUp: (() => Promise<unknown> | void)[] = [];
  afterEach(async () => {
    for (const clean of cleanUp.splice(0).reverse()) await clean();
  });
  const afterwards = (clean: () => Promise<unknown> | void): void => void cleanUp.push(clean);

  return {
    ...at,
    afterwards,
    broker: async () => {
      const broker = await aBroker();
      afterwards(() => broker.stop());
      return broker;
    },
    client: async (url: string) => {
      const client = await aClient(url);
      afterwards(() => client.endAsync(true));
      return client;
    },
    /** A link with two encoders at the site `studio`, whose journal already holds `events`. */
    link: async (
      url: string,
      events: number,
      options: Partial<LinkOptions> = {},
      folder: string = at.folder(),
    ) => {
      const { journal } = await at.open(folder);
      const log: string[] = [];
      const actors: PublishedActor[] = ["helo-a", "helo-b"].map((id) => ({
        kind: "encoder",
        id,
        state: { id, output: "idle" },
        availability: "online",
      }));
      let seq = journal.lastSeq;
      const append = async (count: number): Promise<void> => {
        const seqs = upTo(seq + 1, seq + count);
        seq += count;
        await Promise.all(seqs.map((n) => journal.commit(turn(n))));
      };
      if (events > 0) await append(events);
      journal.forgetHubsExcept(options.hubs ?? ["main"]);
      const info = (): SiteInfo => ({
        site: "studio",
        epoch: journal.epoch,
        session: journal.session,
        contractMinor: 0,
        version: "0.1.0",
        bootId: "boot-1",
        startedAtMs: 1,
        seq,
        inventory: actors.map(({ kind, id }) => ({ kind, id })),
      });
      const opened = openLink({
        url,
        site: "studio",
        hubs: ["main"],
        outbox: journal,
        info,
        states: () => actors,
        onRequest: () => undefined,
        now: () => 1_000_000,
        log: { info: () => undefined, warn: (_, message) => void log.push(message) },
        backoffMs: { least: 20, most: 100 },
        ...options,
      });
      cleanUp.push(() => opened.close());
      return { link: opened, journal, log, actors, append };
    },
  };
}

/** A hub that only remembers: dedup by (epoch, seq), replay at a gap, ack like the real one. */
export async function aHub(client: MqttClient, { acks = true } = {}) {
  const seen: { epoch: string; seq: number }[] = [];
  let duplicates = 0;
  /** Start of the gap that a replay was asked for. */
  let asked = 0;
  const applied = new Map<string, number>();
  await client.subscribeAsync(`${root}/event`, { qos: 1 });
  client.on("message", (topic, payload) => {
    if (topic !== `${root}/event`) return;
    const { epoch, seq } = JSON.parse(payload.toString()) as { epoch: string; seq: number };
    const last = applied.get(epoch) ?? 0;
    if (seq <= last) duplicates += 1;
    else if (seq === last + 1) {
      applied.set(epoch, seq);
      seen.push({ epoch, seq });
    } else if (asked !== last + 1) {
      asked = last + 1;
      client.publish(`${root}/replay`, JSON.stringify({ epoch, seq: asked }), { qos: 1 });
    }
    if (acks) ack(epoch, applied.get(epoch) ?? 0);
  });
  const ack = (epoch: string, seq: number, hubTimeMs = 1_000_500): void =>
    void client.publish(`${root}/ack/main`, JSON.stringify({ epoch, seq, hubTimeMs }), {
      qos: 1,
      retain: true,
    });
  return { seen, ack, duplicates: () => duplicates };
}
