/** One of our built programs as a child that comes back when it dies, as under systemd. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";

const backAfterMs = 2_000;

export type Program = {
  pid(): number | undefined;
  start(): void;
  /** For good. Resolves when it has ended; at once when it does not run. */
  end(withinMs: number): Promise<void>;
};

export type ProgramOptions = {
  /** As people know it. */
  name: string;
  /** Arguments of node: the built file and its flags. */
  args: () => string[];
  /** What it says is kept here. */
  logFile: string;
  /** Sees each line first; answers false for one that must not be kept. */
  onLine?: (line: string) => boolean;
  say: (line: string) => void;
};

export function openProgram({ name, args, logFile, onLine, say }: ProgramOptions): Program {
  const log = createWriteStream(logFile, { flags: "a", mode: 0o600 });
  let child: ChildProcess | undefined;
  let back: NodeJS.Timeout | undefined;

  function start(): void {
    // It ends with us even when we are killed. A session of its own: Ctrl-C is for us, and we
    // stop things in order.
    const started = spawn("setpriv", ["--pdeathsig", "KILL", process.execPath, ...args()], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        if (onLine?.(line) !== false) log.write(`${line}\n`);
      });
    }
    const ended = (how: string) => {
      if (child !== started) return;
      child = undefined;
      say(`the ${name} ended (${how}); back in ${backAfterMs / 1_000} s`);
      back = setTimeout(start, backAfterMs);
    };
    started.once("error", ({ message }) => ended(message));
    started.once("exit", (code, signal) => ended(signal ?? `exit ${code}`));
  }

  return {
    start,
    pid: () => child?.pid,
    end: async (withinMs) => {
      clearTimeout(back);
      const ending = child;
      child = undefined;
      if (ending && ending.exitCode === null && ending.signalCode === null) {
        const exit = once(ending, "exit");
        ending.kill("SIGTERM");
        const late = setTimeout(() => ending.kill("SIGKILL"), withinMs);
        await exit;
        clearTimeout(late);
      }
      log.end();
    },
  };
}
