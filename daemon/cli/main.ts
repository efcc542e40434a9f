/** The site's part of `understudy`, which hands these commands over to it. */
import { calibrate } from "./calibrate.ts";
import { check } from "./check.ts";
import { commission } from "./commission.ts";
import { discover } from "./discover.ts";
import { replay } from "./replay.ts";
import { Ending, exitCode } from "../../config/exit-codes.ts";

declare const UNDERSTUDY_VERSION: string;
const version = typeof UNDERSTUDY_VERSION === "string" ? UNDERSTUDY_VERSION : "0.0.0-source";

const commands = { discover, commission, calibrate, check, replay } as const;

async function main([name = "", ...args]: string[], signal: AbortSignal): Promise<number> {
  if (!Object.hasOwn(commands, name))
    throw new Ending(exitCode.usage, `there is no command ${JSON.stringify(name)}`);
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
