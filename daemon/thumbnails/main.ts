/**
 * Takes small pictures of everything that can be seen at a site and sends them to the hubs' broker,
 * over a connection of its own: none of it passes through the process that decides, and what is
 * decided waits for no picture. Started with its settings on stdin; it ends when that does.
 */
import { setTimeout as pause } from "node:timers/promises";
import mqtt, { type MqttClient } from "mqtt";
import { topicFor } from "../../machines/contract.ts";
import { published } from "../link/broker-connection.ts";
import { wayTo } from "../web-guard/way.ts";
import { openAlbum } from "./album.ts";
import { openCamera, pictureArguments } from "./camera.ts";
import { Sender } from "./sender.ts";
import { ThumbnailSettings } from "./settings.ts";

const lookEveryMs = 100;
/** A link that takes nothing for so long is begun anew. */
const patienceMs = 10_000;
const retryMs = { least: 1_000, most: 30_000 };

async function settingsFromStdin(): Promise<ThumbnailSettings> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    text += String(chunk);
    // The rest of it says only that the daemon is there.
    const end = text.indexOf("\n");
    if (end >= 0) return ThumbnailSettings.parse(JSON.parse(text.slice(0, end)));
  }
  throw new Error("no settings");
}

function connect({ site, broker }: ThumbnailSettings): MqttClient {
  const { url, username, password, ca, cert, key } = broker;
  return mqtt.connect(url, {
    ...{ protocolVersion: 4, clean: true, reconnectPeriod: 0, keepalive: 10 },
    clientId: `understudy-${site}-pictures-${Math.random().toString(36).slice(2, 10)}`,
    connectTimeout: patienceMs,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  });
}

async function send(settings: ThumbnailSettings, sender: Sender, client: MqttClient) {
  while (client.connected) {
    const next = sender.next();
    if (!next) {
      await pause(lookEveryMs);
      continue;
    }
    const { kind, id, thumbnail } = next;
    const payload = JSON.stringify(thumbnail);
    const late = setTimeout(() => client.end(true), patienceMs);
    try {
      await published(client, topicFor(settings.site, "thumbnail", { kind, id }), payload, false);
    } finally {
      clearTimeout(late);
    }
    await pause((payload.length * 8 * 1_000) / settings.mostBandwidthBps);
  }
}

async function run(): Promise<never> {
  const settings = await settingsFromStdin();
  process.stdin.on("end", () => process.exit(0)).resume();
  const nowMs = () => performance.now();
  const { everyMs, widthPx } = settings;
  const opening = settings.places.map(async ({ kind, id, from }) => {
    if ("still" in from) return { kind, id, camera: openAlbum(from.still, nowMs) };
    const { env, leads } = await wayTo(from.address);
    const args = leads(pictureArguments({ input: from.input, everyMs, widthPx }));
    return { kind, id, camera: openCamera(args, { nowMs, isPatient: kind !== "ingest", env }) };
  });
  const cameras = await Promise.all(opening);
  const sender = new Sender(cameras, nowMs);
  for (let failures = 0; ; failures += 1) {
    const client = connect(settings);
    const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
    client.on("error", () => undefined);
    client.once("connect", () => {
      failures = 0;
      sender.forget();
      send(settings, sender, client).catch(() => client.end(true));
    });
    await closed;
    client.end(true);
    await pause(Math.min(retryMs.most, retryMs.least * 2 ** failures) * (0.5 + Math.random()));
  }
}

run().catch((cause: unknown) => {
  process.stderr.write(`understudy-thumbnails: ${cause instanceof Error ? cause.message : "?"}\n`);
  process.exit(1);
});
