/** Mosquitto's own programs: a subscriber that is not ours, and a broker that is not ours. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./facility.ts";

export type Heard = { topic: string; payload: string; retained: boolean };

export type Subscriber = { heard: Heard[]; last(topic: string): string | undefined } & Closable;
type Closable = { close(): Promise<void> };

/** A real `mosquitto_sub`; it connects again by itself when its broker comes back. */
export function subscribe(p: {
  port: number;
  login?: { username: string; password: string };
  filter: string;
}): Subscriber {
  const heard: Heard[] = [];
  const child = spawn("mosquitto_sub", [
    ...["-h", "127.0.0.1", "-p", String(p.port)],
    ...(p.login ? ["-u", p.login.username, "-P", p.login.password] : []),
    ...["-q", "1", "-t", p.filter, "-F", "%r %t %p"],
  ]);
  let rest = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, retained, topic = "", payload = ""] = /^([01]) (\S+) ?(.*)$/.exec(line) ?? [];
      heard.push({ topic, payload, retained: retained === "1" });
    }
  });
  return {
    heard,
    last: (topic) => heard.findLast((message) => message.topic === topic)?.payload,
    close: () => ended(child),
  };
}

/** A real mosquitto with a password file and an access list; port 0 is not something it knows. */
export async function startMosquitto(p: {
  users: Record<string, string>;
  /** In mosquitto's own words. */
  acl: string;
  /** More lines of its config, each with its end. */
  more?: string;
}): Promise<{ port: number; kill(): Promise<void>; start(): Promise<void> } & Closable> {
  const folder = mkdtempSync(join(tmpdir(), "understudy-e2e-mosquitto-"));
  const file = (name: string) => join(folder, name);
  writeFileSync(file("passwords"), "");
  for (const [user, password] of Object.entries(p.users)) {
    execFileSync("mosquitto_passwd", ["-b", file("passwords"), user, password]);
  }
  writeFileSync(file("acl"), p.acl);
  const port = await freePort();
  writeFileSync(
    file("conf"),
    `listener ${port} 127.0.0.1\nallow_anonymous false\nuser root\n` +
      `password_file ${file("passwords")}\nacl_file ${file("acl")}\n${p.more ?? ""}`,
  );
  for (const name of ["passwords", "acl"]) chmodSync(file(name), 0o600);
  let child: ChildProcess | undefined;
  async function start(): Promise<void> {
    const started = spawn("/usr/sbin/mosquitto", ["-c", file("conf")]);
    child = started;
    let text = "";
    started.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await until("mosquitto runs", () => {
      if (started.exitCode !== null) throw new Error(`mosquitto ended:\n${text}`);
      return text.includes(" running");
    });
  }
  await start();
  const kill = () => ended(child, "SIGKILL");
  return {
    port,
    start,
    kill,
    close: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ended(child: ChildProcess | undefined, signal: NodeJS.Signals = "SIGTERM") {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
