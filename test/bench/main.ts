/**
 * `npm run bench -- <name>… [--json] [--quick] [--realtime] [--kills N] [--hog-minutes N]
 * [--single VARIANT]`. Every figure stands beside a limit or a peer that was measured in the same
 * run. Exit code 1 when a goal is missed or a bench fails.
 */
import { parseArgs } from "node:util";
import type { Bench } from "./bench.ts";
import { content } from "./content.ts";
import { failoverDirect } from "./failover-direct.ts";
import type { Figure } from "./figure.ts";
import { footprint } from "./footprint.ts";
import { journal } from "./journal.ts";
import { look } from "./look.ts";
import { matrix } from "./matrix.ts";
import { p1 } from "./p1.ts";
import { p2 } from "./p2.ts";
import { p3 } from "./p3.ts";
import { p4 } from "./p4.ts";
import { p5 } from "./p5.ts";
import { p6 } from "./p6.ts";
import { p7 } from "./p7.ts";
import { p8 } from "./p8.ts";
import { p10 } from "./p10.ts";
import { p12 } from "./p12.ts";
import { p14a } from "./p14a.ts";
import { p15 } from "./p15.ts";
import { p19 } from "./p19.ts";
import { relay } from "./relay.ts";
import { relayKilled } from "./relay-killed.ts";
import { keepResults, machineLine, tableOf } from "./results.ts";
import { parseVariant } from "./variants.ts";

const benches: readonly Bench[] = [
  p1,
  p2,
  p3,
  p4,
  failoverDirect,
  journal,
  footprint,
  p5,
  p6,
  p7,
  p8,
  p10,
  p12,
  p14a,
  p15,
  p19,
  relay,
  relayKilled,
  content,
  look,
  matrix,
];

const usage = `npm run bench -- <name>… [--json] [--quick] [--realtime] [--kills N] [--hog-minutes N]
  [--single VARIANT]

${benches.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join("\n")}
  ${"all".padEnd(16)} one after the other

  --json           one line per figure on stdout (and nothing else; use npm run --silent)
  --quick          small counts, to see that it works; results.md keeps what it has
  --realtime       for a machine that is not quiet: in p5, p6, p7, p10 and p15 both sides go first
  --kills N        how often p1, p3, p4, p19, relay-killed, failover-direct and journal kill
  --hog-minutes N  how long p2 keeps all cores busy
  --single VARIANT matrix tries this one alone, like 1280x720@30/3Mbps/libx264 (GStreamer's
                   codec is x264enc); results.md keeps what it has
`;

function countOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (!(count > 0)) throw new Error(`--${flag} is ${text}, not a number above 0`);
  return count;
}

async function main(): Promise<number> {
  let flags, names, kills, hogMinutes, single;
  try {
    ({ values: flags, positionals: names } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        quick: { type: "boolean", default: false },
        realtime: { type: "boolean", default: false },
        kills: { type: "string" },
        "hog-minutes": { type: "string" },
        single: { type: "string" },
      },
    }));
    kills = countOf("kills", flags.kills);
    hogMinutes = countOf("hog-minutes", flags["hog-minutes"]);
    single = flags.single === undefined ? undefined : parseVariant(flags.single);
    const unknown = names.filter((n) => n !== "all" && !benches.some((b) => b.name === n));
    if (unknown.length > 0) throw new Error(`there is no bench ${unknown.join(", ")}`);
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n\n${usage}`);
    return 2;
  }
  if (names.length === 0) {
    process.stdout.write(usage);
    return 0;
  }

  const { json, quick, realtime } = flags;
  let missed = 0;
  for (const bench of benches) {
    if (!names.includes(bench.name) && !names.includes("all")) continue;
    const say = (line: string) => void process.stderr.write(`${bench.name}: ${line}\n`);
    const machine = machineLine();
    say(`${bench.about} (${machine})`);
    const figures: Figure[] = [];
    const options = {
      quick,
      realtime,
      kills,
      hogMinutes,
      single,
      say,
      figure: (found: Figure) => {
        figures.push(found);
        if (found.pass === false) missed += 1;
        if (json) process.stdout.write(`${JSON.stringify(found)}\n`);
      },
    };
    try {
      await bench.run(options);
    } catch (cause) {
      // The others are still worth their time; the old rows of this one stay.
      say(`failed: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
      missed += 1;
      continue;
    }
    if (!json) process.stdout.write(`${tableOf(figures)}\n`);
    const isPart = quick || (bench === matrix && single !== undefined);
    if (!isPart) await keepResults(benches, bench.name, figures, machine);
  }
  return missed > 0 ? 1 : 0;
}

process.exit(await main());
