import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { redact } from "../../config/redaction.ts";
import { withoutWellKnown } from "../commissioning/exposure.ts";
import { asMarkdown } from "../commissioning/markdown.ts";
import type { SiteConfig } from "../../config/site.schema.ts";
import { frozenAt } from "../commissioning/freeze.ts";
import { noteOverride } from "../commissioning/overrides.ts";
import { type PlannedWindows, plannedWindows } from "../commissioning/planned-windows.ts";
import type { Report } from "../commissioning/report.ts";
import { noteSeen } from "../commissioning/seen-at-far-end.ts";
import { walk } from "../commissioning/walk.ts";
import { recognisers } from "../drivers/recognisers.ts";
import { now } from "../clock.ts";
import { JournalError } from "../journal/journal-error.ts";
import { lockState, type StateLock } from "../journal/state-lock.ts";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { flagsOf, type Io } from "./io.ts";
import { readSite } from "./site-file.ts";

const usage = `understudy commission: what each box of a site can do, and how exposed it is

  understudy commission --config site.yaml
  understudy commission --config site.yaml --encoder helo-1 --rehearse

Looks at each box and at who else could reach it; changes nothing. With --rehearse it also puts each
idle box on air at a destination marked test: true, measures how long that takes, takes it off again
with proof, and takes address and key out of the box. Never while anybody is seen on that key. Who
was seen there may publish to that far end itself when the relay of its stream cannot be kept up.

The daemon must be stopped meanwhile: both would command the same boxes. What is on air stays there
while it is stopped, and nothing that is on air is touched here.

  --config FILE      site configuration                 (/etc/understudy/site.yaml)
  --encoder ID       only this one; may be repeated
  --rehearse         start and stop idle boxes
  --confirm ID       rehearse at this destination too, though people watch it; may be repeated
  --probe-takeover   see what a far end does with a second publisher; needs --rehearse and two boxes
  --confirm-takeover ID
                     see it at this destination too, though people watch it: not near an event,
                     whatever --override says; may be repeated
  --power            cut and restore the power of idle boxes at their outlet; needs --rehearse
  --override WHY   rehearse near an event, too; your words go into the journal of the site
  --report FOLDER    where the report goes              (commissioning in the state directory)
  --json             the report as JSON on stdout, not Markdown
  --quiet            no progress
`;

const flags = {
  config: { type: "string", default: "/etc/understudy/site.yaml" },
  encoder: { type: "string", multiple: true },
  rehearse: { type: "boolean", default: false },
  confirm: { type: "string", multiple: true },
  "probe-takeover": { type: "boolean", default: false },
  "confirm-takeover": { type: "string", multiple: true },
  power: { type: "boolean", default: false },
  override: { type: "string" },
  report: { type: "string" },
  json: { type: "boolean", default: false },
  quiet: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** @returns 0 all that was asked for is done, 1 something failed, 130 broken off */
export async function commission(args: string[], io: Io & { version: string }): Promise<number> {
  const { values, positionals } = flagsOf(args, flags, usage);
  if (values.help) {
    io.out(usage);
    return exitCode.done;
  }
  if (positionals.length > 0)
    throw new Ending(exitCode.usage, `${positionals[0]} is not a flag\n\n${usage}`);
  if ((values.power || values["probe-takeover"]) && !values.rehearse)
    throw new Ending(
      exitCode.usage,
      "--power and --probe-takeover start boxes: say --rehearse too",
    );
  const { config, secrets } = readSite(values.config, io.env);
  const encoders = chosen("encoder", values.encoder, config.encoders);
  const typed = (ids: readonly string[] | undefined) =>
    ids ? chosen("destination", ids, config.destinations) : [];
  const confirmed = typed(values.confirm);
  const confirmedTakeover = typed(values["confirm-takeover"]);
  if (confirmedTakeover.length > 0 && !values["probe-takeover"])
    throw new Ending(exitCode.usage, "--confirm-takeover allows a probe: say --probe-takeover too");
  const hidden = withoutWellKnown(secrets, recognisers);
  const clean = (text: string) => redact(text, hidden);

  const folder = values.report ?? join(config.stateDir, "commissioning");
  const lock = lockForUs(config.stateDir);
  let report: Report;
  try {
    const planned = await plannedWindows(config.stateDir);
    report = await walk({
      config,
      version: io.version,
      wishes: {
        ...{ encoders, confirmed, rehearse: values.rehearse, cutPower: values.power },
        ...{ probeTakeover: values["probe-takeover"], confirmedTakeover },
      },
      frozen: askFreeze(config, planned, values.override),
      eventNear: askFreeze(config, planned, undefined),
      signal: io.signal,
      tell: values.quiet ? () => undefined : (line) => io.tell(clean(line)),
    });
    noteSeen(config.stateDir, report.encoders);
  } finally {
    lock.release();
  }
  const markdown = clean(asMarkdown(report));
  const json = clean(`${JSON.stringify(report, null, 2)}\n`);
  io.out(values.json ? json : markdown);
  const name = join(folder, `${config.site}-${report.startedAt.replaceAll(":", "")}`);
  keep(folder, { [`${name}.md`]: markdown, [`${name}.json`]: json });
  if (!values.quiet) io.tell(`the report is in ${name}.md and .json`);
  if (!report.isWhole) return exitCode.interrupted;
  const steps = [...report.encoders, ...report.destinations].flatMap((of) => of.steps);
  return steps.some(({ outcome }) => outcome === "failed") ? exitCode.failed : exitCode.done;
}

/** The override is kept when it is first made use of. */
function askFreeze(config: SiteConfig, planned: PlannedWindows, override: string | undefined) {
  let isNoted = false;
  return (): string | undefined => {
    const freeze = frozenAt(config, "probe", now(), planned);
    if (freeze === undefined || !override) return freeze;
    if (!isNoted) noteOverride(config.stateDir, "commission", override);
    isNoted = true;
    return undefined;
  };
}

function chosen(
  kind: string,
  wanted: readonly string[] | undefined,
  known: readonly { id: string }[],
): string[] {
  const ids = known.map(({ id }) => id);
  const unknown = wanted?.find((id) => !ids.includes(id));
  if (unknown !== undefined)
    throw new Ending(
      exitCode.notFound,
      `there is no ${kind} ${unknown}, there are: ${ids.join(", ")}`,
    );
  return ids.filter((id) => wanted?.includes(id) ?? true);
}

/** The lock of the daemon: while we have it none can start, and while one runs we cannot. */
function lockForUs(stateDir: string): StateLock {
  mkdirSync(stateDir, { recursive: true, mode: 0o750 });
  const owner = statSync(stateDir).uid;
  if (process.getuid && owner !== process.getuid())
    throw new Ending(
      exitCode.refused,
      `${stateDir} belongs to another user, whose daemon could not read what is left there: run this as that user (sudo -u understudy understudy commission …)`,
    );
  try {
    return lockState(stateDir);
  } catch (cause) {
    if (!(cause instanceof JournalError)) throw cause;
    const how = "stop it first (systemctl stop understudy-daemon); what is on air stays on air";
    throw new Ending(exitCode.refused, `${cause.message}: ${how}`);
  }
}

function keep(folder: string, files: Record<string, string>): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    for (const [file, text] of Object.entries(files)) writeFileSync(file, text, { mode: 0o640 });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Ending(exitCode.failed, `the report cannot be kept: ${why}`);
  }
}
