import { DriverError, type DriverContext, type EncoderDriver } from "../driver.ts";
import type { Http } from "../shared/http/http.ts";
import { setLoad } from "./load.ts";
import type { MagewellOptions } from "./options.ts";
import { openPoll } from "./poll.ts";
import { proveOff } from "./prove-off.ts";
import { startOutput, stopOutput } from "./publish.ts";
import { reboot } from "./reboot.ts";
import { setRecording } from "./recording.ts";
import { applySettings } from "./settings.ts";
import { openUnit } from "./unit.ts";

/**
 * Magewell Ultra Encode and Ultra Stream over `usapi`. One request is on the wire at a time. What
 * the box does by itself after a power cycle cannot be read: `selfStart` is left out, and a proof
 * holds only where the key was taken out (see `proveOff`).
 * Outputs: `stream-1`, and `record-1`, which only a person starts and stops.
 */
export function openMagewell(
  context: DriverContext,
  options: MagewellOptions,
  http?: Http,
): EncoderDriver {
  const unit = openUnit(context, options, http);
  return {
    poll: openPoll(unit),
    startOutput: (output, target, signal) => startOutput(unit, output, target, signal),
    stopOutput: (output, forgetKey, signal) => stopOutput(unit, output, forgetKey, signal),
    proveOff: async (output, address, signal) => proveOff(unit, output, address, signal),
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
      unit.usapi.close();
    },
  };
}
