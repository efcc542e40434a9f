/** The limit: the same messages, received by the same client and parsed. Nothing is done with them. */
import mqtt from "mqtt";

const [url = ""] = process.argv.slice(2);
const client = await mqtt.connectAsync(url, { username: "bench", password: "bench" });
let received = 0;
client.on("message", (_topic, payload) => {
  if (JSON.parse(payload.toString()) !== null) received += 1;
});
await client.subscribeAsync("understudy/v1/+/+/+/state", { qos: 1 });
process.send?.({});
process.on("message", () => process.send?.({ received }));
process.on("disconnect", () => process.exit());
