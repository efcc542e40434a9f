import { addressesOf, RangeRefused } from "../discovery/addresses.ts";
import { portsOf, usualPorts } from "../discovery/ports.ts";
import { entriesOfAny, type KnownBoxes, knownBoxes } from "../discovery/configured.ts";
import { asYaml, proposalsFor, type Proposed } from "../discovery/proposal.ts";
import { scan, usualPace, type Box, type Scan } from "../discovery/scan.ts";
import { now } from "../clock.ts";
import type { SiteConfig } from "../../config/site.schema.ts";
import { frozenAt } from "../commissioning/freeze.ts";
import { noteOverride } from "../commissioning/overrides.ts";
import { plannedWindows } from "../commissioning/planned-windows.ts";
import { recognisers } from "../drivers/recognisers.ts";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { flagsOf, numberFlag, type Io } from "./io.ts";
import { readSite } from "./site-file.ts";
import { snmpAccessOf, snmpFlags } from "./snmp-flags.ts";

const usage = `understudy discover: which boxes are in a range, proposed as configuration

  understudy discover 192.168.10.0/24 >found.yaml
  understudy discover 192.168.10.0/24 10.0.0.7 --snmp-community-file ./community --json

Only the ranges named are looked at. Boxes are read by HTTP GET and nobody is logged in; SNMP
is spoken only with the community or user given here. What was found goes to stdout, progress to
stderr. Nothing is written to any box, and nothing into your configuration. What comes out is a
file that "understudy config check" takes; with --config only what that file does not have yet.

  --config FILE              of your site: what is in it is said and not proposed again, and
                             nothing is looked at near one of its events, but with
  --override WHY             in spite of one; your words go into the journal of the site
  --ports LIST               what is looked at        (http:80,snmp:161)
  --snmp-community-file FILE holds the community, mode 0600; it is sent in clear to every address
  --snmp-user NAME           SNMP v3, with
  --snmp-auth-password-file FILE  [--snmp-auth-protocol sha256]
  --snmp-priv-password-file FILE  [--snmp-priv-protocol aes]
  --at-once N                addresses side by side, one connection each      (${usualPace.atOnce})
  --per-second N             addresses begun in a second                      (${usualPace.perSecond})
  --answer-within MS         what an address may take to answer             (${usualPace.answerWithinMs})
  --allow-public             ranges outside the private ones
  --allow-large              more than 1024 addresses, up to 65536
  --json                     one object
  --quiet                    no progress
`;

const flags = {
  ...snmpFlags,
  config: { type: "string" },
  override: { type: "string" },
  ports: { type: "string" },
  "at-once": { type: "string" },
  "per-second": { type: "string" },
  "answer-within": { type: "string" },
  "allow-public": { type: "boolean" },
  "allow-large": { type: "boolean" },
  json: { type: "boolean" },
  quiet: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** @returns 0 something was found, 6 nothing that we know answers, 130 broken off */
export async function discover(args: string[], io: Io): Promise<number> {
  const { values, positionals } = flagsOf(args, flags, usage);
  if (values.help) {
    io.out(usage);
    return exitCode.done;
  }
  if (positionals.length === 0) throw new Ending(exitCode.usage, `name a range\n\n${usage}`);
  const ports = values.ports === undefined ? usualPorts : portsOf(values.ports);
  if (ports === undefined)
    throw new Ending(exitCode.usage, `--ports must be like http:80,http:8080,snmp:161`);
  const addresses = rangesOf(positionals, values);
  const snmp = snmpAccessOf(values);
  const tell = values.quiet ? () => undefined : io.tell;
  let known: KnownBoxes | undefined;
  if (values.config === undefined)
    tell("no --config was given: whether an event of the site is near was not asked");
  else {
    const { config } = readSite(values.config, io.env);
    await askFreeze(config, values.override, tell);
    known = await knownBoxes(config);
  }
  if (snmp === undefined && ports.some(({ over }) => over === "snmp"))
    tell("no SNMP community or user given: PDUs, NAS and other SNMP agents are not looked for");
  if (snmp?.access.version === "v2c")
    tell(`the community is sent in the clear to ${addresses.length} addresses`);

  const startedAt = new Date();
  const found = await scan({
    ...{ addresses, ports, recognisers, signal: io.signal },
    snmpAccess: snmp?.access,
    pace: {
      ...usualPace,
      atOnce: numberFlag("at-once", values["at-once"], { least: 1, most: 64, usual: 16 }),
      perSecond: numberFlag("per-second", values["per-second"], { least: 1, most: 500, usual: 50 }),
      answerWithinMs: numberFlag("answer-within", values["answer-within"], {
        ...{ least: 100, most: 10_000 },
        usual: usualPace.answerWithinMs,
      }),
    },
    progress: {
      found: ({ address, port, kind, name = "" }) => tell(`${address}:${port} ${kind} ${name}`),
      looked(done) {
        if (done % 50 === 0 || done === addresses.length) tell(`${done} of ${addresses.length}`);
      },
    },
  });
  const proposals = proposalsFor(found.boxes, snmp?.written, known);
  const tellAs = values.json ? asJson : asText;
  io.out(tellAs(found, proposals, startedAt, known));
  if (!found.isWhole) return exitCode.interrupted;
  return found.boxes.length > 0 ? exitCode.done : exitCode.unreachable;
}

async function askFreeze(
  config: SiteConfig,
  override: string | undefined,
  tell: (line: string) => void,
): Promise<void> {
  const planned = await plannedWindows(config.stateDir);
  const freeze = frozenAt(config, "discovery", now(), planned);
  if (freeze === undefined) return;
  if (!override) throw new Ending(exitCode.refused, freeze);
  noteOverride(config.stateDir, "discover", override);
  tell(`all the same, because ${override}: ${freeze}`);
}

function rangesOf(
  ranges: readonly string[],
  values: { "allow-public"?: boolean; "allow-large"?: boolean },
): string[] {
  try {
    const allow = {
      public: values["allow-public"] === true,
      large: values["allow-large"] === true,
    };
    return addressesOf(ranges, allow);
  } catch (cause) {
    if (!(cause instanceof RangeRefused)) throw cause;
    throw new Ending(exitCode.refused, cause.message);
  }
}

type Telling = (
  found: Scan,
  proposals: readonly Proposed[],
  at: Date,
  known?: KnownBoxes,
) => string;

const asText: Telling = (found, proposals, at, known) => {
  const { addresses, answering, requests, isWhole } = found;
  const head = [
    `# ${isWhole ? "Found" : "Broken off; found so far"} by understudy discover on ${at.toISOString()}:`,
    `# ${answering} of ${addresses} addresses answer, ${requests} requests were sent.`,
    "# Look it over before it goes into site.yaml. credential:NAME is a file that you make.",
  ];
  return `${head.join("\n")}\n\n${asYaml(proposals, found, known)}`;
};

const asJson: Telling = (found, proposals, at, known) => {
  const { boxes, ...rest } = found;
  const told = ({ entries: _, ...box }: Box) => box;
  const fragments = (of: Box) =>
    proposals
      .filter(({ box }) => box === of)
      .map(({ section, entry, isDoubtful }) => ({ section, entry, isDoubtful }));
  const whole = {
    startedAt: at.toISOString(),
    boxes: boxes.map((box) => ({
      ...told(box),
      ...(known && { configuredAs: entriesOfAny(box, known) }),
      proposed: fragments(box),
    })),
    ...rest,
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
};
