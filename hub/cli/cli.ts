/** What every command is handed, and how it becomes one of `understudy`. */
import {
  type Argument,
  type Command,
  type HelpConfiguration,
  InvalidArgumentError,
} from "commander";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { duration } from "../../config/units.ts";
import { HubError, openHubClient, type HubClient } from "../client/client.ts";
import { accessFrom, type Access } from "./access.ts";
import { endingOf } from "./endings.ts";
import type { Io } from "./io.ts";
import { openPrinter, type Printer } from "./print.ts";

export type Cli = {
  io: Io;
  print: Printer;
  /** @throws Ending where no key can be read */
  hub: () => Promise<HubClient>;
  access: () => Access;
  /** One line for the person. */
  tell: (text: string) => void;
  /** As `tell`, unless `--quiet`. */
  note: (text: string) => void;
  isQuiet: boolean;
};

/** What may be said with every command. */
type Common = {
  hub?: string;
  master?: string;
  keyFile?: string;
  json?: boolean;
  plain?: boolean;
  color: boolean;
  quiet?: boolean;
  verbose?: boolean;
};

/** @returns the exit code; nothing: 0 */
export type Run<Options> = (
  cli: Cli,
  options: Options,
  ...args: string[]
) => Promise<number | void> | number | void;

/** What a noun adds its verbs with. */
export type Program = {
  root: Command;
  /** Without a noun. */
  verb: <Options = object>(
    usage: string,
    does: string,
    run: Run<Options>,
    how?: { hidden: boolean },
  ) => Command;
  noun: (name: string, does: string, examples: string) => Noun;
  /** Of the command that was run. */
  exitCode: () => number;
};
export type Noun = {
  /** A noun below it: `understudy stream session`. */
  group: (name: string, does: string, examples: string) => Noun;
  /** @param usage `failover <stream>`: its first argument is completed with what there is */
  verb: <Options = object>(
    usage: string,
    does: string,
    run: Run<Options>,
    options?: readonly Option[],
  ) => Command;
};
export type Option = readonly [flags: string, does: string, parse?: (text: string) => unknown];

export function openProgram(root: Command, io: Io): Program {
  let ended: number = exitCode.done;
  const common = () => root.opts<Common>();

  async function run<Options>(command: Command, does: Run<Options>): Promise<void> {
    const wish = common();
    let opened: Promise<Opened> | undefined;
    const access = () => accessFrom({ ...wish, hub: wish.hub ?? wish.master }, io);
    const tell = (text: string) => io.err(`${text}\n`);
    const cli: Cli = {
      ...{ io, tell, access, isQuiet: wish.quiet === true },
      note: (text) => void (wish.quiet !== true && tell(text)),
      print: openPrinter(io, { shape: shapeOf(wish, io), color: hasColor(wish, io) }),
      hub: async () => (await (opened ??= open(cli, wish.verbose === true))).hub,
    };
    try {
      ended =
        (await does(cli, command.opts<object>() as Options, ...command.args)) ?? exitCode.done;
    } catch (error) {
      if (error instanceof HubError && opened) {
        if (wish.verbose)
          tell(`${error.place}: ${error.status} ${error.code}, request ${error.requestId ?? "?"}`);
        throw await endingOf(error, await opened);
      }
      throw error;
    }
  }

  return {
    root,
    exitCode: () => ended,
    verb: (usage, text, does, how) => {
      const verb = root.command(usage, how).description(text);
      return verb.action(async () => run(verb, does));
    },
    noun: (name, does, examples) => nounIn(root, name, does, examples),
  };

  function nounIn(parent: Command, name: string, does: string, examples: string): Noun {
    const noun = parent
      .command(name)
      .description(does)
      .configureHelp({ ...plainTerms, visibleOptions: () => [], showGlobalOptions: false })
      .helpCommand(false)
      .addHelpText("before", `${examples.replace(/^\n+/, "")}\n`);
    return {
      group: (of, text, shown) => nounIn(noun, of, text, shown),
      verb: <Options>(
        usage: string,
        text: string,
        does: Run<Options>,
        options: readonly Option[] = [],
      ) => {
        const verb = noun.command(usage).description(text).configureHelp(root.configureHelp());
        for (const [flags, what, parse] of options)
          if (parse) verb.option(flags, what, parse);
          else verb.option(flags, what);
        return verb.action(async () => run(verb, does));
      },
    };
  }
}

type Opened = { hub: HubClient; url: string; hasKey: boolean };

/** Once: a key that comes by stdin comes once. */
async function open({ access, tell, note }: Cli, isVerbose: boolean): Promise<Opened> {
  const { hub, key, keyFrom } = access();
  const secret = await key();
  if (isVerbose)
    tell(`hub ${hub.value} (by ${hub.by}), key ${keyFrom ? `by ${keyFrom.by}` : "none"}`);
  if (secret !== undefined && isInTheClear(hub.value))
    note(`understudy: the key goes to ${hub.value} in the clear; use https`);
  const client = openHubClient({ hub: hub.value, ...(secret !== undefined && { key: secret }) });
  return { hub: client, url: hub.value, hasKey: secret !== undefined };
}

/** What options there are, a verb's own help says. */
export const plainTerms: HelpConfiguration = {
  subcommandTerm: (command) =>
    [command.name(), ...command.registeredArguments.map(nameOfArgument)].join(" "),
};
const nameOfArgument = (argument: Argument) =>
  argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;

function shapeOf({ json, plain }: Common, { terminal }: Io) {
  if (json) return "json" as const;
  return plain || !terminal.out ? ("plain" as const) : ("table" as const);
}

function hasColor({ color }: Common, { env, terminal }: Io): boolean {
  const isOff = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return color && !isOff && terminal.out !== undefined;
}

function isInTheClear(hub: string): boolean {
  const { protocol, hostname } = new URL(hub);
  return protocol === "http:" && !/^(localhost|127\..*|\[::1\])$/.test(hostname);
}

/** `30s`, `2h` → ms */
export function asMs(text: string): number {
  const read = duration({ atLeast: "1ms", atMost: "31d" }).safeParse(text);
  if (read.success) return read.data.value;
  throw new InvalidArgumentError(read.error.issues[0]?.message ?? "not a duration");
}

export function asNumber(text: string): number {
  if (/^\d{1,12}(\.\d{1,6})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError("must be a number");
}

export const asList = (text: string): string[] => text.split(",").map((one) => one.trim());

/** The text of `-` (stdin) or of a file. @throws Ending */
export async function textFrom(path: string, { stdin }: Io): Promise<string> {
  if (path === "-") return stdin();
  const { readFile } = await import("node:fs/promises");
  return readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new Ending(exitCode.usage, `${path} cannot be read: ${cause.code ?? "unreadable"}`);
  });
}
