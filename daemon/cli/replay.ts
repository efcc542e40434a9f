import { join } from "node:path";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { defaultStateDir } from "../../config/fields.ts";
import type { SiteConfig } from "../../config/site.schema.ts";
import { allVendors, vendors } from "../drivers/index.ts";
import { planOf } from "../plan.ts";
import { withRelays } from "../relays/with-relays.ts";
import { type KeptRun, openKeptRuns, type Told } from "../replay/kept-runs.ts";
import { compare, type Comparison, replay as replayed } from "../replay/replay.ts";
import { flagsOf, type Io } from "./io.ts";
import { readSite } from "./site-file.ts";

const usage = `understudy replay: the machines decide once more upon what the site's journal holds

  understudy replay --at 2026-11-23T03:12
  understudy replay --at 2026-11-23T03:12 --config changed.yaml

Shows what was decided and why, and whether the same machines decide the same upon the same inputs; with
--config, where another configuration would have decided otherwise. From there on the boxes would have
done something else, too: only the first difference counts. It only reads; the daemon may run. Inputs are
kept for a week, and a run is replayed from its start: of one that is older only what was decided is shown.

  --state DIR     where the daemon keeps its journal   (of --config, else as the daemon's)
  --config FILE   decide by this configuration instead of the one of that time
  --at TIME       show ten minutes before and after    (the last 40 decisions)
  --json          one line for each decision
`;
const flags = {
  state: { type: "string" },
  config: { type: "string" },
  at: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;
const aroundMs = 10 * 60_000;
const lastOnes = 40;

/** @returns 0 when the same was decided, 1 when not */
export function replay(args: string[], io: Io): Promise<number> {
  const { values } = flagsOf(args, flags, usage);
  if (values.help) {
    io.out(usage);
    return Promise.resolve(exitCode.done);
  }
  const atMs = values.at === undefined ? undefined : timeOf(values.at);
  const other = values.config === undefined ? undefined : readSite(values.config, io.env).config;
  const state = values.state ?? other?.stateDir ?? defaultStateDir(io.env, "understudy");
  const kept = keptIn(join(state, "site.db"));
  try {
    const isShown = (told: Told) => atMs === undefined || Math.abs(told.atMs - atMs) <= aroundMs;
    const show = (mark: string, told: Told) =>
      io.out(values.json ? `${JSON.stringify({ mark, ...told })}\n` : `${mark} ${lineOf(told)}\n`);
    const run = runAt(kept.runs(), atMs);
    if (run === undefined) {
      const told = kept.told().filter(isShown);
      for (const one of atMs === undefined ? told.slice(-lastOnes) : told) show(" ", one);
      throw new Ending(exitCode.notFound, tooOld);
    }
    const plan = other && planBy(other, run, io.env);
    const { same, was, wouldBe } = compare(run.told(), [...replayed(run, plan)]);
    const marked = [
      ...(atMs === undefined ? same.slice(-lastOnes) : same).map((told) => ({ mark: " ", told })),
      // What follows the first difference rests on what boxes did for another reason.
      ...was.slice(0, 1).map((told) => ({ mark: "-", told })),
      ...wouldBe.slice(0, 1).map((told) => ({ mark: "+", told })),
    ];
    for (const { mark, told } of marked) {
      if (mark !== " " || isShown(told)) show(mark, told);
    }
    io.tell(
      `the run since ${timeText(run.start.at.wallMs)} (${run.version}): ` +
        verdict({ same, was, wouldBe }, other !== undefined),
    );
    return Promise.resolve(was.length === 0 ? exitCode.done : exitCode.failed);
  } finally {
    kept.close();
  }
}

function verdict({ same, was, wouldBe }: Comparison, isOther: boolean): string {
  const count = same.length === 1 ? "1 decision is" : `${same.length} decisions are`;
  if (was.length === 0 && wouldBe.length === 0) return `${count} the same, and there was no other`;
  if (was.length === 0 && !isOther) return `${count} the same; the journal ends before the next`;
  const why = isOther
    ? "from there on it would have gone otherwise"
    : "then they differ: was this run decided by another version of the program?";
  return `${count} the same, ${why}`;
}

function keptIn(file: string) {
  try {
    return openKeptRuns(file);
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new Ending(exitCode.notFound, `the journal ${file} cannot be read: ${what}`);
  }
}

/** The run that `atMs` lies in, else the last one; undefined: its start is not kept any more. */
const runAt = (runs: KeptRun[], atMs = Infinity): KeptRun | undefined =>
  runs.findLast(({ start }) => start.at.wallMs <= atMs);

const tooOld =
  "the inputs since the daemon's start then are not kept any more (a week is): this is what was " +
  "decided, it cannot be decided once more";

function planBy(written: SiteConfig, run: KeptRun, env: NodeJS.ProcessEnv) {
  // Keys are no part of a plan; who could forge an outlet's answers was found out when it was opened.
  const { config, relays } = withRelays(written, vendors, () => "", env);
  const outlets = run.start.plan.encoders.flatMap(({ outlet }) => outlet ?? []);
  const spoofable = outlets.filter(({ isSpoofable }) => isSpoofable).map(({ id }) => id);
  return planOf(config, allVendors, new Set(spoofable), relays);
}

function timeOf(text: string): number {
  const ms = Date.parse(text);
  if (Number.isFinite(ms)) return ms;
  throw new Ending(exitCode.usage, `--at must be a time like 2026-11-23T03:12, not ${text}`);
}
const timeText = (ms: number) => new Date(ms).toISOString();
const lineOf = ({ atMs, severity, subject, type, message }: Told) =>
  `${timeText(atMs)}  ${severity.padEnd(8)}  ${subject.kind} ${subject.id}  ${type}  ${message}`;
