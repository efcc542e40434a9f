import { ConfigError } from "../../config/problems.ts";
import { loadSite } from "../../config/site.ts";
import { outputsOf, siteDrivers } from "../drivers/options.ts";
import { Ending } from "../../config/exit-codes.ts";

/** @throws Ending with every mistake in the file, at its line */
export function readSite(file: string, env: NodeJS.ProcessEnv) {
  try {
    return loadSite(file, siteDrivers, env, outputsOf);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new Ending(cause.exitCode, cause.message);
  }
}
