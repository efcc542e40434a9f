/** What a shell offers when Tab is pressed: the commands, their options, and what there is. */
import type { Argument, Command } from "commander";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { HubError } from "../client/client.ts";
import type { Cli, Program } from "./cli.ts";
import { isKnownKind, known } from "./known.ts";

const scripts = {
  bash: `_understudy() {
  local IFS=$'\\n'
  COMPREPLY=($(understudy complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _understudy understudy
`,
  zsh: `_understudy() {
  local line
  local -a offers
  for line in "\${(@f)$(understudy complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && offers+=("\${line/$'\\t'/:}")
  done
  _describe understudy offers
}
compdef _understudy understudy
`,
  fish: `complete -c understudy -f -a '(understudy complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};

export function addCompletion(program: Program): void {
  const { root } = program;
  program.verb("completion <shell>", "for bash, zsh or fish", ({ print }, _, shell = "") => {
    if (!Object.hasOwn(scripts, shell))
      throw new Ending(exitCode.usage, `bash, zsh or fish, not ${shell}`);
    print.text(scripts[shell as keyof typeof scripts]);
  });
  program.verb(
    "complete [words...]",
    "",
    async (cli, _, ...words) => {
      const offers = await offersFor(cli, root, words);
      for (const [word, what] of offers)
        cli.print.text(what === "" ? `${word}\n` : `${word}\t${what}\n`);
    },
    { hidden: true },
  );
}

/** @param words the last is what is being typed */
async function offersFor(cli: Cli, root: Command, words: readonly string[]) {
  const typed = words.at(-1) ?? "";
  const before = words.slice(0, -1).filter((word) => !word.startsWith("-"));
  let at = root;
  let rest = before;
  for (;;) {
    const next = at.commands.find((one) => one.name() === rest[0]);
    if (!next) break;
    [at, rest] = [next, rest.slice(1)];
  }
  const options = [...at.options, ...(at === root ? [] : root.options)].map(
    (one) => [one.long ?? "", one.description] as const,
  );
  const names = at.commands
    .filter((one) => one.name() !== "complete")
    .map((one) => [one.name(), one.description()] as const);
  const argument = at.registeredArguments[rest.length];
  const all = typed.startsWith("-")
    ? options
    : at.commands.length > 0
      ? names
      : await idsFor(cli, argument);
  return all.filter(([word]) => word.startsWith(typed));
}

/** A hub that does not answer at once must not hold up somebody's typing. */
async function idsFor(
  cli: Cli,
  argument: Argument | undefined,
): Promise<(readonly [string, string])[]> {
  const kind = argument?.name() ?? "";
  if (!isKnownKind(kind)) return [];
  const found: (readonly [string, string])[] = [];
  try {
    const all = known(await cli.hub(), kind, AbortSignal.timeout(1_000));
    for await (const { id, name = "" } of all) found.push([id, name]);
  } catch (cause) {
    if (cause instanceof HubError || cause instanceof Ending || cause instanceof DOMException)
      return found;
    throw cause;
  }
  return found;
}
