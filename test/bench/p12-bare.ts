/** The limit: what comes over MQTT goes out over WebSocket, and nothing else is done. */
import type { AddressInfo } from "node:net";
import mqtt from "mqtt";
import { WebSocketServer } from "ws";

const [url = ""] = process.argv.slice(2);
const client = await mqtt.connectAsync(url, { username: "bench", password: "bench" });
const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
client.on("message", (_topic, payload) => {
  for (const dashboard of server.clients) dashboard.send(payload, { binary: false });
});
await client.subscribeAsync("bare/+");
process.send?.({ port: (server.address() as AddressInfo).port });
process.on("disconnect", () => process.exit());
