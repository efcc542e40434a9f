/**
 * One small shell beside the daemon forks for it. A fork copies the page tables of whoever forks:
 * 5 ms of standstill in a daemon of 100 MB, a tenth of it in a shell (measured), and the process
 * that decides must not stand still when an encoder has just died.
 */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createInterface } from "node:readline";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";

/**
 * Reads requests from its input and ends with it, so it never outlives the daemon:
 *
 *   lock <id> <patience, s> <path>   answers `<id> free`, `<id> held`, or `<id> <what is wrong>`
 *   launch <id> <n>                  followed by n lines, one argument each
 *
 * What is launched leads a session of its own. It may say `<id> <why it gave up>` on descriptor 8,
 * and closes that before it begins its work.
 */
const script = `
while read -r verb id number path; do
  case $verb in
  lock)
    {
      if command exec 9<"$path"; then
        if [ "$number" = 0 ]; then flock -n 9; else flock -w "$number" 9; fi
        case $? in
        0) echo "$id free" ;;
        1) echo "$id held" ;;
        *) echo "$id flock does not work" ;;
        esac
      else
        echo "$id the lock cannot be opened"
      fi
    } &
    ;;
  launch)
    set --
    while [ "$number" -gt 0 ]; do
      IFS= read -r argument || exit
      set -- "$@" "$argument"
      number=$((number - 1))
    done
    setsid "$@" 8>&1 </dev/null >/dev/null 2>&1 &
    ;;
  esac
done`;

type Shell = ChildProcessByStdio<Writable, Readable, null>;

export type Launch = {
  /** What it said before its work began, if it could not begin. */
  gaveUp(): string | undefined;
  /** It has begun, or nobody waits for it any more. */
  forget(): void;
};

export class SmallShell {
  #shell: Shell | undefined;
  #asked = 0;
  readonly #waiting = new Map<string, (answer: string) => void>();

  /** Starts it, or a new one when it was killed, so that the first who needs it does not wait. */
  warm(): Shell {
    if (this.#shell) return this.#shell;
    const shell = spawn("/bin/sh", ["-c", script], {
      stdio: ["pipe", "pipe", "ignore"],
      // Out of reach of a Ctrl-C in the daemon's terminal.
      detached: true,
      cwd: "/",
      // Nothing of our environment: it may hold secrets, and systemd's socket is not for them.
      env: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
    });
    this.#shell = shell;
    const lost = (why: string) => {
      if (this.#shell === shell) this.#shell = undefined;
      const waiting = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const answer of waiting) answer(why);
    };
    shell.once("error", ({ message }) => lost(message));
    shell.once("exit", () => lost("the shell that forks for us is gone"));
    shell.stdin.on("error", ({ message }) => lost(message));
    createInterface({ input: shell.stdout }).on("line", (line) => this.#answered(line));
    // It must not keep the daemon alive.
    shell.unref();
    for (const pipe of [shell.stdin, shell.stdout]) (pipe as Socket).unref();
    return shell;
  }

  /** What it forks to wait for a lock has that open as well, and is of its own group. */
  leads(group: number | undefined): boolean {
    return group !== undefined && group === this.#shell?.pid;
  }

  #answered(line: string): void {
    const [id = "", ...answer] = line.split(" ");
    this.#waiting.get(id)?.(answer.join(" "));
    this.#waiting.delete(id);
  }

  /**
   * Tries an flock for real and lets go of it at once. Rejects when that cannot be done; then
   * nothing is known of the lock.
   * @param withinMs how long to wait for it; 0 = only try
   * @returns false also when `signal` aborts
   */
  lockIsFree(path: string, withinMs: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false);
    const id = `lock-${(this.#asked += 1)}`;
    return new Promise((resolve, reject) => {
      const stop = () => resolve(false);
      signal?.addEventListener("abort", stop, { once: true });
      this.#ask(id, [`lock ${id} ${withinMs / 1_000} ${path}`], (answer) => {
        signal?.removeEventListener("abort", stop);
        if (answer === "free" || answer === "held") resolve(answer === "free");
        else reject(new Error(answer));
      });
    });
  }

  /** Starts a program that outlives us, and does not wait for it. */
  launch(id: string, command: readonly string[]): Launch {
    let why: string | undefined;
    this.#ask(id, [`launch ${id} ${command.length}`, ...command], (answer) => (why = answer));
    return { gaveUp: () => why, forget: () => void this.#waiting.delete(id) };
  }

  #ask(id: string, lines: readonly string[], answered: (answer: string) => void): void {
    // A line break would begin another request.
    if (lines.some((line) => /[\n\0]/.test(line))) throw new Error("a line break in an argument");
    this.#waiting.set(id, answered);
    this.warm().stdin.write(`${lines.join("\n")}\n`);
  }
}

export const smallShell = new SmallShell();
