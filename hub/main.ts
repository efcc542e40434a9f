/** understudy-hub: flags, signals, and nothing else. */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { ConfigError } from "../config/problems.ts";
import { loadHub } from "../config/hub.ts";
import { openSystemd } from "../config/systemd.ts";
import { BrokerStartError } from "./broker/child.ts";
import { publicHalf } from "./command-key.ts";
import { handOver } from "./first-key.ts";
import { hubVersion, openHub, type Hub } from "./hub.ts";
import { openHubKeys } from "./hub-keys.ts";
import { OwnKeyError } from "./own-keys.ts";
import {
  defaultHubOptions,
  HubOptionsError,
  optionsFromConfig,
  takeGivenKeys,
  type HubOptions,
} from "./options.ts";

const usage = `understudy-hub: shows every site, keeps what happened, asks sites for what you want

  --config FILE         hub.yaml; flags and variables win over it
  --host ADDRESS        where page, API, sockets and metrics listen   (127.0.0.1)
  --port NUMBER         their one port                                (8080)
  --mqtt-host ADDRESS   where our own broker listens                  (127.0.0.1)
  --mqtt-port NUMBER    its port                                      (1883)
  --mqtt-url URL        use this broker instead of our own
  --mqtt-anonymous      sites need no password; loopback only
  --state-dir FOLDER    database                    ($STATE_DIRECTORY, /var/lib/understudy-hub)
  --web-dir FOLDER      the built page
  --media-from ORIGIN   the page may play pictures from there; may be repeated
  --demo-open           answer without a key; loopback only
  --print-command-key   print what sites pin in mqtt.commandKeys, and stop
  --new-admin-key       make one more admin key, print it, and go on
  --log-level LEVEL     trace debug info warn error silent            (info)
  --version, --help

Each has a variable: --mqtt-port is UNDERSTUDY_HUB_MQTT_PORT. An admin key of your own, at least 32
characters, may be given in MASTER_API_KEY or FFMPEG_RTMP_API_KEY.
`;

const flags = {
  config: { type: "string" },
  host: { type: "string" },
  port: { type: "string" },
  "mqtt-host": { type: "string" },
  "mqtt-port": { type: "string" },
  "mqtt-url": { type: "string" },
  "mqtt-anonymous": { type: "boolean" },
  "state-dir": { type: "string" },
  "web-dir": { type: "string" },
  "media-from": { type: "string", multiple: true },
  "demo-open": { type: "boolean" },
  "print-command-key": { type: "boolean" },
  "new-admin-key": { type: "boolean" },
  "log-level": { type: "string" },
  version: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

function stop(code: number, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

function readFlags() {
  try {
    return parseArgs({ options: flags, allowPositionals: false }).values;
  } catch (error) {
    return stop(2, `${error instanceof Error ? error.message : "bad flags"}\n\n${usage}`);
  }
}

const given = readFlags();

function text(name: keyof typeof flags): string | undefined {
  const value =
    given[name] ?? process.env[`UNDERSTUDY_HUB_${name.toUpperCase().replaceAll("-", "_")}`];
  return typeof value === "string" && value !== "" ? value : undefined;
}
const isOn = (name: keyof typeof flags) =>
  given[name] === true || ["1", "true", "yes"].includes(text(name) ?? "");
function portOf(name: keyof typeof flags): number | undefined {
  const value = text(name);
  if (value === undefined) return undefined;
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  return stop(2, `--${name} must be a port from 0 to 65535, not ${value}`);
}

function readConfig(): HubOptions {
  const file = text("config");
  if (file === undefined) return defaultHubOptions();
  try {
    return optionsFromConfig(loadHub(file).config);
  } catch (error) {
    if (error instanceof ConfigError) return stop(error.exitCode, error.message);
    throw error;
  }
}

function readOptions(): HubOptions {
  const base = readConfig();
  const { mqtt } = base;
  const external = text("mqtt-url");
  if (mqtt.kind === "own") {
    mqtt.host = text("mqtt-host") ?? mqtt.host;
    mqtt.port = portOf("mqtt-port") ?? mqtt.port;
    mqtt.anonymous ||= isOn("mqtt-anonymous");
  }
  return {
    ...base,
    givenKeys: takeGivenKeys(process.env),
    host: text("host") ?? base.host,
    port: portOf("port") ?? base.port,
    stateDir: text("state-dir") ?? base.stateDir,
    webDir: text("web-dir") ?? base.webDir,
    mediaFrom: given["media-from"] ?? base.mediaFrom,
    demoOpen: isOn("demo-open"),
    logLevel: text("log-level") ?? base.logLevel,
    ...(external !== undefined && { mqtt: { kind: "external", url: external } }),
  };
}

function explain(error: unknown, options: HubOptions): string {
  const mqttPort = options.mqtt.kind === "own" ? options.mqtt.port : 0;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "EADDRINUSE" || code === "EACCES") {
    const isBroker = error instanceof BrokerStartError;
    const [port, flag] = isBroker ? [mqttPort, "--mqtt-port"] : [options.port, "--port"];
    const why = code === "EACCES" ? "may not be used by this user" : "is taken by another program";
    return `port ${port} ${why}: stop that one, or choose another with ${flag}`;
  }
  const isPlain = [HubOptionsError, OwnKeyError, BrokerStartError].some(
    (it) => error instanceof it,
  );
  if (isPlain) return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : "failed";
}

if (given.help) {
  process.stdout.write(usage);
  process.exit(0);
}
if (given.version) {
  process.stdout.write(`${hubVersion}\n`);
  process.exit(0);
}

const options = readOptions();
const log = pino({ level: options.logLevel, base: null });
if (given["print-command-key"]) {
  try {
    const { stateDir, stateSecret } = options;
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const { command } = openHubKeys({ folder: stateDir, secret: stateSecret, now: Date.now });
    process.stdout.write(`${publicHalf((await command.held()).now)}\n`);
    process.exit(0);
  } catch (error) {
    stop(1, `understudy-hub: ${explain(error, options)}`);
  }
}
let hub: Hub | undefined;
let leaving = false;
const systemd = openSystemd(process.env, (message) => log.warn({ code: "systemd" }, message));

async function leave(signal: string): Promise<void> {
  if (leaving) return;
  leaving = true;
  log.info({ signal, code: "stopping" }, "stopping");
  systemd.notify("STOPPING=1");
  await hub?.close();
  process.exit(0);
}
process.on("SIGTERM", () => void leave("SIGTERM"));
process.on("SIGINT", () => void leave("SIGINT"));

try {
  hub = await openHub(options, log);
} catch (error) {
  stop(1, `understudy-hub: ${explain(error, options)}`);
}
const newKey = given["new-admin-key"] ? await hub.newAdminKey() : undefined;
for (const key of [hub.bootstrapKey, newKey]) {
  if (key === undefined) continue;
  const { stateDir } = options;
  process.stderr.write(`${handOver(key, { stateDir, env: process.env })}\n`);
}
const { grpcUrl } = hub;
log.info({ url: hub.url, mqttUrl: hub.mqttUrl, grpcUrl, code: "ready" }, "the hub is ready");
const { url } = hub;
systemd.notify(`READY=1\nSTATUS=serving at ${url}`);
// The event loop is what serves people; a hub that cannot turn it is better restarted.
if (systemd.watchdogEveryMs !== undefined) {
  setInterval(() => systemd.notify("WATCHDOG=1"), systemd.watchdogEveryMs).unref();
}
