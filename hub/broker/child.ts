/** Starts the broker program, restarts it with back-off when it dies, and knows its ports. */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  BrokerOptions,
  FromBroker,
  type BrokerAccount,
  type Refused,
  type ToBroker,
} from "../../config/broker-program.ts";

export type BrokerChild = {
  /** The port it really has; stays the same over restarts. */
  port: () => number;
  webSocketPort: () => number | null;
  /** For the hub itself: `port`, or where that has TLS another on loopback. */
  ownPort: () => number;
  pid: () => number | undefined;
  restarts: () => number;
  up: () => boolean;
  setAccounts(accounts: BrokerAccount[]): void;
  close(): Promise<void>;
};

export type BrokerChildEvents = {
  /** Called at each restart that was not asked for. */
  onExit?: (detail: { code: number | null; signal: string | null; retryMs: number }) => void;
  onRefused?: (refused: Refused) => void;
};

/** A broker could not be started at all, for example because its port is taken. */
export class BrokerStartError extends Error {
  override readonly name = "BrokerStartError";
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const firstRetryMs = 100;
const longestRetryMs = 10_000;
/** After this long without a crash the back-off starts again from the beginning. */
const calmMs = 60_000;
/** The broker of a killed predecessor needs a moment to notice and let go of the port. */
const portFreeMs = 4_000;

/** Built: `broker.js` beside the hub's bundle. From source: this folder's `main.ts` through tsx. */
function program(): { path: string; execArgv: string[] } {
  return import.meta.url.endsWith(".ts")
    ? { path: fileURLToPath(new URL("./main.ts", import.meta.url)), execArgv: ["--import", "tsx"] }
    : { path: fileURLToPath(new URL("./broker.js", import.meta.url)), execArgv: [] };
}

/** @throws BrokerStartError when the first start fails */
export async function startBroker(
  asked: BrokerOptions,
  events: BrokerChildEvents = {},
): Promise<BrokerChild> {
  let options = asked;
  let child: ChildProcess | undefined;
  let ports: { port: number; webSocketPort: number | null; ownPort: number } | undefined;
  let up = false;
  let closing = false;
  let restarts = 0;
  let retryMs = firstRetryMs;
  let retry: NodeJS.Timeout | undefined;

  function launch(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { path, execArgv } = program();
      const started = fork(path, [], { execArgv, stdio: ["ignore", "ignore", "inherit", "ipc"] });
      const startedAtMs = performance.now();
      let failure: BrokerStartError | undefined;
      let ready = false;
      child = started;
      started.on("message", (raw) => {
        const message = FromBroker.parse(raw);
        if (message.type === "refused") events.onRefused?.(message);
        if (message.type === "hello") say(started, { type: "start", options });
        if (message.type === "failed") {
          failure = new BrokerStartError(message.code, message.message);
        }
        if (message.type === "ready") {
          ready = true;
          up = true;
          const { port, webSocketPort, ownPort } = message;
          ports = { port, webSocketPort, ownPort };
          options = { ...options, port, ownPort };
          resolve();
        }
      });
      started.once("exit", (code, signal) => {
        up = false;
        child = undefined;
        if (!ready) {
          reject(failure ?? new BrokerStartError("broker_failed", `exit ${code ?? signal}`));
        } else if (!closing) {
          if (performance.now() - startedAtMs > calmMs) retryMs = firstRetryMs;
          events.onExit?.({ code, signal, retryMs });
          again();
        }
      });
    });
  }

  function again(): void {
    retry = setTimeout(() => {
      restarts += 1;
      launch().catch(() => {
        if (!closing) again();
      });
    }, retryMs);
    retryMs = Math.min(retryMs * 2, longestRetryMs);
  }

  const giveUpAtMs = performance.now() + portFreeMs;
  for (;;) {
    try {
      await launch();
      break;
    } catch (error) {
      const taken = error instanceof BrokerStartError && error.code === "EADDRINUSE";
      if (!taken || performance.now() > giveUpAtMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  return {
    port: () => ports?.port ?? options.port,
    webSocketPort: () => (up ? (ports?.webSocketPort ?? null) : null),
    ownPort: () => ports?.ownPort ?? options.port,
    pid: () => child?.pid,
    restarts: () => restarts,
    up: () => up,
    setAccounts: (accounts) => {
      options = { ...options, accounts };
      if (child && up) say(child, { type: "accounts", accounts });
    },
    close: async () => {
      closing = true;
      clearTimeout(retry);
      const last = child;
      if (!last) return;
      const gone = new Promise<void>((resolve) => last.once("exit", () => resolve()));
      const force = setTimeout(() => last.kill("SIGKILL"), 3_000);
      say(last, { type: "stop" });
      await gone;
      clearTimeout(force);
    },
  };
}

function say(child: ChildProcess, message: ToBroker): void {
  if (child.connected) child.send(message);
}
