import { fstatSync } from "node:fs";
import { createRequire } from "node:module";

type Notify = (state: string) => void;

/**
 * Tells systemd how we are, through its datagram socket; does nothing where there is none. The
 * native sender is optional: without it the unit must not be Type=notify, and we say so.
 */
export function openSystemd(
  env: NodeJS.ProcessEnv,
  warn: (message: string) => void,
): {
  notify: Notify;
  /** Half of the time systemd waits for a sign of life, ms; undefined = it does not wait. */
  watchdogEveryMs: number | undefined;
  close(): void;
} {
  const path = env["NOTIFY_SOCKET"];
  const watchdogUs = Number(env["WATCHDOG_USEC"] ?? "");
  const watchdogEveryMs = watchdogUs > 0 ? watchdogUs / 2000 : undefined;
  const none = { notify: () => undefined, watchdogEveryMs: undefined, close: () => undefined };
  if (path === undefined || path === "") return none;
  let socket: UnixDgram;
  try {
    const load = createRequire(import.meta.url);
    socket = (load("unix-dgram") as { createSocket: (type: string) => UnixDgram }).createSocket(
      "unix_dgram",
    );
  } catch (cause) {
    warn(`systemd cannot be told that we are ready: unix-dgram does not load (${String(cause)})`);
    return none;
  }
  socket.on("error", (error) => warn(`systemd was not told: ${error.message}`));
  const address = path.startsWith("@") ? `\0${path.slice(1)}` : path;
  return {
    notify(state) {
      const message = Buffer.from(state);
      socket.send(message, 0, message.length, address);
    },
    watchdogEveryMs,
    close: () => socket.close(),
  };
}

/**
 * Whether what is written to this descriptor goes to journald. `JOURNAL_STREAM` alone says nothing:
 * it is inherited by programs whose output was sent elsewhere, so device and inode are compared
 * (systemd.exec(5)).
 */
export function goesToJournal(fd: number, env: NodeJS.ProcessEnv): boolean {
  const given = env["JOURNAL_STREAM"];
  if (given === undefined) return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return given === `${dev}:${ino}`;
  } catch {
    return false; // a descriptor that is closed goes nowhere
  }
}

type UnixDgram = {
  on(event: "error", listener: (error: Error) => void): void;
  send(message: Buffer, offset: number, length: number, path: string): void;
  close(): void;
};
