/** The site's config file, from text to what the daemon runs on. */
import type { z } from "zod";
import { withEnvironment } from "./environment.ts";
import { defaultStateDir } from "./fields.ts";
import { type DrivenSection, drivenSections, keysOf, siteJsonSchema } from "./json-schema.ts";
import { loadConfig, type ConfigFormat } from "./load.ts";
import { ConfigError, type Finding } from "./problems.ts";
import { resolveSecrets, secretPlaces, type Resolved } from "./secrets.ts";
import { siteChecks, type OutputsOf, withPaths } from "./site.checks.ts";
import { siteSchema, type SiteDrivers, type SiteConfig } from "./site.schema.ts";
import { uplinkFindings } from "./uplink.ts";

type SiteFormat = ConfigFormat<z.output<ReturnType<typeof siteSchema>>>;

/** @param outputsOf lets an unknown output be found before the daemon starts */
export function siteFormat(drivers: SiteDrivers, outputsOf?: OutputsOf): SiteFormat {
  return {
    schema: siteSchema(drivers),
    jsonSchema: () => siteJsonSchema(drivers),
    filledIn: (raw) => withPaths(raw, outputsOf).raw,
    crossChecks: (raw) => [
      ...siteChecks(withPaths(raw, outputsOf).raw, outputsOf),
      ...unknownOptions(raw, drivers),
    ],
  };
}

/**
 * Reads `site.yaml` and the secrets it refers to.
 * @returns with what to tell people of what the file leaves open
 * @throws ConfigError with every problem; the caller prints it and exits with `exitCode`
 */
export function loadSite(
  file: string,
  drivers: SiteDrivers,
  env: NodeJS.ProcessEnv = process.env,
  outputsOf?: OutputsOf,
): Resolved<SiteConfig> & { said: string[] } {
  let said: string[] = [];
  const { config, describe } = loadConfig(file, {
    ...siteFormat(drivers, outputsOf),
    filledIn(raw) {
      const filled = withPaths(raw, outputsOf);
      said = filled.said;
      return withEnvironment(filled.raw, env);
    },
  });
  const tooMuch = uplinkFindings(config);
  if (tooMuch.length > 0) throw new ConfigError(tooMuch.map(describe));
  const stateDir = config.stateDir ?? defaultStateDir(env, "understudy");
  const loaded = { config: { ...config, stateDir }, describe };
  return { ...resolveSecrets(loaded, secretPlaces(stateDir, env)), said };
}

/** A driver's schema need not be strict: a key that no one reads is found here. */
function unknownOptions(raw: unknown, drivers: SiteDrivers): Finding[] {
  const keys = new Map<string, string[]>();
  return (Object.keys(drivenSections) as DrivenSection[]).flatMap((section) => {
    const entries: unknown = (raw as { [section: string]: unknown } | null)?.[section];
    if (!Array.isArray(entries)) return [];
    return entries.flatMap((entry: unknown, at) => {
      const { driver } = (entry ?? {}) as { driver?: unknown };
      const schemas = drivers[section] ?? {};
      if (typeof driver !== "string" || !Object.hasOwn(schemas, driver)) return [];
      const kind = `${section} ${driver}`;
      const known = keys.get(kind) ?? keysOf(section, schemas[driver]!);
      keys.set(kind, known);
      return Object.keys(entry as object)
        .filter((key) => !known.includes(key))
        .map((key) => ({
          path: [section, at, key],
          what: "is not a known key",
          atKey: true,
          unknownKey: key,
        }));
    });
  });
}
