/**
 * Compiling the program takes longer than anything else at the start, so what V8 made of it is kept
 * by the build in `<program>.cache`: the program's mark, then V8's own data.
 *
 * The program is one function `(exports, require, module, programUrl)`, and begins with its mark in
 * a comment: 32 hexadecimal digits.
 *
 * V8's startup snapshot in its place was tried with Node 20.20, everything evaluated and a small
 * site opened in it: ready in 3.96 instead of 4.53 times what bare Node takes to start, but with
 * 2.52 instead of 2.24 times its memory (20 encoders, medians of 9). Node ends when it does not
 * like the snapshot, instead of starting without; and a worker fails in one that has already
 * loaded `worker_threads`.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";

const markBytes = 32;
const mark = /^\/\*([0-9a-f]{32})\*\//;

/**
 * V8 itself refuses what another version of Node, other flags or another processor made, and then
 * compiles; but of the source it compares only the length. So the mark is compared here.
 */
export function compile(file: string): Script {
  // One byte per character: the build writes ASCII only.
  const source = readFileSync(file, "latin1");
  const cachedData = keptFor(file, mark.exec(source)?.[1]);
  return new Script(source, { filename: file, ...(cachedData && { cachedData }) });
}

function keptFor(file: string, build: string | undefined): Buffer | undefined {
  try {
    const kept = readFileSync(`${file}.cache`);
    return kept.toString("latin1", 0, markBytes) === build ? kept.subarray(markBytes) : undefined;
  } catch {
    return undefined; // without it the start takes longer, and that is all
  }
}

/** @returns what the program exports */
export function run(script: Script, file: string): unknown {
  const program = script.runInThisContext() as (
    exports: object,
    require: NodeJS.Require,
    module: { exports: unknown },
    programUrl: string,
  ) => void;
  const module = { exports: {} };
  const url = pathToFileURL(file).href;
  program(module.exports, createRequire(url), module, url);
  return module.exports;
}
