import type { Bench } from "./bench.ts";
import { cpuMsOf } from "./cost.ts";
import { pause } from "./drill.ts";
import { figure, median, p99 } from "./figure.ts";
import { startHub } from "./hub-facility.ts";
import { Running } from "./processes.ts";

const changedWithinMs = 250;

/**
 * Many encoders change one after the other. The hub takes each change in, keeps it and shows it to 50
 * dashboards; beside it a program receives the same messages with the same client and parses them.
 * CPU per message is compared, window by window.
 */
export const p10: Bench = {
  name: "p10",
  about: "a hub with 50 dashboards under load, beside only receiving and parsing",
  async run({ quick, realtime, figure: tell, say }) {
    const encoders = quick ? 20_000 : 50_000;
    const perSecond = quick ? 2_000 : 10_000;
    const running = new Running({ realtime });
    try {
      const hub = await startHub(running, encoders);
      const receiver = await running.fork("test/bench/p10-receiver.ts", [hub.mqtt.url]);
      running.hurry(receiver.pid);
      const dashboards = await running.fork("test/bench/hub-dashboards.ts", [
        ...[hub.url, hub.key],
        encoders,
      ]);
      say(`the hub knows ${encoders} encoders and has 50 dashboards`);
      await hub.sites.ask({ run: perSecond });
      // A state is written within a minute: from then on the hub does all of its work.
      await pause(quick ? 3_000 : 65_000);
      await dashboards.ask();
      const us: Record<"hub" | "receiver", number[]> = { hub: [], receiver: [] };
      for (let window = 0; window < (quick ? 3 : 7); window += 1) {
        const count = async () => Number((await receiver.ask())["received"]);
        const begin = {
          received: await count(),
          hub: cpuMsOf(hub.pid),
          own: cpuMsOf(receiver.pid),
        };
        await pause(3_000);
        const messages = (await count()) - begin.received;
        us.hub.push((1_000 * (cpuMsOf(hub.pid) - begin.hub)) / messages);
        us.receiver.push((1_000 * (cpuMsOf(receiver.pid) - begin.own)) / messages);
      }
      const { agesMs, summaries } = await dashboards.ask();
      await hub.sites.ask({ run: 0 });
      if (!(Number(summaries) > 0)) throw new Error("no dashboard has heard a summary");

      const ratio = median(us.hub.map((cost, at) => cost / us.receiver[at]!));
      tell(
        figure({
          ...{ id: "p10.cpu", unit: "µs a message", value: median(us.hub) },
          against: { what: "receive + JSON.parse", value: median(us.receiver), ratio },
          goal: { ratioAtMost: 2 },
        }),
      );
      tell(
        figure({
          ...{ id: "p10.rate", unit: "messages/s of a core", value: 1e6 / median(us.hub) },
          goal: { atLeast: 20_000 },
        }),
      );
      tell(
        figure({
          ...{ id: "p10.seen.p99", unit: "ms", value: p99(agesMs as number[]) },
          goal: { atMost: changedWithinMs },
        }),
      );
    } finally {
      await running.end();
    }
  },
};
