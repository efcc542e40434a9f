import type { Report, Step } from "./report.ts";

const stepTitles: Record<Step["step"], string> = {
  capabilities: "What it tells",
  start: "Coming on air",
  fence: "Proving it off",
  power: "Its outlet",
  takeover: "A second publisher",
};

/** The report for people, and for the folder of the site. */
export function asMarkdown(report: Report): string {
  const { site, version, startedAt, endedAt, isWhole, encoders, destinations, exposure } = report;
  return [
    `# Commissioning of ${site}`,
    `${startedAt} to ${endedAt}, by understudy ${version}.${isWhole ? "" : " **Broken off.**"}`,
    ...encoders.flatMap(({ encoder, driver, where, steps }) => [
      `## Encoder ${encoder}`,
      `Driver ${driver}${where === undefined ? "" : ` at ${where}`}.`,
      ...steps.map(stepText),
    ]),
    ...destinations.flatMap(({ destination, steps }) => [
      `## Destination ${destination}`,
      ...steps.map(stepText),
    ]),
    "## Exposure",
    exposureTable(exposure),
    "No password was tried that is not in the configuration.",
  ]
    .join("\n\n")
    .concat("\n");
}

function stepText({ step, outcome, because, figures, notes }: Step): string {
  const rows = figures.map(
    ({ what, value, unit, source, at }) =>
      `| ${cell(what)} | ${value} ${unitText(unit)} | ${cell(source)} | ${at} |`,
  );
  const table =
    rows.length === 0
      ? []
      : [["| figure | | source | when |", "| --- | --- | --- | --- |", ...rows].join("\n")];
  const list = notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join("\n")];
  return [`### ${stepTitles[step]}: ${outcome}`, `${capital(because)}.`, ...table, ...list].join(
    "\n\n",
  );
}

const unitText = (unit: string) => (unit === "level" ? "" : unit);
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const cell = (text: string) => text.replaceAll("|", "\\|");

function exposureTable(exposure: Report["exposure"]): string {
  if (exposure.length === 0) return "Nothing was found.";
  const rows = exposure.map(
    ({ severity, subject, what, seen, fix }) =>
      `| ${severity} | ${cell(subject)} | ${cell(what)} | ${cell(seen)} | ${cell(fix)} |`,
  );
  return [
    "| | what | exposure | how it is known | fix |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
