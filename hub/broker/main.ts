/**
 * The broker program: a child of the hub (or of a site) with an event loop of its own, so that a
 * slow subscriber never delays ingest. It takes its options over IPC and ends with its parent.
 */
import { openBroker, type Broker } from "./broker.ts";
import { ToBroker, type FromBroker, type Refused } from "../../config/broker-program.ts";

let broker: Broker | undefined;
let stopping = false;

function tell(message: FromBroker): void {
  process.send?.(message);
}

/** Of a flood so many a second are told: the rest would only keep the parent from its work. */
const mostRefusedPerSecond = 20;
function tellRefused(): (refused: Refused) => void {
  let [count, sinceMs] = [0, 0];
  return (refused) => {
    const nowMs = performance.now();
    if (nowMs - sinceMs >= 1_000) [count, sinceMs] = [0, nowMs];
    count += 1;
    if (count <= mostRefusedPerSecond) tell({ type: "refused", ...refused });
  };
}

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  // A client that does not say goodbye must not keep us: the parent has a new broker to start.
  setTimeout(() => process.exit(0), 1_000).unref();
  await broker?.close();
  process.exit(0);
}

async function obey(raw: unknown): Promise<void> {
  const message = ToBroker.parse(raw);
  if (message.type === "stop") return stop();
  if (message.type === "accounts") return broker?.setAccounts(message.accounts);
  try {
    broker = await openBroker(message.options, tellRefused());
    const { port, webSocketPort, ownPort } = broker;
    tell({ type: "ready", port, webSocketPort, ownPort });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "broker_failed";
    tell({ type: "failed", code, message: error instanceof Error ? error.message : "unknown" });
    process.disconnect?.();
    process.exitCode = 1;
  }
}

if (!process.send) {
  process.stderr.write("the broker is started by the hub or by a site, not by hand\n");
  process.exit(2);
}
process.on("message", (raw) => void obey(raw));
process.on("disconnect", () => void stop());
process.on("SIGTERM", () => void stop());
// Ctrl-C reaches the whole group; the parent decides the order of stopping.
process.on("SIGINT", () => undefined);
tell({ type: "hello" });
