import { DriverError, type DriverContext, type EncoderDriver } from "../driver.ts";
import type { Http } from "../shared/http/http.ts";
import { setLoad } from "./load.ts";
import { withTextIds, type EpiphanPearlOptions } from "./options.ts";
import { openPoll } from "./poll.ts";
import { proveOff } from "./prove-off.ts";
import { startOutput, stopOutput } from "./publish.ts";
import { reboot } from "./reboot.ts";
import { setRecording } from "./recording.ts";
import { applySettings } from "./settings.ts";
import { openUnit } from "./unit.ts";

/**
 * One channel of an Epiphan Pearl (2, Mini, Nano) over its REST interface v2.0, or the older one
 * where the firmware has no other. One request is on the wire at a time. Whether the box starts a
 * publisher by itself cannot be read for sure: `selfStart` is left out, and a proof holds only
 * where the key was taken out (see `proveOff`). It tells nothing of its inputs' signal.
 * Outputs: `stream-1`, and `record-1`, which only a person starts and stops.
 */
export function openEpiphanPearl(
  context: DriverContext,
  options: EpiphanPearlOptions,
  http?: Http,
): EncoderDriver {
  const unit = openUnit(context, withTextIds(options), http);
  return {
    poll: openPoll(unit),
    startOutput: (output, target, signal) => startOutput(unit, output, target, signal),
    stopOutput: (output, forgetKey, signal) => stopOutput(unit, output, forgetKey, signal),
    proveOff: async (output, _address, signal) => proveOff(unit, output, signal),
    reboot: (signal) => reboot(unit, signal),
    setLoad: (step, signal) => setLoad(unit, step, signal),
    applySettings: (settings, signal) => applySettings(unit, settings, signal),
    startRecording: (signal) => setRecording(unit, true, signal),
    stopRecording: (signal) => setRecording(unit, false, signal),
    async ownSelfStart() {
      const why = "what it would start by itself can neither be read nor switched off";
      throw new DriverError("notPossible", `${unit.where}: ${why}`);
    },
    async close() {
      unit.api.close();
    },
  };
}
