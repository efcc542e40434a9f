/** Keeps the broker program running beside the daemon; its death is never the daemon's. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type BrokerOptions, FromBroker, type ToBroker } from "../../config/broker-program.ts";

export type BrokerChild = {
  pid(): number | undefined;
  /** Ends a broker that runs and does nothing; it is started again like one that died. */
  kill(): void;
  close(): Promise<void>;
};

export type BrokerChildOptions = {
  /** The built program, `dist/broker.js`. */
  programUrl: URL;
  options: BrokerOptions;
  /** It listens there; the same port over every restart. */
  onUp: (port: number) => void;
  /** It ended, or could not start. Tried again after `retryMs`, for ever. */
  onDown: (why: string, retryMs: number) => void;
};

const backoffMs = { least: 250, most: 30_000 };
/** After this long without a crash the back-off starts over. */
const calmMs = 60_000;
/** A program that has not come up by then never will. */
const startWithinMs = 10_000;
const closeWithinMs = 2_000;

/**
 * A broker sees that we are gone by its closed channel, unless it is frozen: then it would keep the
 * port from the next daemon's. Of util-linux, as `flock` is.
 */
const diesWithUs = "/usr/bin/setpriv";

/** Starts it in the background: nothing here is waited for, and nothing here throws. */
export function keepBroker(p: BrokerChildOptions): BrokerChild {
  let { options } = p;
  let child: ChildProcess | undefined;
  let waitMs = backoffMs.least;
  let retry: NodeJS.Timeout | undefined;
  let closing = false;

  function start(): void {
    const startedAtMs = performance.now();
    let failure: string | undefined;
    let over = false;
    // An empty environment: what the service manager gave to the daemon is the daemon's alone.
    const started = fork(fileURLToPath(p.programUrl), [], {
      env: {},
      execPath: diesWithUs,
      execArgv: ["--pdeathsig", "KILL", "--", process.execPath],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child = started;
    const patience = setTimeout(() => {
      failure = `not ready after ${startWithinMs / 1_000} s`;
      started.kill("SIGKILL");
    }, startWithinMs);

    started.on("message", (raw) => {
      const message = FromBroker.safeParse(raw).data;
      if (message?.type === "hello") say(started, { type: "start", options });
      if (message?.type === "failed") failure = message.message;
      if (message?.type !== "ready") return;
      clearTimeout(patience);
      options = { ...options, port: message.port };
      p.onUp(message.port);
    });
    const ended = (why: string): void => {
      if (over) return;
      over = true;
      clearTimeout(patience);
      child = undefined;
      if (closing) return;
      if (performance.now() - startedAtMs > calmMs) waitMs = backoffMs.least;
      p.onDown(failure ?? why, waitMs);
      retry = setTimeout(start, waitMs);
      waitMs = Math.min(waitMs * 2, backoffMs.most);
    };
    started.once("error", (error) => ended(error.message));
    started.once("exit", (code, signal) => ended(`ended with ${code ?? signal}`));
  }

  start();
  return {
    pid: () => child?.pid,
    kill: () => void child?.kill("SIGKILL"),
    async close() {
      closing = true;
      clearTimeout(retry);
      const last = child;
      if (!last) return;
      const gone = new Promise<void>((resolve) => last.once("exit", () => resolve()));
      const force = setTimeout(() => last.kill("SIGKILL"), closeWithinMs);
      say(last, { type: "stop" });
      await gone;
      clearTimeout(force);
    },
  };
}

function say(child: ChildProcess, message: ToBroker): void {
  // A broker that dies at this moment is seen by its exit.
  if (child.connected) child.send(message, () => undefined);
}
