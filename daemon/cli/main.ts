#!/usr/bin/env node
import { commission } from "./commission.ts";
import { discover } from "./discover.ts";
import { Ending, exitCode } from "./exit-codes.ts";

declare const UNDERSTUDY_VERSION: string;
const version = typeof UNDERSTUDY_VERSION === "string" ? UNDERSTUDY_VERSION : "0.0.0-source";

const usage = `understudy: set up and look after a site, on the site's own machine

  understudy discover 192.168.10.0/24 >found.yaml   which boxes are there, as configuration
  understudy commission --config site.yaml          what each box can do, and how exposed it is

  understudy audit verify                           is the hub's audit log whole (on the hub)

  understudy <command> --help
  understudy --version

Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 5 refused, 6 nothing answers, 130 interrupted.
`;

const commands = { discover, commission } as const;
/** What the hub's own program answers; it lies beside this one. */
const ofHub = ["audit"];

async function handOver(): Promise<number> {
  const path = import.meta.url.endsWith(".ts") ? "../../hub/cli/main.ts" : "./hub-cli.js";
  await import(new URL(path, import.meta.url).href);
  return Number(process.exitCode ?? exitCode.done);
}

async function main([name, ...args]: string[], signal: AbortSignal): Promise<number> {
  if (name === undefined || name === "-h" || name === "--help" || name === "help") {
    process.stdout.write(usage);
    return name === undefined ? exitCode.usage : exitCode.done;
  }
  if (name === "--version") {
    process.stdout.write(`${version}\n`);
    return exitCode.done;
  }
  if (ofHub.includes(name)) return handOver();
  if (!Object.hasOwn(commands, name))
    throw new Ending(exitCode.usage, `there is no command ${JSON.stringify(name)}\n\n${usage}`);
  const io = {
    out: (text: string) => void process.stdout.write(text),
    tell: (text: string) => void process.stderr.write(`${text}\n`),
    signal,
    env: process.env,
    version,
  };
  return commands[name as keyof typeof commands](args, io);
}

/** Once: end what is under way in order. Twice: at once. */
const broken = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    if (broken.signal.aborted) process.exit(exitCode.interrupted);
    broken.abort();
  });
}

const code = await main(process.argv.slice(2), broken.signal).catch((error: unknown) => {
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`understudy: ${error instanceof Ending ? text : stackOf(error)}\n`);
  return error instanceof Ending ? error.exitCode : exitCode.failed;
});
process.exitCode = broken.signal.aborted ? exitCode.interrupted : code;

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
