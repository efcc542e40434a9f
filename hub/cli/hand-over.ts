import process from "node:process";
import { exitCode } from "../../config/exit-codes.ts";

/** What the daemon's own program does; it lies beside this one, and reads the process's arguments. */
export async function handOver(args: readonly string[]): Promise<number> {
  const path = import.meta.url.endsWith(".ts") ? "../../daemon/cli/main.ts" : "./site-cli.js";
  process.argv.splice(2, Infinity, ...args);
  await import(new URL(path, import.meta.url).href);
  return Number(process.exitCode ?? exitCode.done);
}
