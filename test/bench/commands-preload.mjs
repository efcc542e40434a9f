/**
 * Loaded into the daemon under test (`node --import`): notes when a command leaves it, from Node's
 * own diagnostics channels, so that the daemon needs no code for it and runs as it is installed.
 * One JSON line per command in the file $UNDERSTUDY_BENCH_COMMANDS; `monoMs` is CLOCK_MONOTONIC.
 * Only program names and the stream commands of a HELO are written: other requests carry keys.
 */
import { appendFileSync } from "node:fs";
import { subscribe } from "node:diagnostics_channel";
import { Socket } from "node:net";
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
  // The shell that forks for the daemon is asked through its standard input.
  const write = Socket.prototype.write;
  Socket.prototype.write = function (chunk, ...more) {
    const accepted = write.call(this, chunk, ...more);
    if (typeof chunk === "string" && chunk.startsWith("launch ")) note({ what: "launch" });
    return accepted;
  };
  subscribe("http.client.request.start", (message) => {
    const { request } = /** @type {{ request: { path?: string } }} */ (message);
    const value = /paramid=eParamID_ReplicatorCommand&value=(\d)/.exec(request.path ?? "")?.[1];
    if (value === "3") note({ what: "heloStart" });
    if (value === "4") note({ what: "heloStop" });
  });
}
