/** The ingest of one programme. Started with its settings as JSON. */
import { z } from "zod";
import { Ingest } from "./ingest.ts";
import { Receiver } from "./receiver.ts";
import { IngestSettings } from "./settings.ts";

function fail(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

const settings = IngestSettings.safeParse(parseJson(process.argv[2] ?? ""));
if (!settings.success) fail(z.prettifyError(settings.error));
// What it started ends with it.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
const { source, spool } = settings.data;
const ingest =
  spool !== undefined && source.kind === "rtmp"
    ? new Receiver({ ...settings.data, source, spool })
    : new Ingest(settings.data);
ingest.run().catch((cause: unknown) => {
  fail(cause instanceof Error ? cause.message : String(cause));
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
