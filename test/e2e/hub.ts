/** The built hub as a process of its own, open to this machine, for sites that really connect. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { until } from "./facility.ts";

const program = new URL("../../dist/hub.js", import.meta.url).pathname;

export type Json = Record<string, unknown>;

export class Hub {
  url = "";
  mqttPort = 0;
  /** Where `grpc` stands in its config. */
  grpcUrl = "";
  #port = "0";
  #child: ChildProcess | undefined;
  readonly stateDir = mkdtempSync(join(tmpdir(), "understudy-e2e-hub-"));
  readonly #config: string | undefined;
  readonly #isClosed: boolean;
  /** Of a hub that is not open to this machine, as it tells it at its first start. */
  adminKey = "";

  private constructor(config: string | undefined, isClosed: boolean) {
    this.#config = config;
    this.#isClosed = isClosed;
  }

  /** @param config a `hub.yaml` under the flags; without one, its own broker is open to all */
  static async start(config?: string, { isClosed = false } = {}): Promise<Hub> {
    const hub = new Hub(config, isClosed);
    try {
      await hub.start();
    } catch (error) {
      await hub.close();
      throw error;
    }
    return hub;
  }

  /** Again on the same ports and the same database. */
  async start(...more: string[]): Promise<void> {
    const child = spawn(
      process.execPath,
      [
        ...[program, "--port", this.#port, "--mqtt-port", String(this.mqttPort)],
        ...["--state-dir", this.stateDir],
        ...more,
        ...(this.#isClosed ? [] : ["--demo-open"]),
        ...(this.#config === undefined ? ["--mqtt-anonymous"] : ["--config", this.#config]),
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#child = child;
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const line = await until("the hub is ready", () => {
      if (child.exitCode !== null) throw new Error(`the hub ended:\n${text}`);
      return text.split("\n").find((l) => l.includes('"code":"ready"'));
    });
    this.adminKey = /only this once: (\S+)/.exec(text)?.[1] ?? this.adminKey;
    const ready = JSON.parse(line) as { url: string; mqttUrl: string; grpcUrl?: string };
    this.grpcUrl = ready.grpcUrl ?? "";
    this.url = ready.url;
    this.#port = new URL(ready.url).port;
    this.mqttPort = Number(new URL(ready.mqttUrl).port);
  }

  async ask(method: string, path: string, body?: object, headers: object = {}) {
    const reply = await fetch(this.url + path, {
      method,
      headers: { ...(body && { "content-type": "application/json" }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: reply.status, body: (await reply.json()) as Json };
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Pid of its broker, the hub's only child. */
  brokerPid(): number {
    const pid = this.#child?.pid ?? 0;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    const broker = Number(children.trim().split(" ")[0]);
    if (!(broker > 1)) throw new Error("the hub has no child");
    return broker;
  }

  async get(path: string): Promise<Json> {
    const reply = await fetch(this.url + path);
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    return (await reply.json()) as Json;
  }

  /** A command; answers with its end, done or refused, when that comes within 30 s. */
  async command(of: string, verb: string, args?: object, also: object = {}): Promise<Json> {
    const reply = await fetch(`${this.url}/api/${of}/commands`, {
      method: "POST",
      headers: { "content-type": "application/json", prefer: "wait=30" },
      body: JSON.stringify({ verb, ...(args && { args }), ...also }),
    });
    return (await reply.json()) as Json;
  }

  /** Until this encoder could take over `main`, by what came since then (wall clock, ms). */
  async untilStandsBy(encoder: string, sinceMs: number): Promise<void> {
    type Stream = {
      ref: string;
      receivedAt: string;
      understudies?: { encoder: string; is: string }[];
    };
    await until(`${encoder} stands by`, async () => {
      const streams = (await this.get("/api/streams"))["items"] as Stream[];
      const main = streams.find(({ ref }) => ref.endsWith("~main"));
      const one = main?.understudies?.find((each) => each.encoder === encoder);
      return (
        Date.parse(main?.receivedAt ?? "") >= sinceMs && one !== undefined && one.is !== "none"
      );
    });
  }

  /** Everything the hub has stored of one site, oldest first. */
  async events(site = "studio"): Promise<Json[]> {
    const found: Json[] = [];
    for (let cursor = ""; ;) {
      const page = await this.get(`/api/events?site=${site}&limit=500${cursor}`);
      found.push(...(page["items"] as Json[]));
      const next = page["nextCursor"];
      if (typeof next !== "string") return found.reverse();
      cursor = `&cursor=${encodeURIComponent(next)}`;
    }
  }

  async close(): Promise<void> {
    await this.kill();
    const beside = dirname(this.stateDir);
    // A restore keeps what was there beside it: `<folder>.before-<time>`.
    for (const name of readdirSync(beside)) {
      if (!name.startsWith(basename(this.stateDir))) continue;
      rmSync(join(beside, name), { recursive: true, force: true });
    }
  }
}
