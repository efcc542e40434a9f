import { z } from "zod";
import { DriverError } from "../driver.ts";
import { setBitrateStep } from "../shared/bitrate-load.ts";
import { liveOf } from "./sessions.ts";
import { existing, stopServers } from "./publish.ts";
import { serversAtStake, switchServer } from "./servers.ts";
import { isBusyWithItself, readSettings, readStatus, type Unit } from "./unit.ts";

/** All that `set-video` documents: what is left out of it might be lost. */
const parameters = [
  ...["is-auto", "cx", "cy", "duration", "kbps", "gop", "fourcc", "profile", "cbrstat"],
  ...["fullrange", "codec", "is-vbr", "min-vbr-qp", "max-vbr-qp"],
] as const;
/** Without these it cannot be said again what the stream is made as. */
const Needed = z.object({
  ...{ "is-auto": z.number(), cx: z.number(), cy: z.number(), duration: z.number() },
  ...{ kbps: z.int().positive(), gop: z.number(), profile: z.number(), codec: z.number() },
});
const Settings = z.object({ "main-stream": z.looseObject(Needed.shape) });

/**
 * Work with less bit rate, by `set-video` (the vendor's API pages for Ultra Encode), which takes all
 * parameters of the main stream at once: the others are sent as the box tells them.
 */
export async function setLoad(unit: Unit, step: number, signal: AbortSignal): Promise<void> {
  const { usapi, where, options, context, load } = unit;
  usapi.beginCall();
  const mainStream = async () => {
    const settings = Settings.safeParse(await usapi.read("get-settings", signal)).data;
    if (settings) return settings["main-stream"];
    throw new DriverError("notPossible", `${where} does not tell all of its main stream`);
  };
  await setBitrateStep(
    {
      where,
      stateDir: context.stateDir,
      load,
      readKbps: async () => (await mainStream()).kbps,
      async writeKbps(kbps) {
        const now: Record<string, unknown> = await mainStream();
        const told = parameters.flatMap((name) => {
          const value = now[name];
          return typeof value === "number" ? [[name, value] as const] : [];
        });
        const wanted = { ...Object.fromEntries(told), kbps };
        await usapi.command("set-video", { stream: 0, ...wanted }, signal);
        if ((await mainStream()).kbps !== kbps)
          throw new DriverError("failed", `${where} did not take ${kbps} kb/s`);
      },
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
