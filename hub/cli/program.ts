/** `understudy <noun> <verb>`: everything that it does, in one list. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { keyNames } from "./access.ts";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { redact } from "../../config/redaction.ts";
import { addAdmin } from "./admin.ts";
import { addBackups } from "./backups.ts";
import { openProgram, plainTerms } from "./cli.ts";
import { addCompletion } from "./completion.ts";
import { addConfiguration } from "./configuration.ts";
import { handOver } from "./hand-over.ts";
import { addHistory } from "./history.ts";
import type { Io } from "./io.ts";
import { addSessions } from "./sessions.ts";
import { addSlate } from "./slate.ts";
import { addStates } from "./states.ts";

/** What runs on a site's own machine, by the daemon's part of this program. */
const ofTheSite = {
  discover: "which boxes are in a range, proposed as configuration",
  commission: "what each box can do, and how exposed it is",
  calibrate: "how much later one box of a relayed stream is than the other",
  replay: "what the machines decided and why, once more, also by another configuration",
};

const examples = `
  understudy stream list                     what is on air, and by whom
  understudy stream watch                    a line for each change
  understudy stream failover main            to the understudy, after your yes
  understudy incident list --since 24h       what happened, and how long it was gone
  understudy encoder maintenance helo-1      hands off, I work on it
`.replace(/^\n/, "");

const places = `
Which hub, and with which key; what comes first counts:
  --hub       UNDERSTUDY_HUB                               hub: in a file
  --key-file  UNDERSTUDY_API_KEY, UNDERSTUDY_API_KEY_FILE  keyFile: in a file
  --master is another name of --hub; FFMPEG_RTMP_API_KEY and MASTER_API_KEY are read as well
Files: ~/.config/understudy/cli.yaml, then /etc/understudy/cli.yaml

Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 key, 5 refused,
6 unreachable, 7 timed out, 130 interrupted`;

/** @param args without the program's own name. @returns the exit code */
export async function understudy(args: string[], io: Io, version: string): Promise<number> {
  const [first = ""] = args;
  if (Object.hasOwn(ofTheSite, first)) return handOver(args);
  const secrets = new Set(keyNames.map((name) => io.env[name] ?? ""));
  const err = (text: string) => io.err(redact(text, secrets));
  const root = new Command("understudy")
    .description("what is on air at every site, and how it stays there")
    .version(version, "-V, --version")
    .addHelpText("before", examples)
    .addHelpText("after", places)
    .configureHelp({ ...plainTerms, showGlobalOptions: true })
    // What was given with an unknown flag may be a secret.
    .configureOutput({
      ...{ writeOut: io.out, writeErr: err },
      outputError: (text, write) =>
        write(text.replace(/(--?[\w-]+)=[^\s']*/g, "$1").replace(/^error: /, "understudy: ")),
    })
    .exitOverride()
    .option("--hub <url>", "which hub (http://127.0.0.1:8080)")
    // As in scripts that were written for others.
    .addOption(new Option("--master <url>").hideHelp().conflicts("hub"))
    .option("--key-file <file>", "holds the API key; - is stdin")
    .option("--json", "one JSON object a line, as the hub sends it")
    .addOption(
      new Option("--plain", "fields between tabs; so it is where nobody looks on").conflicts(
        "json",
      ),
    )
    .option("--no-color", "words and shapes only")
    .option("-q, --quiet", "no progress, no notes")
    .option("-v, --verbose", "which hub, whose key, which request failed");
  const program = openProgram(root, { ...io, err });
  const { stream } = addStates(program);
  addSessions(stream);
  addSlate(stream);
  addHistory(program, stream);
  addAdmin(program);
  addConfiguration(program);
  addBackups(program, version);
  for (const [name, does] of Object.entries(ofTheSite)) root.command(name).description(does);
  addCompletion(program);
  try {
    await root.parseAsync(args, { from: "user" });
    return program.exitCode();
  } catch (error) {
    if (error instanceof InvalidArgumentError) err(`understudy: ${error.message}\n`);
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCode.done : exitCode.usage;
    const text = error instanceof Error ? error.message : String(error);
    if (error instanceof Ending) {
      err(`understudy: ${text}\n`);
      return error.exitCode;
    }
    if (io.signal.aborted) return exitCode.interrupted;
    err(`understudy: ${error instanceof Error ? (error.stack ?? text) : text}\n`);
    return exitCode.failed;
  }
}
