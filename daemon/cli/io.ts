import { parseArgs, type ParseArgsConfig } from "node:util";
import { Ending, exitCode } from "../../config/exit-codes.ts";

/** What a command is given of the process it runs in. */
export type Io = {
  /** Data: what a script reads. */
  out: (text: string) => void;
  /** One line for the person: progress, warnings. */
  tell: (text: string) => void;
  /** Ctrl-C. */
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
};

/** @throws Ending `usage` with the command's help */
export function flagsOf<T extends NonNullable<ParseArgsConfig["options"]>>(
  args: string[],
  options: T,
  usage: string,
) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new Ending(exitCode.usage, `${what}\n\n${usage}`);
  }
}

/** A whole number between two others, or the end of the command. */
export function numberFlag(
  name: string,
  text: string | undefined,
  limits: { least: number; most: number; usual: number },
): number {
  if (text === undefined) return limits.usual;
  const value = Number(text);
  if (Number.isInteger(value) && value >= limits.least && value <= limits.most) return value;
  const range = `a whole number from ${limits.least} to ${limits.most}`;
  throw new Ending(exitCode.usage, `--${name} must be ${range}, not ${text}`);
}
