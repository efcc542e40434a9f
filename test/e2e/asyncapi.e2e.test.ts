/** What a real site and a real hub say over MQTT and Socket.IO, held against the hub's document. */
import { connectAsync, type IPublishPacket } from "mqtt";
import { io } from "socket.io-client";
import { expect, test } from "vitest";
import { openSchemas } from "../setup/json-schema.ts";
import { closedAfterEach } from "./after-each.ts";
import { kill, until } from "./facility.ts";
import { Hub, type Json } from "./hub.ts";

const { facility: aFacility, keep } = closedAfterEach();

type Channel = {
  address: string | null;
  messages: Record<string, { payload: object }>;
  servers: { $ref: string }[];
  bindings?: { mqtt: { qos: number; retain: boolean } };
};
type Document = { channels: Record<string, Channel>; components: { schemas: object } };

async function documentOf(hub: Hub) {
  const document = (await hub.get("/asyncapi.json")) as unknown as Document;
  const compile = openSchemas();
  const { components } = document;
  const checks = new Map<object, (value: unknown) => string[]>();
  const check = (payload: object) => {
    const held = checks.get(payload) ?? compile({ ...payload, components });
    checks.set(payload, held);
    return held;
  };
  const of = (server: string) =>
    Object.entries(document.channels).filter(([, { servers }]) =>
      servers.some(({ $ref }) => $ref === `#/servers/${server}`),
    );
  return { mqtt: of("mqtt"), socket: of("socket"), check };
}
type Documented = Awaited<ReturnType<typeof documentOf>>;

type Heard = { topic: string; payload: Buffer; packet: IPublishPacket };
async function listen(port: number, heard: Heard[]) {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4 });
  keep({ close: () => client.endAsync(true) });
  client.on("message", (topic, payload, packet) => heard.push({ topic, payload, packet }));
  await client.subscribeAsync("understudy/#", { qos: 1 });
}

/** What of it is not as documented. */
function wrongIn({ topic, payload, packet }: Heard, { mqtt, check }: Documented): string[] {
  const said = topic.split("/");
  const fits = ({ address }: Channel) => {
    const levels = address?.split("/") ?? [];
    const isSame = (level: string, at: number) => level.startsWith("{") || level === said[at];
    return levels.length === said.length && levels.every(isSame);
  };
  const [name, channel] = mqtt.find(([, one]) => fits(one)) ?? [];
  if (!name || !channel) return [`${topic} is not documented`];
  const { qos, retain } = channel.bindings!.mqtt;
  const how = [
    ...(packet.qos === qos ? [] : [`${topic}: QoS ${packet.qos}`]),
    ...(packet.retain && !retain ? [`${topic} is retained`] : []),
  ];
  // An empty one clears what was retained.
  if (payload.length === 0) return how;
  const { messages } = channel;
  const message = messages[said[3] ?? ""] ?? Object.values(messages)[0]!;
  const text = payload.toString();
  const value = text.startsWith("{") ? (JSON.parse(text) as unknown) : text;
  return [...how, ...check(message.payload)(value).map((why) => `${topic} ${why}`)];
}

test("what a site and its hub say is in the document, as it is said, and little else is", async () => {
  const hub = keep(await Hub.start());
  const document = await documentOf(hub);
  const heard: Heard[] = [];
  await listen(hub.mqttPort, heard);
  const bars = { id: "bars", kind: "testPattern", width: 320, height: 180, framesPerSecond: 5 };
  const facility = await aFacility({
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
    site: { ingests: [bars] },
  });
  facility.startDaemon();
  await facility.untilTold("stream.onAir");

  const socket = io(hub.url, { transports: ["websocket"] });
  keep({ close: async () => void socket.close() });
  const told: { event: string; data: unknown }[] = [];
  socket.onAny((event: string, data: unknown) => told.push({ event, data }));
  const asked: unknown = await socket.emitWithAck("subscribe", {
    ...{ stream_id: "main", encoder_ids: ["a", "b"], summary: true },
    ...{ site_id: "studio", board: true },
  });
  const refused: unknown = await socket.emitWithAck("subscribe", { stream_id: "nobody" });
  expect([asked, refused]).toEqual([{ ok: true }, { ok: false, error: "unknown_stream" }]);

  await hub.command("streams/main", "failover", {}, { dryRun: true });
  kill(facility.enginePid(await facility.untilOnAir()));
  await until("the socket has told of it", () => told.some((t) => t.event === "stream_error"));
  for (const last of ["/telemetry", "/metrics-events", "/ingest/bars/thumbnail"]) {
    await until(`${last} came`, () => heard.some(({ topic }) => topic.endsWith(last)));
  }

  expect(heard.flatMap((one) => wrongIn(one, document)).slice(0, 20)).toEqual([]);
  const names = document.mqtt.filter(([, channel]) => {
    const pattern = channel.address!.replace(/\{\w+\}/g, "[^/]+");
    return heard.some(({ topic }) => new RegExp(`^${pattern}$`).test(topic));
  });
  // A hub that misses nothing asks for nothing again, all was answered, and no ad breaks are made.
  const unheard = document.mqtt.map(([name]) => name).filter((n) => !names.some(([m]) => m === n));
  expect(unheard).toEqual(["replay", "adBreakEvents", "deadLetter"]);
  const late: Heard[] = [];
  await listen(hub.mqttPort, late);
  const isRetained = (end: string) => late.some((h) => h.packet.retain && h.topic.endsWith(end));
  for (const end of ["/info", "/stream/main/state", "/encoder/a/availability", "/ack/main"]) {
    await until(`${end} is retained`, () => isRetained(end));
  }
  for (const one of late) expect([one.topic, wrongIn(one, document)]).toEqual([one.topic, []]);

  const byName = new Map(document.socket);
  const wrong = told.flatMap(({ event, data }) => {
    const channel = byName.get(event);
    if (!channel) return [`${event} is not documented`];
    return document
      .check(channel.messages[event]!.payload)(data)
      .map((why) => `${event} ${why}`);
  });
  expect(wrong.slice(0, 20)).toEqual([]);
  const events = new Set(told.map(({ event }) => event));
  const unsaid = ["subscribe", "unsubscribe", "acknowledgement"];
  expect([...byName.keys()].filter((name) => !events.has(name)).sort()).toEqual(unsaid.sort());
  const answer = byName.get("acknowledgement")!.messages["acknowledgement"]!.payload;
  for (const one of [asked, refused]) expect(document.check(answer)(one)).toEqual([]);
  const item = document.check(byName.get("stream_error")!.messages["stream_error"]!.payload);
  expect(
    item({ ...(told.find((t) => t.event === "stream_error")!.data as Json), more: 1 }),
  ).toEqual([expect.stringContaining("additional")]);
}, 180_000);
