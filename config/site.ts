/** The site's config file, from text to what the daemon runs on. */
import type { z } from "zod";
import { defaultStateDir } from "./fields.ts";
import { encoderKeys, siteJsonSchema } from "./json-schema.ts";
import { loadConfig, type ConfigFormat } from "./load.ts";
import { ConfigError, type Finding } from "./problems.ts";
import { resolveSecrets, secretPlaces, type Resolved } from "./secrets.ts";
import { siteChecks, type OutputsOf } from "./site.checks.ts";
import { siteSchema, type DriverSchemas, type SiteConfig } from "./site.schema.ts";
import { uplinkFindings } from "./uplink.ts";

type SiteFormat = ConfigFormat<z.output<ReturnType<typeof siteSchema>>>;

/** @param outputsOf lets an unknown output be found before the daemon starts */
export function siteFormat(drivers: DriverSchemas, outputsOf?: OutputsOf): SiteFormat {
  return {
    schema: siteSchema(drivers),
    jsonSchema: () => siteJsonSchema(drivers),
    crossChecks: (raw) => [...siteChecks(raw, outputsOf), ...unknownOptions(raw, drivers)],
  };
}

/**
 * Reads `site.yaml` and the secrets it refers to.
 * @throws ConfigError with every problem; the caller prints it and exits with `exitCode`
 */
export function loadSite(
  file: string,
  drivers: DriverSchemas,
  env: NodeJS.ProcessEnv = process.env,
  outputsOf?: OutputsOf,
): Resolved<SiteConfig> {
  const { config, describe } = loadConfig(file, siteFormat(drivers, outputsOf));
  const tooMuch = uplinkFindings(config);
  if (tooMuch.length > 0) throw new ConfigError(tooMuch.map(describe));
  const stateDir = config.stateDir ?? defaultStateDir(env);
  return resolveSecrets({ config: { ...config, stateDir }, describe }, secretPlaces(stateDir, env));
}

/** A driver's schema need not be strict: a key that no one reads is found here. */
function unknownOptions(raw: unknown, drivers: DriverSchemas): Finding[] {
  const encoders: unknown = (raw as { encoders?: unknown } | null)?.encoders;
  if (!Array.isArray(encoders)) return [];
  return encoders.flatMap((encoder: unknown, at) => {
    const { driver } = (encoder ?? {}) as { driver?: unknown };
    if (typeof driver !== "string" || !Object.hasOwn(drivers, driver)) return [];
    const known = encoderKeys(drivers, driver);
    return Object.keys(encoder as object)
      .filter((key) => !known.includes(key))
      .map((key) => ({
        path: ["encoders", at, key],
        what: "is not a known key",
        atKey: true,
        unknownKey: key,
      }));
  });
}
