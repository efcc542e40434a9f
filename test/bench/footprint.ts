import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { catalogue } from "../fakes/helo/parameters.ts";
import type { Bench } from "./bench.ts";
import { monoMs, pause } from "./drill.ts";
import { figure, median } from "./figure.ts";

const daemonFile = fileURLToPath(new URL("../../dist/daemon.cjs", import.meta.url));
const unitFile = new URL("../../systemd/understudy-daemon.service", import.meta.url);
/** A process has come to rest by then: its start is collected, its first polls are over. */
const settledAfterMs = 3_000;

/**
 * The built daemon with 10 idle ffmpeg and 10 idle HELO encoders and no hub, beside a Node that
 * does nothing. Ready is the moment the daemon says so: it decides from here on.
 */
export const footprint: Bench = {
  name: "footprint",
  about: "the daemon with 20 encoders: time to ready and memory, beside bare Node",
  async run({ quick, figure: tell, say }) {
    const pairs = quick ? 3 : 9;
    const folder = mkdtempSync(join(tmpdir(), "understudy-bench-"));
    const helos = await quickHelos();
    const samples: Record<"readyMs" | "rssMiB" | "bareMs" | "bareMiB", number[]> = {
      ...{ readyMs: [], rssMiB: [], bareMs: [], bareMiB: [] },
    };
    try {
      for (let pair = 1; pair <= pairs; pair++) {
        const stateDir = join(folder, `state-${pair}`);
        const config = configure(folder, stateDir, helos.boxes);
        samples.bareMs.push(await bareStartMs());
        const daemon = await measure(
          [...nodeFlags(), daemonFile, "--config", config],
          '"code":"ready"',
        );
        const bare = await measure(["-e", "console.log('up');setInterval(()=>{},1e3)"], "up");
        samples.readyMs.push(daemon.readyMs);
        samples.rssMiB.push(daemon.rssMiB);
        samples.bareMiB.push(bare.rssMiB);
        say(
          `pair ${pair}: ready ${Math.round(daemon.readyMs)} ms, ${Math.round(daemon.rssMiB)} MiB`,
        );
      }
    } finally {
      helos.close();
      rmSync(folder, { recursive: true, force: true });
    }
    const ratioOf = (mine: number[], bare: number[]) =>
      median(mine.map((value, at) => value / bare[at]!));
    tell(
      figure({
        ...{ id: "footprint.ready", unit: "ms", value: median(samples.readyMs) },
        against: {
          ...{ what: "node -e 0", value: median(samples.bareMs) },
          ratio: ratioOf(samples.readyMs, samples.bareMs),
        },
        goal: { ratioAtMost: 2 },
      }),
    );
    tell(
      figure({
        ...{ id: "footprint.rss", unit: "MiB", value: median(samples.rssMiB) },
        against: {
          ...{ what: "bare Node", value: median(samples.bareMiB) },
          ratio: ratioOf(samples.rssMiB, samples.bareMiB),
        },
        goal: { ratioAtMost: 2.3 },
      }),
    );
  },
};

function configure(folder: string, stateDir: string, helos: Address[]): string {
  mkdirSync(stateDir);
  const file = join(folder, "site.yaml");
  const key = join(folder, "stream-key");
  writeFileSync(key, "not-a-key\n", { mode: 0o600 });
  const software = Array.from({ length: 10 }, (_, at) => ({
    ...{ id: `ffmpeg-${at}`, driver: "ffmpeg", source: "camera" },
    input: { kind: "testPattern", width: 1280, height: 720, framesPerSecond: 25 },
  }));
  const hardware = helos.map(({ host, port }, at) => ({
    ...{ id: `helo-${at}`, driver: "aja-helo", host, port },
  }));
  const encoders = [...software, ...hardware];
  const pairsOf = encoders.map(({ id }, at) => [id, encoders[at + 1]?.id]);
  const used = pairsOf.filter((_, at) => at % 2 === 0);
  writeFileSync(
    file,
    stringify({
      ...{ site: "studio", stateDir, mqtt: { url: "mqtt://127.0.0.1:1" }, encoders },
      destinations: used.map((_, at) => ({
        id: `far-${at}`,
        address: `rtmp://127.0.0.1:1/live-${at}`,
        streamKey: `file:${key}`,
      })),
      streams: used.map((encoders, at) => ({
        ...{ id: `stream-${at}`, destination: `far-${at}`, encoders, autoStart: false },
      })),
    }),
  );
  return file;
}

/** What the shipped unit gives Node: measured is what is installed. */
function nodeFlags(): string[] {
  const start = /^ExecStart=\S*node (.*?)\S+daemon\.cjs/m.exec(readFileSync(unitFile, "utf8"))?.[1];
  if (start === undefined) throw new Error("the unit does not start the daemon with Node");
  return start.split(" ").filter((flag) => flag !== "");
}

type Address = { host: string; port: number };

/** Answers every parameter at once, on ten addresses: what is measured is the daemon, not a box. */
async function quickHelos(): Promise<{ boxes: Address[]; close: () => void }> {
  const values = new Map(catalogue.map(({ id, default: value }) => [id, value]));
  const idle = { SystemState: "4", ReplicatorStreamState: "1", ReplicatorRecordState: "1" };
  for (const [name, value] of Object.entries(idle)) values.set(`eParamID_${name}`, value);
  const servers = Array.from({ length: 10 }, () =>
    createServer((request, response) => {
      const ask = new URL(request.url ?? "/", "http://helo").searchParams;
      const name = ask.get("paramid") ?? "";
      if (ask.get("action") === "set") values.set(name, ask.get("value") ?? "");
      const value = values.get(name) ?? "0";
      // A HELO labels JSON as HTML.
      response.setHeader("Content-Type", "text/html");
      response.end(JSON.stringify({ paramid: "1", name, value, value_name: "" }));
    }),
  );
  const boxes = await Promise.all(
    servers.map(async (server, at) => {
      const host = `127.0.1.${at + 1}`;
      await new Promise<void>((resolve) => server.listen(0, host, resolve));
      return { host, port: (server.address() as AddressInfo).port };
    }),
  );
  return {
    boxes,
    close() {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

async function bareStartMs(): Promise<number> {
  const beginMs = monoMs();
  const child = spawn(process.execPath, ["-e", "0"], { stdio: "ignore" });
  await new Promise((resolve) => child.once("exit", resolve));
  return monoMs() - beginMs;
}

async function measure(args: string[], sign: string) {
  const beginMs = monoMs();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await said(child, sign);
    const readyMs = monoMs() - beginMs;
    await pause(settledAfterMs);
    return { readyMs, rssMiB: rssMiB(child.pid!) };
  } finally {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }
}

function said(child: ChildProcess, sign: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (data: Buffer) => {
      text += data.toString();
      if (text.includes(sign)) resolve();
    });
    child.once("exit", (code) => reject(new Error(`it left with ${code}: ${text}`)));
  });
}

function rssMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  return Number(kib) / 1_024;
}
