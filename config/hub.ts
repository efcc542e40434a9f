/** The hub's config file, from text to what the hub runs on. */
import { z } from "zod";
import { asWritten } from "./as-written.ts";
import { defaultStateDir, isLoopback } from "./fields.ts";
import { hubSchema, type HubConfig } from "./hub.schema.ts";
import type { JsonSchema } from "./known-keys.ts";
import { duplicates, listOf, text } from "./lenient.ts";
import { loadConfig, type ConfigFormat } from "./load.ts";
import type { Finding } from "./problems.ts";
import { resolveSecrets, secretPlaces, type Resolved } from "./secrets.ts";

export function hubJsonSchema(): JsonSchema {
  const { $schema, ...hub } = asWritten(hubSchema);
  return { $schema, title: "Understudy hub", ...hub };
}

export const hubFormat: ConfigFormat<z.output<typeof hubSchema>> = {
  schema: hubSchema,
  jsonSchema: hubJsonSchema,
  crossChecks: hubChecks,
};

/**
 * Reads `hub.yaml` and the secrets it refers to.
 * @throws ConfigError with every problem; the caller prints it and exits with `exitCode`
 */
export function loadHub(file: string, env: NodeJS.ProcessEnv = process.env): Resolved<HubConfig> {
  const { config, describe } = loadConfig(file, hubFormat);
  const stateDir = config.stateDir ?? defaultStateDir(env, "understudy-hub");
  return resolveSecrets({ config: { ...config, stateDir }, describe }, secretPlaces(stateDir, env));
}

const LenientBroker = z.object({ host: text, anonymous: z.boolean().catch(false) });
const Lenient = z.object({
  sites: listOf(z.object({ site: text, username: text }).catch({})),
  signIn: listOf(z.object({ id: text }).catch({})),
  publicUrl: text,
  mqtt: z.object({ broker: LenientBroker }).optional().catch(undefined),
});

function hubChecks(raw: unknown): Finding[] {
  const lenient = Lenient.safeParse(raw, { jitless: true });
  if (!lenient.success) return [];
  const { sites, mqtt, signIn, publicUrl } = lenient.data;
  const { anonymous, host } = mqtt?.broker ?? { anonymous: false };
  const loopback = host === undefined || isLoopback(host);
  return [
    ...duplicates("sites", "site", sites),
    ...duplicates("sites", "username", sites),
    ...duplicates("signIn", "id", signIn),
    ...(signIn.length > 0 && publicUrl === undefined
      ? [{ path: ["signIn"], what: "needs publicUrl: providers send people back there" }]
      : []),
    ...(anonymous && !loopback
      ? [
          {
            path: ["mqtt", "broker", "anonymous"],
            what: `lets anyone at ${host} command encoders, only allowed on a loopback address`,
          },
        ]
      : []),
  ];
}
