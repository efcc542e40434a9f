/**
 * One output of a relayed stream. Started with its settings as JSON; what it sends on comes in
 * through standard input, a named pipe that is open for writing as well.
 */
import { z } from "zod";
import { forOperators, Output } from "./output.ts";
import { OutputSettings } from "./settings.ts";

function fail(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

const settings = OutputSettings.safeParse(JSON.parse(process.argv[2] ?? "null"));
if (!settings.success) fail(z.prettifyError(settings.error));
// What is written is whole at any time.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
try {
  new Output(settings.data).run(process.stdin, fail);
} catch (cause) {
  // Its folder cannot be made, or be read.
  fail(forOperators(cause instanceof Error ? cause.message : String(cause)));
}
