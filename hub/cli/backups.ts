/** Backups of a hub, made and put back on its own machine. */
import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { makeBackup } from "../backup/make.ts";
import { BackupError, inside, type Manifest } from "../backup/manifest.ts";
import { isInUse, openBackup, putBack } from "../backup/restore.ts";
import { lengthOf } from "../web/words.ts";
import { asNumber, type Cli, type Option, type Program } from "./cli.ts";
import type { Column } from "./print.ts";

type Where = { stateDir?: string; config?: string };
const usualConfig = "/etc/understudy/hub.yaml";
const stateDirOf = ({ io }: Cli, { stateDir }: Where) =>
  stateDir ?? io.env["STATE_DIRECTORY"] ?? "/var/lib/understudy-hub";
const stateDirOption: Option = [
  "--state-dir <folder>",
  "of the hub ($STATE_DIRECTORY, /var/lib/understudy-hub)",
];

/** Backups that were put into one folder, by the names that `make` gives them. */
const ours = /^understudy-hub-\d{8}T\d{6}Z\.tar$/;

export function addBackups(program: Program, version: string): void {
  const backup = program.noun(
    "backup",
    "all that this machine's hub is, in one file",
    `
  understudy backup make /var/backups/hub.tar              while the hub runs
  understudy backup make --keep 96 /var/backups/           a new one, and the last 96 stay
  understudy backup check /var/backups/hub.tar
  understudy backup restore /var/backups/hub.tar           with the hub stopped`,
  );
  backup.verb<Where & { keep?: number }>(
    "make <file>",
    "a file, or a new one in this folder; it holds keys: keep it safe",
    async (cli, options, to = "") => {
      const nowMs = Date.now();
      const isFolder = existsSync(to) && lstatSync(to).isDirectory();
      const file = isFolder ? join(to, nameAt(nowMs)) : to;
      if (options.keep !== undefined && !isFolder) {
        throw new Ending(exitCode.usage, "--keep needs a folder");
      }
      const config = options.config ?? (existsSync(usualConfig) ? usualConfig : undefined);
      const source = { stateDir: stateDirOf(cli, options), version, nowMs };
      const manifest = await said(() =>
        makeBackup(file, { ...source, ...(config !== undefined && { config }) }),
      );
      if (options.keep !== undefined) prune(to, options.keep);
      tell(cli, file, manifest);
      cli.note("Files with secrets that hub.yaml names are not in it.");
    },
    [
      stateDirOption,
      ["--config <file>", `its hub.yaml (${usualConfig}, where there is one)`],
      ["--keep <number>", "how many stay in the folder; the oldest go", asNumber],
    ],
  );
  backup.verb(
    "check <file>",
    "is every byte of it as it was written?",
    async (cli, _, file = "") => {
      const folder = mkdtempSync(join(tmpdir(), "understudy-"));
      try {
        tell(cli, file, (await said(() => openBackup(file, folder))).manifest);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
  backup.verb<Where & { yes?: boolean }>(
    "restore <file>",
    "the hub becomes what it was; what it is now is kept beside it",
    restore,
    [
      stateDirOption,
      ["--config <file>", `where its hub.yaml goes, unless one is there (${usualConfig})`],
      ["-y, --yes", "do not ask"],
    ],
  );
}

async function restore(cli: Cli, options: Where & { yes?: boolean }, file = ""): Promise<void> {
  const startedAtMs = performance.now();
  const stateDir = resolve(stateDirOf(cli, options));
  if (isInUse(join(stateDir, inside.database))) {
    throw new Ending(exitCode.refused, `a hub runs in ${stateDir}: stop it first`);
  }
  const opened = await said(() => openBackup(file, dirname(stateDir)));
  try {
    const madeAt = new Date(opened.manifest.madeAtMs).toISOString();
    const what = `The hub in ${stateDir} becomes what it was at ${madeAt}.`;
    const mayGoOn = options.yes === true || (await cli.io.ask?.(`${what} Go on? [y/N] `)) === true;
    if (!mayGoOn) throw new Ending(exitCode.usage, `${what} Say --yes to that`);
    const { config = usualConfig } = options;
    const done = putBack(opened, { stateDir, config, nowMs: Date.now() });
    tell(cli, file, opened.manifest);
    cli.note(`restored in ${lengthOf(performance.now() - startedAtMs)}`);
    if (done.before !== undefined) cli.note(`What was there is in ${done.before}.`);
    if (done.config === "leftAlone") cli.note(`${config} was left as it is.`);
    cli.note(`Keys and people that were taken away after ${madeAt} may come in again: look.`);
  } finally {
    opened.close();
  }
}

const asBackup: readonly Column<{ file: string } & Manifest>[] = [
  ["File", (b) => b.file],
  ["Made", (b) => new Date(b.madeAtMs).toISOString()],
  ["By version", (b) => b.version],
  ["Files", (b) => String(b.files.length)],
  ["Bytes", (b) => String(b.files.reduce((sum, { bytes }) => sum + bytes, 0))],
];

function tell({ print }: Cli, file: string, manifest: Manifest): void {
  print.one({ file, ...manifest }, asBackup);
}

const nameAt = (ms: number) =>
  `understudy-hub-${new Date(ms).toISOString().replaceAll(/[-:]|\.\d+/g, "")}.tar`;

function prune(folder: string, keep: number): void {
  const old = readdirSync(folder).filter((name) => ours.test(name));
  for (const name of old.toSorted().slice(0, Math.max(0, old.length - Math.max(1, keep)))) {
    rmSync(join(folder, name));
  }
}

async function said<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    // A full disk, a folder that is not there: said by the system in one line.
    if (cause instanceof BackupError || code !== undefined)
      throw new Ending(exitCode.failed, message);
    throw cause;
  }
}
