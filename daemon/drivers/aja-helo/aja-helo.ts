import type { DriverContext, EncoderDriver } from "../driver.ts";
import { setLoad } from "./cooling.ts";
import type { AjaHeloOptions } from "./options.ts";
import type { Http } from "../shared/http/http.ts";
import { listClips } from "./clips.ts";
import { openPoll } from "./poll.ts";
import { proveOff } from "./prove-off.ts";
import { startOutput, stopOutput } from "./publish.ts";
import { recallPreset } from "./presets.ts";
import { selectProfile } from "./select-profile.ts";
import { recordLight } from "./record-light.ts";
import { releaseMedium } from "./release-medium.ts";
import { recordTo } from "./record-path.ts";
import { startRecording, stopRecording } from "./recording.ts";
import { reboot } from "./reboot.ts";
import { ownSelfStart } from "./self-start.ts";
import { applySettings } from "./settings.ts";
import { openUnit } from "./unit.ts";

/**
 * AJA HELO (classic, firmware 4.3) over its REST interface. One request is on the wire at a time,
 * beside the one long wait for events, and within a budget. Whatever the unit does not tell is left
 * out: it has no count of dropped frames, no send queue, no real bitrate, no load
 * (encoder-devices.md §1.8). Outputs: `stream-1`, `record-1` beside it when a person says so, and
 * on a HELO Plus `stream-2`, only looked at.
 */
export function openAjaHelo(
  context: DriverContext,
  options: AjaHeloOptions,
  http?: Http,
): EncoderDriver {
  const unit = openUnit(context, options, http);
  const watched = openPoll(unit);
  return {
    poll: (signal) => watched.poll(signal),
    watch: (report) => watched.watch(report),
    startOutput: (output, target, signal) => startOutput(unit, output, target, signal),
    stopOutput: (output, forgetKey, signal) => stopOutput(unit, output, forgetKey, signal),
    proveOff: (output, _address, signal) => proveOff(unit, output, signal),
    async ownSelfStart(signal) {
      unit.session.beginCall();
      await ownSelfStart(unit, signal);
    },
    reboot: (signal) => reboot(unit, signal),
    setLoad: (step, signal) => setLoad(unit, step, signal),
    applySettings: (settings, signal) => applySettings(unit, settings, signal),
    startRecording: (signal) => startRecording(unit, signal),
    stopRecording: (signal) => stopRecording(unit, signal),
    recordLight: (light, signal) => recordLight(unit, light, signal),
    releaseMedium: (medium, signal) => releaseMedium(unit, medium, signal),
    recordTo: (medium, signal) => recordTo(unit, medium, signal),
    recallPreset: (preset, signal) => recallPreset(unit, preset, signal),
    selectProfile: (choice, signal) => selectProfile(unit, choice, signal),
    listClips: (signal) => listClips(unit, signal),
    async close() {
      watched.close();
      unit.session.close();
    },
  };
}
