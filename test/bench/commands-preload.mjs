/**
 * Loaded into the daemon under test (`node --import`): notes when a command leaves it, from Node's
 * own diagnostics channels, so that the daemon needs no code for it and runs as it is installed.
 * One JSON line per command in the file $UNDERSTUDY_BENCH_COMMANDS; `monoMs` is CLOCK_MONOTONIC.
 * Only program names and the stream commands of a HELO are written: other requests carry keys.
 */
import { appendFileSync } from "node:fs";
import { subscribe } from "node:diagnostics_channel";
import { isMainThread } from "node:worker_threads";

const file = process.env["UNDERSTUDY_BENCH_COMMANDS"];

/** @param {{ what: string }} command */
function note(command) {
  if (file === undefined) return;
  const monoMs = Number(process.hrtime.bigint() / 1000n) / 1000;
  // Written later: the command must not wait for our file.
  setImmediate(() => appendFileSync(file, `${JSON.stringify({ ...command, monoMs })}\n`));
}

if (isMainThread && file !== undefined) {
  // Published when the object is made; when the microtask runs, `spawn` has returned.
  subscribe("child_process", (message) => {
    const { process: child } = /** @type {{ process: { spawnargs?: string[] } }} */ (message);
    queueMicrotask(() => {
      const launcher = child.spawnargs?.[1] ?? "";
      if (launcher.endsWith("/launcher.sh")) note({ what: "launch" });
    });
  });
  subscribe("http.client.request.start", (message) => {
    const { request } = /** @type {{ request: { path?: string } }} */ (message);
    const value = /paramid=eParamID_ReplicatorCommand&value=(\d)/.exec(request.path ?? "")?.[1];
    if (value === "3") note({ what: "heloStart" });
    if (value === "4") note({ what: "heloStop" });
  });
}
