import { exitCode } from "../../config/exit-codes.ts";
import { configWarnings } from "../../config/warnings.ts";
import { uplinkSentence } from "../../config/uplink.ts";
import { engineNotes } from "./engine-notes.ts";
import { hardwareNotes } from "./hardware-notes.ts";
import { flagsOf, type Io } from "./io.ts";
import { readSite } from "./site-file.ts";

/** What `understudy-daemon --check` says. @throws Ending with every mistake in the file */
export async function check(args: string[], { env, out }: Io): Promise<number> {
  const options = { config: { type: "string", default: "/etc/understudy/site.yaml" } } as const;
  const { values } = flagsOf(args, options, "understudy config check site.yaml");
  const { config, said } = readSite(values.config, env);
  const notes = [
    ...[uplinkSentence(config), ...said],
    ...[...configWarnings(config), ...hardwareNotes(config), ...engineNotes(config)],
  ];
  out(`${values.config} is fine\n${notes.join("\n")}\n`);
  return exitCode.done;
}
