/**
 * Speaks for many sites: 20 encoders each, states as a daemon publishes them. Asked to `run`, it
 * changes one encoder after the other, so many a second; asked to `change`, one.
 */
import mqtt from "mqtt";
import { topicFor } from "../../machines/contract.ts";
import { encoder, info } from "../hub/messages.ts";
import { idOf, perSite, siteOf } from "./hub-refs.ts";

const [url = "", count = "0"] = process.argv.slice(2);
const encoders = Number(count);
const client = await mqtt.connectAsync(url, { username: "bench", password: "bench" });

const topics = Array.from({ length: encoders }, (_, at) =>
  topicFor(siteOf(at), "state", { kind: "encoder", id: idOf(at) }),
);

let changes = 0;
/** Its `seq` stays 0: there are no events, and a hub asks for those that a state claims. */
function stateOf(at: number): string {
  changes += 1;
  const atMs = Date.now();
  const figure = (value: number) => ({ value, atMs, source: "device" });
  return JSON.stringify(
    encoder({
      ...{ id: idOf(at), seq: 0, atMs },
      outputs: [
        {
          ...{ id: "stream-1", state: "streaming", progress: "moving", sendQueue: "draining" },
          ...{ stream: "main", keyGeneration: 1, sinceMs: 1_700_000_000_000 },
        },
      ],
      figures: {
        temperatureC: figure(40 + (changes % 300) / 10),
        cpuUsageRatio: figure((changes % 100) / 100),
        fanSpeedRpm: figure(3_000 + (changes % 200)),
        bitrateBps: figure(6_000_000 + changes),
        framesPerSecond: figure(59.94),
      },
    }),
  );
}

for (let first = 0; first < encoders; first += perSite) {
  const site = siteOf(first);
  const inventory = Array.from({ length: perSite }, (_, at) => ({
    kind: "encoder" as const,
    id: idOf(at),
    name: `Encoder ${at}`,
  }));
  client.publish(topicFor(site, "info"), JSON.stringify(info({ site, inventory })));
  client.publish(topicFor(site, "availability"), "online");
}
for (let at = 0; at < encoders; at += 1) {
  await client.publishAsync(topics[at]!, stateOf(at));
}

let sent = 0;
/** The one that was changed by hand says that until it is changed by hand again. */
let byHand: number | undefined;
let timer: NodeJS.Timeout | undefined;
/** What is due is sent each millisecond; a late turn catches up, for up to a tenth of a second. */
function run(perSecond: number): void {
  clearInterval(timer);
  let from = performance.now();
  let due = 0;
  if (perSecond > 0)
    timer = setInterval(() => {
      const nowMs = performance.now();
      due += (Math.min(nowMs - from, 100) * perSecond) / 1_000;
      from = nowMs;
      for (; due >= 1; due -= 1) {
        const at = sent % encoders;
        if (at !== byHand) client.publish(topics[at]!, stateOf(at));
        sent += 1;
      }
    }, 1);
}

type Asked = { run: number } | { change: number } | "?";
process.on("message", (asked: Asked) => {
  if (asked !== "?" && "run" in asked) run(asked.run);
  if (asked !== "?" && "change" in asked) {
    byHand = asked.change;
    client.publish(topics[byHand]!, stateOf(byHand));
  }
  process.send?.({ sent, bitrateBps: 6_000_000 + changes, atMs: Date.now() });
});
process.on("disconnect", () => process.exit());
process.send?.({ encoders });
