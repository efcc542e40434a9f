import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Worker } from "node:worker_threads";
import { parse } from "yaml";
import { defaultStateDir } from "../config/fields.ts";
import { configWarnings } from "../config/warnings.ts";
import { ConfigError } from "../config/problems.ts";
import { redact } from "../config/redaction.ts";
import { loadSite } from "../config/site.ts";
import { uplinkSentence } from "../config/uplink.ts";
import { checkNotes } from "./cli/check-notes.ts";
import { engineNotes } from "./cli/engine-notes.ts";
import { outputsOf, siteDrivers } from "./drivers/options.ts";
import { askHealth, openHealth, stuckParts } from "./health.ts";
import { JournalError } from "./journal/journal-error.ts";
import { openLog } from "./log.ts";
import { startSite } from "./site-daemon.ts";
import { goesToJournal, openSystemd } from "../config/systemd.ts";

declare const UNDERSTUDY_VERSION: string;
const version = typeof UNDERSTUDY_VERSION === "string" ? UNDERSTUDY_VERSION : "0.0.0-source";

const usage = `understudy-daemon: keeps the encoders of one site on air

  understudy-daemon [--config FILE]

  --config FILE   site configuration (default /etc/understudy/site.yaml)
  --check         read the configuration, say what is wrong with it, and stop
  --health        ask the daemon that runs; exit code 0 while it works, else 1
  --ready         likewise; 0 while it also decides in time and keeps what it decides
  --version
  --help
`;

/**
 * The whole life of the process. Exit codes: 0 ended when asked, 1 failed, 2 wrong configuration
 * or flags, 4 already running.
 *
 * @param writer a journal's writer that was started ahead and waits to be told its file
 */
export async function runDaemon(writer?: Worker): Promise<number> {
  try {
    return await run(writer);
  } catch (cause) {
    process.stderr.write(
      `${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`,
    );
    return 1;
  }
}

async function run(writer: Worker | undefined): Promise<number> {
  let flags;
  try {
    flags = parseArgs({
      options: {
        config: { type: "string", default: "/etc/understudy/site.yaml" },
        check: { type: "boolean", default: false },
        health: { type: "boolean", default: false },
        ready: { type: "boolean", default: false },
        version: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n\n${usage}`);
    return 2;
  }
  if (flags.help) return say(usage);
  if (flags.version) return say(`${version}\n`);

  if (flags.health || flags.ready) return probe(flags.config, flags.ready);

  let loaded;
  try {
    loaded = loadSite(flags.config, siteDrivers, process.env, outputsOf);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    process.stderr.write(`${cause.message}\n`);
    return 2;
  }
  if (flags.check) {
    return say(`${flags.config} is fine\n${checkNotes(loaded).join("\n")}\n`);
  }

  const { config } = loaded;
  const secrets = new Set(loaded.secrets);
  const log = openLog({
    level: config.log.level,
    secrets: () => secrets,
    toJournal: goesToJournal(process.stdout.fd, process.env),
  });
  log.info({ code: "uplink" }, uplinkSentence(config));
  for (const sentence of loaded.said) log.info({ code: "path" }, sentence);
  for (const sentence of engineNotes(config)) log.info({ code: "engine" }, sentence);
  for (const warning of configWarnings(config)) log.warn({ code: "config_warning" }, warning);
  const systemd = openSystemd(process.env, (message) => log.warn({ code: "systemd" }, message));
  let site;
  try {
    site = await startSite({
      config,
      log,
      hide: (secret) => secrets.add(secret),
      redact: (text) => redact(text, secrets),
      version,
      writer,
      writerUrl: new URL("./journal-writer.cjs", import.meta.url),
      brokerUrl: new URL("./broker.js", import.meta.url),
      ingestUrl: new URL("./ingest.cjs", import.meta.url),
      relayUrl: new URL("./relay.cjs", import.meta.url),
      outputUrl: new URL("./output.cjs", import.meta.url),
      thumbnailsUrl: new URL("./thumbnails.cjs", import.meta.url),
    });
  } catch (cause) {
    if (!(cause instanceof JournalError)) throw cause;
    log.fatal({ code: cause.code }, cause.message);
    return cause.code === "state_locked" ? 4 : 1;
  }

  const running = site;
  const asked = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
  systemd.notify(`READY=1\nSTATUS=${running.status()}`);
  log.info({ code: "ready" }, running.status());

  const health = openHealth({
    ...{ stateDir: config.stateDir, site: running },
    warn: (message) => log.warn({ code: "health" }, message),
  });

  /** Fed only while every part moves: a daemon that cannot decide is better restarted. */
  const beat = setInterval(() => {
    const stuck = stuckParts(running);
    if (stuck.length === 0) systemd.notify(`WATCHDOG=1\nSTATUS=${running.status()}`);
    else log.error({ code: "stuck", stuck }, `no sign of life from: ${stuck.join(", ")}`);
  }, systemd.watchdogEveryMs ?? 10_000);

  await asked;
  clearInterval(beat);
  health.close();
  systemd.notify("STOPPING=1");
  log.info({ code: "stopping" }, "stopping; media processes go on by themselves");
  await running.close();
  systemd.close();
  return 0;
}

/** Only where the state is kept is read: a file that is being edited does not make a daemon ill. */
async function probe(configFile: string, mustBeReady: boolean): Promise<number> {
  try {
    const written = parse(readFileSync(configFile, "utf8")) as { stateDir?: unknown } | null;
    const given = written?.stateDir;
    const stateDir = typeof given === "string" ? given : defaultStateDir(process.env, "understudy");
    const health = await askHealth(stateDir);
    say(`${JSON.stringify(health)}\n`);
    return (mustBeReady ? health.ready : health.live) ? 0 : 1;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    process.stderr.write(`no daemon answers: ${why}\n`);
    return 1;
  }
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}
