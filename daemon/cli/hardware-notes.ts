/** Whether encoders that ask for hardware will see it, as far as a look from a shell can tell. */
import { execFileSync } from "node:child_process";
import type { SiteConfig } from "../../config/site.schema.ts";
import { isHardware } from "../../machines/encoder/picture-encoder.ts";
import { deviceNote } from "../drivers/ffmpeg/hardware-trial.ts";

/** @returns sentences; none where nobody asks for a certain one */
export function hardwareNotes({ encoders }: Pick<SiteConfig, "encoders">): string[] {
  return encoders.flatMap(({ id, options }) => {
    const { codec } = (options as { video?: { codec?: string } }).video ?? {};
    if (!isHardware(codec)) return [];
    const note = deviceNote(codec) || (unitHidesDevices() ? hidden : "");
    return note === "" ? [] : [`${id} asks for ${codec} and would encode by x264${note}`];
  });
}

const hidden = ` (the unit hides all devices, PrivateDevices=yes: see "hardware.conf" in the README)`;

/** What this shell sees is no sign of what the daemon does. False where there is no such unit. */
function unitHidesDevices(): boolean {
  const question = ["show", "--property=PrivateDevices", "--value", "understudy-daemon"];
  try {
    return (
      execFileSync("systemctl", question, { stdio: "pipe", timeout: 2_000 }).toString() === "yes\n"
    );
  } catch {
    return false;
  }
}
