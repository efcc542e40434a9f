import { fileURLToPath } from "node:url";
import { compile, run } from "./code-cache.ts";
import { newWriter } from "./journal/start-writer.ts";
import type { runDaemon } from "./run-daemon.ts";

/** What only asks something needs no journal. */
const onlyAsks = ["--check", "--health", "--ready", "--version", "--help", "-h"];
const writes = !process.argv.some((flag) => onlyAsks.includes(flag));
/** The slowest thing to start, and it needs nobody: it comes up while the program is read. */
const writer = writes ? newWriter(new URL("./journal-writer.cjs", import.meta.url)) : undefined;

const file = fileURLToPath(new URL("./daemon-program.cjs", import.meta.url));
const program = run(compile(file), file) as { runDaemon: typeof runDaemon };
// What a start that failed half-way has opened already must not keep the process alive.
void program.runDaemon(writer).then((code) => process.exit(code));
