import { once } from "node:events";
import mqtt from "mqtt";
import { io } from "socket.io-client";
import { WebSocket } from "ws";
import { topicFor } from "../../machines/contract.ts";
import { encoder } from "../hub/messages.ts";
import type { Bench } from "./bench.ts";
import { pause } from "./drill.ts";
import { figure, median, p99 } from "./figure.ts";
import { startHub } from "./hub-facility.ts";
import { idOf, refOf, siteOf } from "./hub-refs.ts";
import { Running } from "./processes.ts";

const [encoders, watched] = [1_000, 42];

/**
 * From a site's publishing a change to a dashboard's having it, with 50 more dashboards connected.
 * The limit is taken in turns with it: the same bytes through the same broker, over a bare WebSocket.
 */
export const p12: Bench = {
  name: "p12",
  about: "from a change to a dashboard, beside two MQTT hops and one WebSocket hop",
  async run({ quick, realtime, figure: tell, say }) {
    const running = new Running({ realtime });
    try {
      const hub = await startHub(running, encoders);
      await running.fork("test/bench/hub-dashboards.ts", [hub.url, hub.key, encoders]);
      const bare = await running.fork("test/bench/p12-bare.ts", [hub.mqtt.url]);
      const { username, password } = hub.mqtt;
      const site = await mqtt.connectAsync(hub.mqtt.url, { username, password });
      running.onEnd(() => site.endAsync(true));
      let heard: (seq: number) => void = () => undefined;

      const dashboard = io(hub.url, { transports: ["websocket"], auth: { token: hub.key } });
      running.onEnd(() => void dashboard.close());
      dashboard.on("rows", ({ items }: { items: { seq: number }[] }) => heard(items[0]?.seq ?? 0));
      const encoder_ids = [refOf(watched)];
      await dashboard.emitWithAck("subscribe", { encoder_ids, summary: true });
      const socket = new WebSocket(`ws://127.0.0.1:${String(bare.hello["port"])}`);
      running.onEnd(() => socket.terminate());
      socket.on("message", (data: Buffer) => {
        heard((JSON.parse(data.toString()) as { seq: number }).seq);
      });
      await once(socket, "open");

      const state = { kind: "encoder" as const, id: idOf(watched) };
      const topics = [topicFor(siteOf(watched), "state", state), "bare/state"] as const;
      let seq = 1_000_000;
      const after = async (topic: string): Promise<number> => {
        seq += 1;
        const sent = seq;
        const payload = JSON.stringify(encoder({ id: state.id, seq, atMs: Date.now() }));
        const arrived = new Promise<void>((resolve) => {
          heard = (got) => got === sent && resolve();
        });
        const sentAtMs = performance.now();
        site.publish(topic, payload);
        await arrived;
        return performance.now() - sentAtMs;
      };
      const ms: [number[], number[]] = [[], []];
      for (let sample = -20; sample < (quick ? 50 : 400); sample += 1) {
        for (const side of [0, 1] as const) {
          const took = await after(topics[side]);
          if (sample >= 0) ms[side].push(took);
          await pause(4);
        }
      }
      say(`${ms[0].length} changes`);
      for (const [name, of, goal] of [
        ["p50", median, undefined],
        ["p99", p99, { ratioAtMost: 3 }],
      ] as const) {
        const against = { what: "bare hops", value: of(ms[1]) };
        tell(
          figure({
            ...{ id: `p12.${name}`, unit: "ms", value: of(ms[0]), against },
            ...(goal && { goal }),
          }),
        );
      }
    } finally {
      await running.end();
    }
  },
};
