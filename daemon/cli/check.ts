import { exitCode } from "../../config/exit-codes.ts";
import { checkNotes } from "./check-notes.ts";
import { flagsOf, type Io } from "./io.ts";
import { readSite } from "./site-file.ts";

/** What `understudy config check` says of a site's file. @throws Ending with every mistake in the file */
export async function check(args: string[], { env, out }: Io): Promise<number> {
  const options = { config: { type: "string", default: "/etc/understudy/site.yaml" } } as const;
  const { values } = flagsOf(args, options, "understudy config check site.yaml");
  const notes = checkNotes(readSite(values.config, env));
  out(`${values.config} is fine\n${notes.join("\n")}\n`);
  return exitCode.done;
}
