/** The processes of a bench: started for it, and gone when it ends. */
import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startMosquitto } from "../e2e/mosquitto.ts";
import { bundle } from "../setup/writer-url.ts";

const built = (file: string) => fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));
const unitFile = new URL("../../systemd/understudy-daemon.service", import.meta.url);

/** What the shipped unit gives Node: measured is what is installed. */
export function nodeFlags(): string[] {
  const start = /^ExecStart=\S*node (.*?)\S+daemon\.c?js/m.exec(
    readFileSync(unitFile, "utf8"),
  )?.[1];
  if (start === undefined) throw new Error("the unit does not start the daemon with Node");
  return start.split(" ").filter((flag) => flag !== "");
}

/** For a profiler. */
const moreFlags = () => process.env["UNDERSTUDY_BENCH_NODE_FLAGS"]?.split(" ") ?? [];

/** Everything that a bench has running. What is closed first was opened last. */
export class Running {
  readonly #ends: (() => Promise<void> | void)[] = [];
  readonly #realtime: boolean;

  /** @param realtime who is measured goes before all others on a busy machine, each side alike */
  constructor({ realtime }: { realtime: boolean }) {
    this.#realtime = realtime;
  }

  onEnd(end: () => Promise<void> | void): void {
    this.#ends.push(end);
  }

  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }

  /** Nobody listens to what it says: a pipe that is not read would stop it one day. */
  spawn(program: string, args: string[], env: Record<string, string> = {}): ChildProcess {
    return this.#keep(spawn(program, args, { stdio: "ignore", env: { ...process.env, ...env } }));
  }

  #keep(child: ChildProcess): ChildProcess {
    this.onEnd(() => ended(child));
    return child;
  }

  /** The process and what it starts from now on, where that was asked for. */
  hurry(pid: number): void {
    if (this.#realtime) execFileSync("chrt", ["--all-tasks", "--rr", "--pid", "10", String(pid)]);
  }

  /** The built daemon; resolves when it decides. Its lines are handed on as they come. */
  async daemon(config: string, onLine: (line: string) => void = () => undefined): Promise<number> {
    const args = [...nodeFlags(), ...moreFlags(), built("daemon.cjs"), "--config", config];
    return this.#serves(args, process.env, onLine);
  }

  /** The built hub. @param env more of it, such as a key @returns its process and where it serves */
  async hub(config: string, env: Record<string, string>): Promise<{ pid: number; url: string }> {
    let url = "";
    const pid = await this.#serves(
      [...moreFlags(), built("hub.js"), "--config", config],
      { ...process.env, ...env },
      (line) => void (url = /"url":"([^"]+)"/.exec(line)?.[1] ?? url),
    );
    return { pid, url };
  }

  async #serves(args: string[], env: NodeJS.ProcessEnv, onLine: (line: string) => void) {
    const child = this.#keep(
      spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] }),
    );
    await said(child, '"code":"ready"', onLine);
    this.hurry(child.pid!);
    return child.pid!;
  }

  /** A program of the bench itself, in plain Node, that speaks by messages. */
  async fork(entry: string, args: (string | number)[] = []): Promise<Speaking> {
    const { url, remove } = await bundle(entry);
    const child = fork(fileURLToPath(url), args.map(String), { execArgv: [] });
    this.onEnd(async () => {
      await ended(child);
      remove();
    });
    const hello = (await once(child, "message"))[0] as Record<string, unknown>;
    return {
      pid: child.pid!,
      hello,
      async ask(question: object | string = "?") {
        child.send(question);
        return (await once(child, "message"))[0] as Record<string, unknown>;
      },
    };
  }
}

/** A broker of its own, as a site has one at its hub. @returns the `mqtt` section of the site */
export async function startBroker(running: Running, folder: string): Promise<object> {
  const [username, password] = ["studio", "bench"];
  const acl = `user ${username}\ntopic readwrite #\n`;
  const mosquitto = await startMosquitto({ users: { [username]: password }, acl });
  running.onEnd(() => mosquitto.close());
  const file = join(folder, "mqtt-password");
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return { url: `mqtt://127.0.0.1:${mosquitto.port}`, username, password: `file:${file}` };
}

export type Speaking = {
  pid: number;
  hello: Record<string, unknown>;
  ask(question?: object | string): Promise<Record<string, unknown>>;
};

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  // A profiler writes its file at a proper end.
  child.kill("SIGTERM");
  const hurry = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await gone;
  clearTimeout(hurry);
}

/** Resolves when the process has said `sign` on stdout or stderr; rejects when it ends before. */
export function said(
  child: ChildProcess,
  sign: string,
  onLine: (line: string) => void = () => undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    const last: string[] = [];
    const hear = (data: Buffer) => {
      const lines = (text + data.toString()).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        onLine(line);
        last.splice(0, last.length - 4);
        last.push(line);
        if (line.includes(sign)) resolve();
      }
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("exit", (code) =>
      reject(new Error(`it left with ${code}: ${last.join("\n")}${text}`)),
    );
    child.once("error", reject);
  });
}
