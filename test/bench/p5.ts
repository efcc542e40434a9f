import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { kill, until } from "../e2e/facility.ts";
import type { Bench } from "./bench.ts";
import { costsOf } from "./cost.ts";
import { pause } from "./drill.ts";
import { figure, median } from "./figure.ts";
import { allSeen } from "./journal-inputs.ts";
import { Running, startBroker } from "./processes.ts";

/**
 * The daemon carries 100 streams with an ffmpeg each. In place of each encoder stands a program
 * that keeps a connection to the far end and encodes nothing; one sender sends their progress, each
 * block to the daemon and to a process that only reads it. So both are measured at the same time.
 */
export const p5: Bench = {
  name: "p5",
  about: "100 ffmpeg encoders watched at 10 Hz, beside only reading their progress",
  async run({ quick, realtime, figure: tell, say }) {
    const encoders = quick ? 20 : 100;
    const folder = mkdtempSync(join(tmpdir(), "understudy-bench-"));
    const running = new Running({ realtime });
    running.onEnd(() => rmSync(folder, { recursive: true, force: true }));
    try {
      const mqtt = await startBroker(running, folder);
      const reader = await running.fork("test/bench/p5-reader.ts", [encoders]);
      running.hurry(reader.pid);
      const sender = await running.fork(
        "test/bench/p5-sender.ts",
        reader.hello["ports"] as number[],
      );
      // Encoders whose progress comes late are frozen ones: that is other work than watching.
      running.hurry(sender.pid);
      const config = configure(folder, {
        encoders,
        farEndPort: sender.hello["port"] as number,
        mqtt,
      });
      running.onEnd(() => endEngines(join(folder, "state")));
      const daemon = await running.daemon(config);
      await until(
        `${encoders} encoders run`,
        async () => (await sender.ask())["engines"] === encoders,
        120_000,
      );
      // Starts are told and written; the compiler has seen what comes again and again.
      await pause(quick ? 3_000 : 30_000);
      say(`${encoders} encoders on air`);
      const before = { ...(await sender.ask()), ...(await reader.ask()) } as Counts;
      const costs = await costsOf(
        { daemon: [daemon], reader: [reader.pid] },
        { windows: quick ? 3 : 9, windowMs: quick ? 2_000 : 5_000 },
      );
      const after = { ...(await sender.ask()), ...(await reader.ask()) } as Counts;
      allSeen(join(folder, "state"), { encoders, says: '"progress":"moving"' });
      const blocks = after.sent - before.sent;
      if (after.datagrams - before.datagrams < 0.99 * blocks) throw new Error("blocks were lost");

      const cores = (of: "daemon" | "reader") => median(costs[of].map((cost) => cost.cores));
      const ratio = median(costs.daemon.map((cost, at) => cost.cores / costs.reader[at]!.cores));
      tell(
        figure({
          ...{ id: "p5.watch.cpu", unit: "% of a core", value: 100 * cores("daemon") },
          against: { what: "only reading", value: 100 * cores("reader"), ratio },
          goal: { ratioAtMost: 1.5 },
        }),
      );
      tell(figure({ id: "p5.watch.blocks", unit: "blocks", value: blocks }));
    } finally {
      await running.end();
    }
  },
};

type Counts = { sent: number; datagrams: number };

function configure(
  folder: string,
  p: { encoders: number; farEndPort: number; mqtt: object },
): string {
  const file = (name: string) => join(folder, name);
  writeFileSync(file("stream-key"), "not-a-key\n", { mode: 0o600 });
  writeFileSync(file("encoder"), program, { mode: 0o755 });
  mkdirSync(file("state"));
  const ids = Array.from({ length: p.encoders }, (_, at) => String(at));
  writeFileSync(
    file("site.yaml"),
    stringify({
      site: "studio",
      stateDir: file("state"),
      mqtt: p.mqtt,
      encoders: ids.map((id) => ({
        ...{ id: `encoder-${id}`, driver: "ffmpeg", program: file("encoder") },
        input: { kind: "testPattern", width: 1280, height: 720, framesPerSecond: 25 },
        video: { bitrate: "631kbps" },
      })),
      destinations: ids.map((id) => ({
        ...{ id: `far-${id}`, streamKey: `file:${file("stream-key")}` },
        address: `rtmp://127.0.0.1:${p.farEndPort}/live-${id}`,
      })),
      streams: ids.map((id) => ({
        ...{ id: `stream-${id}`, destination: `far-${id}`, encoders: [`encoder-${id}`] },
      })),
    }),
  );
  return file("site.yaml");
}

/** Says where its progress is wanted, keeps the connection as an encoder does, and waits. */
const program = `#!/bin/bash
while [ $# -gt 0 ]; do
  [ "$1" = -progress ] && progress=$2
  address=$1
  shift
done
authority=\${address#rtmp://}
authority=\${authority%%/*}
exec 3<>"/dev/tcp/127.0.0.1/\${authority##*:}"
echo "\${address##*-} \${progress##*:}" >&3
exec sleep 86400
`;

/** The daemon leaves its engines alone when it ends. Each leads a process group. */
function endEngines(stateDir: string): void {
  const encoders = join(stateDir, "encoders");
  for (const encoder of existsSync(encoders) ? readdirSync(encoders) : []) {
    const file = join(encoders, encoder, "engines/stream-1/pid");
    const group = existsSync(file) ? Number(readFileSync(file, "utf8").split(" ")[3]) : 0;
    if (group > 1) kill(-group);
  }
}
