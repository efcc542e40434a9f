/**
 * Which hub, and with which key: flag, else environment, else the user's file, else the system's,
 * else a hub on this machine. A key is never a flag's value, which others could read.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { asWritten } from "../../config/as-written.ts";
import { loadConfig } from "../../config/load.ts";
import { ConfigError } from "../../config/problems.ts";
import type { Io } from "./io.ts";

const File = z.strictObject({
  hub: z.url({ protocol: /^https?$/ }).optional(),
  keyFile: z.string().min(1).optional(),
});

/** A value, and who said so. */
type Said = { value: string; by: string };
export type Access = {
  hub: Said;
  /** Where the key is; undefined: nobody gave one. */
  keyFrom: Said | undefined;
  /** Read when it is needed. @throws Ending */
  key: () => Promise<string | undefined>;
};

const defaultHub = "http://127.0.0.1:8080";
const systemFile = "/etc/understudy/cli.yaml";
const userFile = (env: NodeJS.ProcessEnv) =>
  join(env["XDG_CONFIG_HOME"] ?? join(env["HOME"] ?? homedir(), ".config"), "understudy/cli.yaml");

/** @throws Ending `usage` */
export function accessFrom(
  given: { hub?: string | undefined; keyFile?: string | undefined },
  io: Pick<Io, "env" | "stdin" | "err">,
): Access {
  const { env } = io;
  const files = [userFile(env), systemFile]
    .filter(existsSync)
    .map((file) => ({ file, ...read(file) }));
  const said = (
    flag: string,
    value: string | undefined,
    variable: string,
    key: "hub" | "keyFile",
  ) => [
    { value, by: flag },
    { value: env[variable], by: variable },
    ...files.map((file) => ({ value: file[key], by: file.file })),
  ];
  const hub = firstOf([
    ...said("--hub", given.hub, "UNDERSTUDY_HUB", "hub"),
    { value: defaultHub, by: "default" },
  ]) ?? { value: defaultHub, by: "default" };
  if (!z.url({ protocol: /^https?$/ }).safeParse(hub.value).success)
    throw new Ending(
      exitCode.usage,
      `the hub (by ${hub.by}) must be an address like https://hub.example.org`,
    );
  const [flag, variable, ...filed] = said(
    "--key-file",
    given.keyFile,
    "UNDERSTUDY_API_KEY_FILE",
    "keyFile",
  );
  const inEnv = { value: env["UNDERSTUDY_API_KEY"], by: "UNDERSTUDY_API_KEY" };
  const keyFrom = firstOf([flag, inEnv, variable, ...filed]);
  return {
    hub: { ...hub, value: hub.value.replace(/\/+$/, "") },
    keyFrom:
      keyFrom === undefined || keyFrom.by === inEnv.by
        ? keyFrom && { ...keyFrom, value: "" }
        : keyFrom,
    key: async () => {
      if (!keyFrom) return undefined;
      const isItself = keyFrom.by === inEnv.by;
      const text = isItself ? keyFrom.value : await readKey(keyFrom, io);
      const key = text.trim();
      if (/^[\x21-\x7e]+$/.test(key)) return key;
      throw new Ending(exitCode.usage, `what ${keyFrom.by} gives is not a key`);
    },
  };
}

function firstOf(
  all: readonly ({ value: string | undefined; by: string } | undefined)[],
): Said | undefined {
  const found = all.find((one) => one?.value !== undefined && one.value !== "");
  return found?.value === undefined ? undefined : { value: found.value, by: found.by };
}

function read(file: string): z.infer<typeof File> {
  try {
    const jsonSchema = () => asWritten(File);
    return loadConfig(file, { schema: File, crossChecks: () => [], jsonSchema }).config;
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new Ending(exitCode.usage, cause.message);
  }
}

async function readKey(
  { value, by }: Said,
  { env, stdin, err }: Pick<Io, "env" | "stdin" | "err">,
) {
  if (value === "-") return stdin();
  const file = value.replace(/^~(?=\/)/, env["HOME"] ?? homedir());
  try {
    const text = readFileSync(file, "utf8");
    if ((statSync(file).mode & 0o077) !== 0)
      err(`understudy: ${file} can be read by others: chmod 600 ${file}\n`);
    return text;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unreadable";
    throw new Ending(exitCode.usage, `the key file ${file} (by ${by}) cannot be read: ${code}`);
  }
}
