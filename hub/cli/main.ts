#!/usr/bin/env node
/** The process around `understudy`: terminal, stdin, Ctrl-C. */
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { exitCode } from "../../config/exit-codes.ts";
import type { Io } from "./io.ts";
import { understudy } from "./program.ts";

declare const UNDERSTUDY_VERSION: string;
const version = typeof UNDERSTUDY_VERSION === "string" ? UNDERSTUDY_VERSION : "0.0.0-source";

const { stdin, stdout, stderr, argv, env } = process;

/** Once: end what is under way in order. Twice: at once. */
const broken = new AbortController();
const breakOff = () => {
  if (broken.signal.aborted) process.exit(exitCode.interrupted);
  broken.abort();
};
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, breakOff);
// `understudy … | head` has read enough.
stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCode.done);
  throw error;
});

async function ask(question: string): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stderr });
  // In a question, the terminal gives Ctrl-C to whoever reads it.
  lines.on("SIGINT", breakOff);
  try {
    return /^y(es)?$/i.test((await lines.question(question, { signal: broken.signal })).trim());
  } finally {
    lines.close();
  }
}

const io: Io = {
  out: (data) => void stdout.write(data),
  err: (data) => void stderr.write(data),
  signal: broken.signal,
  env,
  stdin: () => text(stdin),
  ...(stdin.isTTY && stderr.isTTY && { ask }),
  terminal: {
    ...(stdout.isTTY && { out: { columns: stdout.columns } }),
    ...(stderr.isTTY && { err: { columns: stderr.columns } }),
  },
};
const code = await understudy(argv.slice(2), io, version);
process.exitCode = broken.signal.aborted ? exitCode.interrupted : code;
