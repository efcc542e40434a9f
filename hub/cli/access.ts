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

const Url = z.url({ protocol: /^https?$/ });
const File = z.strictObject({
  hub: Url.optional(),
  keyFile: z.string().min(1).optional(),
});

/** A value, and who said so. */
type Said = { value: string; by: string };
export type Access = {
  hub: Said;
  /** Who says the key, and in which file it is; undefined: nobody gave one. */
  keyFrom: { by: string; file: string | undefined } | undefined;
  /** @throws Ending where it cannot be read */
  key: () => Promise<string | undefined>;
};

/** Hold the key itself; the last two as in scripts that were written for others. */
export const keyNames = ["UNDERSTUDY_API_KEY", "FFMPEG_RTMP_API_KEY", "MASTER_API_KEY"];
const defaultHub: Said = { value: "http://127.0.0.1:8080", by: "default" };
const systemFile = "/etc/understudy/cli.yaml";
const userFile = (env: NodeJS.ProcessEnv) =>
  join(env["XDG_CONFIG_HOME"] ?? join(env["HOME"] ?? homedir(), ".config"), "understudy/cli.yaml");

/** @throws Ending `usage` */
export function accessFrom(
  given: { hub?: string | undefined; keyFile?: string | undefined },
  io: Pick<Io, "env" | "stdin" | "err">,
): Access {
  const files = [userFile(io.env), systemFile].filter(existsSync);
  const contents = files.map((file) => ({ by: file, ...read(file) }));
  const inEnv = (by: string) => ({ value: io.env[by], by });
  const hub =
    firstOf([
      { value: given.hub, by: "--hub" },
      inEnv("UNDERSTUDY_HUB"),
      ...contents.map(({ by, hub: value }) => ({ value, by })),
    ]) ?? defaultHub;
  if (!Url.safeParse(hub.value).success) {
    const what = `the hub (by ${hub.by}) must be an address like https://hub.example.org`;
    throw new Ending(exitCode.usage, what);
  }
  const inItself = keyNames.map(inEnv);
  const key = firstOf([
    { value: given.keyFile, by: "--key-file" },
    ...inItself,
    inEnv("UNDERSTUDY_API_KEY_FILE"),
    ...contents.map(({ by, keyFile: value }) => ({ value, by })),
  ]);
  const isItself = inItself.some(({ by }) => by === key?.by);
  return {
    hub: { ...hub, value: hub.value.replace(/\/+$/, "") },
    keyFrom: key && { by: key.by, file: isItself ? undefined : key.value },
    key: async () => {
      if (!key) return undefined;
      const text = (isItself ? key.value : await readKey(key, io)).trim();
      if (/^[\x21-\x7e]+$/.test(text)) return text;
      throw new Ending(exitCode.usage, `what ${key.by} gives is not a key`);
    },
  };
}

function firstOf(all: readonly { value: string | undefined; by: string }[]): Said | undefined {
  return all.find((one): one is Said => one.value !== undefined && one.value !== "");
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
