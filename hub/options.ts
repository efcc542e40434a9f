/** What a hub is told. `main.ts` fills it from flags and environment, later from `hub.yaml`. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BrokerOptions, type BrokerLimits } from "../config/broker-program.ts";
import { isLoopback } from "../config/fields.ts";
import type { HubConfig } from "../config/hub.schema.ts";
import type { SignInProvider } from "../config/sign-in.schema.ts";
import type { RateLimit } from "./api/budgets.ts";
import type { GivenKey } from "./api/keys.ts";
import type { Place } from "./auth/sessions.ts";
import { weakSecret } from "./auth/strength.ts";
import type { TlsFiles } from "./certificate.ts";
import type { Retention } from "./store/store.ts";

export type GrpcOptions = {
  host: string;
  port: number;
  /** Files in PEM. With `clientCa` only clients with a certificate of that authority may connect. */
  tls?: TlsFiles;
};

/** `auditArchive`: the folder that old rows go to; left out: in `stateDir`. */
export type AuditRetention = { auditMs: number; auditArchive?: string };

export type HubOptions = {
  /** Our name in `ack/<hub>`. */
  id: string;
  host: string;
  port: number;
  stateDir: string;
  /** What the files of the hub's own keys are sealed with; undefined: they are not. */
  stateSecret?: string;
  /** Answer without a key; only where `host` is loopback. */
  demoOpen: boolean;
  mqtt:
    | {
        kind: "own";
        host: string;
        port: number;
        webSocket: boolean;
        anonymous: boolean;
        tls?: TlsFiles;
        limits: BrokerLimits;
      }
    | { kind: "external"; url: string; username?: string; password?: string };
  /** Accounts from the config, beside the site keys in the store. */
  sites: { site: string; username: string; password: string }[];
  /** Keys from the environment, see `takeGivenKeys`. */
  givenKeys: GivenKey[];
  retention: Retention & AuditRetention;
  rateLimit: RateLimit;
  /** Addresses and networks; what they say of whom they speak for is believed. */
  trustedProxies: string[];
  /** null: no gRPC. */
  grpc: GrpcOptions | null;
  /** Networks that are not the internet, where webhooks may go all the same. */
  webhooks: { allow: string[] };
  /** Where sites belong: people of a region or department see its sites only. */
  places: Place[];
  /** Where people open the page; there if there are providers. */
  publicUrl?: string;
  /** Whose accounts people may log in with. */
  signIn: SignInProvider[];
  webDir: string;
  mediaFrom: string[];
  logLevel: string;
};

/** The hub was told something it will not do. */
export class HubOptionsError extends Error {
  override readonly name = "HubOptionsError";
}

const dayMs = 86_400_000;

export function defaultHubOptions(env: NodeJS.ProcessEnv = process.env): HubOptions {
  const { limits } = BrokerOptions.parse({ port: 0 });
  return {
    id: "main",
    host: "127.0.0.1",
    port: 8080,
    stateDir: env["STATE_DIRECTORY"] ?? "/var/lib/understudy-hub",
    demoOpen: false,
    mqtt: {
      kind: "own",
      host: "127.0.0.1",
      port: 1883,
      webSocket: true,
      anonymous: false,
      limits,
    },
    sites: [],
    givenKeys: [],
    retention: {
      eventMs: 30 * dayMs,
      incidentMs: 365 * dayMs,
      commandMs: 90 * dayMs,
      auditMs: 400 * dayMs,
      quarantineMs: 30 * dayMs,
      quarantineRowsPerSite: 1_000,
    },
    rateLimit: { requests: 100, withinMs: 1_000, keyPerHour: 1_000, commandReserve: 200 },
    trustedProxies: [],
    grpc: null,
    webhooks: { allow: [] },
    places: [],
    signIn: [],
    webDir: builtPage(),
    mediaFrom: [],
    logLevel: "info",
  };
}

/**
 * Variables in which scripts that people already have keep the hub's key. They are taken out of
 * the environment, so that no child process inherits them.
 */
export function takeGivenKeys(env: NodeJS.ProcessEnv): GivenKey[] {
  return ["MASTER_API_KEY", "FFMPEG_RTMP_API_KEY"].flatMap((name) => {
    const secret = env[name];
    delete env[name];
    return secret === undefined ? [] : [{ name, secret }];
  });
}

/** `hub.yaml` as options; what it cannot say keeps its default. */
export function optionsFromConfig(config: HubConfig, env = process.env): HubOptions {
  const { mqtt, log, ...same } = config;
  return {
    ...defaultHubOptions(env),
    ...same,
    grpc: config.grpc ?? null,
    mqtt: mqtt.external ? { kind: "external", ...mqtt.external } : { kind: "own", ...mqtt.broker },
    logLevel: log.level,
  };
}

/** @throws HubOptionsError for a combination that would open the hub to others */
export function checkHubOptions(options: HubOptions): void {
  const { demoOpen, grpc, host, mqtt } = options;
  for (const { name, secret } of options.givenKeys) {
    const why = weakSecret(secret);
    if (why !== undefined) {
      throw new HubOptionsError(
        `${name} is refused: ${why}. Unset it, or make one with: openssl rand -base64 32`,
      );
    }
  }
  const why = options.stateSecret === undefined ? undefined : weakSecret(options.stateSecret);
  if (why !== undefined) {
    throw new HubOptionsError(
      `stateSecret is refused: ${why}. Make one with: openssl rand -base64 32`,
    );
  }
  if (demoOpen && !isLoopback(host)) {
    throw new HubOptionsError(`--demo-open lets anyone in, so --host may not be ${host}`);
  }
  if (grpc && !grpc.tls && !isLoopback(grpc.host)) {
    throw new HubOptionsError(
      `gRPC without tls sends keys in clear, so it may not listen on ${grpc.host}`,
    );
  }
  if (mqtt.kind === "own" && mqtt.anonymous && !isLoopback(mqtt.host)) {
    throw new HubOptionsError(
      `anonymous MQTT lets anyone in, so it may not listen on ${mqtt.host}`,
    );
  }
}

/** Beside the bundle in `dist/`, or where the build puts it when run from source. */
function builtPage(): string {
  const here = fileURLToPath(new URL(".", import.meta.url));
  return import.meta.url.endsWith(".ts") ? join(here, "../dist/web") : join(here, "web");
}
