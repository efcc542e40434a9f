import { DriverError } from "../driver.ts";
import { setBitrateStep } from "../shared/bitrate-load.ts";
import { changeMainStream, readMainStream } from "./main-stream.ts";
import { liveOf } from "./sessions.ts";
import { existing, stopServers } from "./publish.ts";
import { serversAtStake, switchServer } from "./servers.ts";
import { isBusyWithItself, readSettings, readStatus, type Unit } from "./unit.ts";

/** Work with less bit rate, by `set-video` (the vendor's API pages for Ultra Encode). */
export async function setLoad(unit: Unit, step: number, signal: AbortSignal): Promise<void> {
  const { usapi, where, options, context, load } = unit;
  usapi.beginCall();
  await setBitrateStep(
    {
      where,
      stateDir: context.stateDir,
      load,
      readKbps: async () => (await readMainStream(unit, signal)).kbps,
      writeKbps: (kbps) => changeMainStream(unit, { kbps }, signal),
      change: (work) => (options.bitrateChange === "live" ? work() : offAir(unit, work, signal)),
    },
    step,
  );
}

/** Its session is stopped for it, and the entries that were switched on are so again. */
async function offAir(unit: Unit, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const { usapi, where, pendingStart } = unit;
  const status = await readStatus(unit, signal);
  if (isBusyWithItself(status))
    throw new DriverError("notPossible", `${where} is starting up, updating or going down`);
  const { servers } = await readSettings(unit, signal);
  const ids = existing(serversAtStake(unit, servers), servers);
  if (liveOf(status, ids, false).state === "idle") return work();
  const inUse = servers.filter((entry) => ids.includes(entry.id) && entry["is-use"]);
  const { timesTakenOff } = unit;
  await stopServers(unit, ids, signal);
  const startAgain = async () => {
    // A proof that it is off, taken meanwhile, must stay true.
    if (timesTakenOff !== unit.timesTakenOff) return;
    for (const { id } of inUse) await switchServer(unit, id, 1, signal);
    unit.wasConnected = false;
    pendingStart.sent();
    await usapi.command("start-live", {}, signal);
  };
  await work().finally(startAgain);
}
