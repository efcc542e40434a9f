import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Bench } from "./bench.ts";
import { tellCosts } from "./beside-prometheus.ts";
import { allSeen } from "./journal-inputs.ts";
import { Running, startBroker } from "./processes.ts";
import { startPrometheus } from "./prometheus.ts";

type Box = { host: string; port: number };

/**
 * The daemon polls 300 boxes each second: parses, judges, journals and publishes. Debian's
 * Prometheus scrapes the same numbers from the same web servers at the same time.
 */
export const p6: Bench = {
  name: "p6",
  about: "300 HTTP devices polled each second, beside Prometheus scraping the same values",
  async run(options) {
    const { quick, realtime, say } = options;
    const count = quick ? 60 : 300;
    const folder = mkdtempSync(join(tmpdir(), "understudy-bench-"));
    const stateDir = join(folder, "state");
    mkdirSync(stateDir);
    const running = new Running({ realtime });
    running.onEnd(() => rmSync(folder, { recursive: true, force: true }));
    try {
      const devices = await running.fork("test/bench/p6-devices.ts", [count]);
      // A box that answers late is not what is measured.
      running.hurry(devices.pid);
      const boxes = devices.hello["boxes"] as Box[];
      say(`${count} boxes with ${String(devices.hello["values"])} values each`);
      const site = join(folder, "site.yaml");
      writeFileSync(
        site,
        stringify({
          ...{ site: "studio", stateDir, mqtt: await startBroker(running, folder) },
          encoders: boxes.map(({ host, port }, at) => ({
            ...{ id: `box-${at}`, driver: "magewell", host, port },
            ...{ polling: { normal: "1s" }, burstLimit: 1_000 },
          })),
          ...{ destinations: [], streams: [] },
        }),
      );
      const daemon = await running.daemon(site);
      const prometheus = await startPrometheus(running, folder, {
        static_configs: [{ targets: boxes.map(({ host, port }) => `${host}:${port}`) }],
      });
      await tellCosts(options, {
        id: "p6",
        ours: [daemon],
        theirs: { name: "Prometheus", pids: [prometheus.pid] },
        atMost: { cpu: 1, rss: 1 },
        asked: async () => (await devices.ask()) as { polls: number; scrapes: number },
        perSecond: count,
      });
      allSeen(stateDir, { encoders: count, says: '"progress":"moving"' });
      const up = await prometheus.targetsUp();
      if (up !== count) throw new Error(`Prometheus reaches ${up} of ${count} boxes`);
    } finally {
      await running.end();
    }
  },
};
