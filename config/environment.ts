import { ConfigError } from "./problems.ts";

type Section = Record<string, unknown>;

/**
 * Names that sites already have in their environment, from an encoder manager of old. Each stands
 * where site.yaml says nothing, for every encoder.
 */
const names = {
  /** Seconds. */
  MONITORING_INTERVAL: { section: "polling", key: "normal", unit: "s" },
  /** °C. */
  TEMP_HIGH_THRESHOLD: { section: "heat", key: "hot", unit: "C" },
  CPU_HIGH_THRESHOLD: { section: "heat", key: "busy", unit: "%" },
  MEMORY_HIGH_THRESHOLD: { section: "heat", key: "memory", unit: "%" },
  /** Seconds. */
  BACKUP_SYNC_INTERVAL: { section: undefined, key: "syncEvery", unit: "s" },
} as const;

/**
 * @param raw a site's config file as it is written
 * @throws ConfigError for a value that is no whole number
 */
export function withEnvironment(raw: unknown, env: NodeJS.ProcessEnv): unknown {
  const given = Object.entries(names).flatMap(([name, { section, key, unit }]) => {
    const text = env[name]?.trim() ?? "";
    if (text === "") return [];
    if (!/^\d{1,5}$/.test(text)) {
      throw new ConfigError([`${name} in the environment: must be a whole number (${unit})`]);
    }
    return [{ section, key, value: `${text}${unit}` }];
  });
  const encoders = (raw as { encoders?: unknown } | null)?.encoders;
  if (given.length === 0 || !Array.isArray(encoders)) return raw;
  const filled = (encoders as unknown[]).map((encoder) => {
    if (!isSection(encoder)) return encoder;
    return given.reduce<Section>((box, { section, key, value }) => {
      if (section === undefined) return { [key]: value, ...box };
      const written = box[section] ?? {};
      // What is written wrongly is told of as it is.
      return isSection(written) ? { ...box, [section]: { [key]: value, ...written } } : box;
    }, encoder);
  });
  return { ...(raw as Section), encoders: filled };
}

const isSection = (value: unknown): value is Section =>
  typeof value === "object" && value !== null && !Array.isArray(value);
