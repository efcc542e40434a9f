import { DriverError } from "../driver.ts";
import { setBitrateStep } from "../shared/bitrate-load.ts";
import { stopPublishers } from "./publish.ts";
import { kbpsIn } from "./encoding.ts";
import { liveOf, ownPublishers, pathOf, placeOf, readPublishers, type Unit } from "./unit.ts";

/**
 * Work with less bit rate. The REST interface has no word for it; all firmware has the older keys,
 * of which the vendor's manual gives `vbitrate=256K` for 256,000 bits a second as its example.
 */
export async function setLoad(unit: Unit, step: number, signal: AbortSignal): Promise<void> {
  const { api, where, options, context, load } = unit;
  const readKbps = async () =>
    kbpsIn(await api.parameter(`get_params.cgi?vbitrate`, options.channel, signal));
  await setBitrateStep(
    {
      where,
      stateDir: context.stateDir,
      load,
      readKbps,
      async writeKbps(kbps) {
        await api.parameter(`set_params.cgi?vbitrate=${kbps}K`, options.channel, signal);
        unit.encoding.forget();
        if ((await readKbps()) !== kbps)
          throw new DriverError("failed", `${where} did not take ${kbps} kb/s`);
      },
      change: (work) => (options.bitrateChange === "live" ? work() : offAir(unit, work, signal)),
    },
    step,
  );
}

/** Those of our publishers that are not stopped are stopped for it, and started again. */
async function offAir(unit: Unit, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const { api, options, pendingStart } = unit;
  const publishers = await readPublishers(unit, signal);
  const active = ownPublishers(options).filter(
    (id) => liveOf(publishers, [id], false).state !== "idle",
  );
  if (active.length === 0) return work();
  const { timesTakenOff } = unit;
  await stopPublishers(unit, active, signal);
  const startAgain = async () => {
    // A proof that it is off, taken meanwhile, must stay true.
    if (timesTakenOff !== unit.timesTakenOff) return;
    unit.wasConnected = false;
    pendingStart.sent();
    for (const id of active)
      await api.command("POST", `${pathOf(placeOf(options, id))}/control/start`, undefined, signal);
  };
  await work().finally(startAgain);
}
