import { stringify } from "yaml";
import { entriesOfAny, type KnownBoxes, noneKnown } from "./configured.ts";
import type { Box, Scan } from "./scan.ts";

/** An entry for `site.yaml`, with what a person should know before using it. */
export type Proposed = {
  section: Box["section"];
  /** As it is written in the file; secrets only as references. */
  entry: {
    id: string;
    name?: string;
    driver: string;
    expectedName?: string;
    [key: string]: unknown;
  };
  /** Only good for watching, or not known to be what it looks like: written commented out. */
  isDoubtful: boolean;
  /** The outlet that bears an encoder's name: perhaps what powers it, so never more than a hint. */
  outlet?: string;
  box: Box;
};

/**
 * @param access how the operator let us ask, as the file may hold it: references, no secrets
 * @param known what the site's file holds already: that is not proposed again, no id is given twice
 */
export function proposalsFor(
  boxes: readonly Box[],
  access: unknown,
  known: KnownBoxes = noneKnown,
): Proposed[] {
  const taken = new Set(known.ids);
  const alsoOverHttp = new Set(boxes.filter((b) => b.over === "http").map((b) => b.address));
  const proposals = boxes.flatMap((box) => {
    // The agent of a box that has a driver of its own adds nothing to choose from.
    if (box.driver === "snmp" && alsoOverHttp.has(box.address)) return [];
    const isNew = ({ keys }: Box["entries"][number]) => known.entriesOf(box, keys).length === 0;
    return box.entries.filter(isNew).map(({ name, keys }): Proposed => {
      const wanted = name ?? `${box.driver}-${box.address}`;
      const id = freeId(box.section === "outlets" ? `outlet-${wanted}` : wanted, box, taken);
      const port = box.port === (box.over === "http" ? 80 : 161) ? {} : { port: box.port };
      return {
        section: box.section,
        entry: {
          id,
          ...(name !== undefined && name !== id && { name }),
          driver: box.driver,
          host: box.address,
          ...port,
          ...(box.over === "snmp" && { access }),
          ...(box.login === "wanted" && { password: `credential:${id}` }),
          ...keys,
        },
        isDoubtful: box.certainty === "possible",
        box,
      };
    });
  });
  const outlets = proposals.filter(({ section }) => section === "outlets");
  return proposals.map((proposed) => {
    const { section, entry } = proposed;
    const name = slugOf(entry.name ?? entry.id);
    const outlet =
      section === "encoders" &&
      outlets.find((other) => slugOf(other.entry.expectedName ?? "") === name);
    return outlet ? { ...proposed, outlet: outlet.entry.id } : proposed;
  });
}

/** `Studio A` → `studio-a`, and `studio-a-2` where that is taken. */
function freeId(wanted: string, { driver }: Box, taken: Set<string>): string {
  const slug = slugOf(wanted);
  const base = slug === "" || slug === "system" ? driver : slug;
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (taken.has(id)) continue;
    taken.add(id);
    return id;
  }
}

function slugOf(name: string): string {
  const letters = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return letters
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 50)
    .replace(/^-+|-+$/g, "");
}

/** What a file of its own needs besides the boxes; it passes the check as it is. */
const restOfSite = `# What else a site.yaml needs: put in your own.
site: studio
mqtt:
  url: mqtts://hub.example.org:8883
destinations: []
streams: []
`;

/**
 * Fragments of `site.yaml`, each with why it was recognised and what is not known of it.
 * @param known what the file they go into holds already; undefined: they are a file of their own
 */
export function asYaml(proposals: readonly Proposed[], scan: Scan, known?: KnownBoxes): string {
  const sections = (["encoders", "outlets", "storages"] as const).flatMap((section) => {
    const here = proposals.filter((proposed) => proposed.section === section);
    if (here.length === 0) return [];
    const isEmpty = here.every(({ isDoubtful }) => isDoubtful);
    const entries = here.map((proposed, at) => {
      const isOfSameBox = here[at - 1]?.box === proposed.box;
      return `${isOfSameBox ? "" : aboutBox(proposed.box)}${entryText(proposed)}`;
    });
    return [`${isEmpty ? "#" : ""}${section}:\n${entries.join("")}`];
  });
  const hasEncoders = proposals.some((one) => one.section === "encoders" && !one.isDoubtful);
  const rest = known ? [] : [`${restOfSite}${hasEncoders ? "" : "encoders: []\n"}`];
  const configured = scan.boxes.flatMap((box) => {
    const ids = known ? entriesOfAny(box, known) : [];
    return ids.length === 0 ? [] : [line(box, `${box.kind}, as ${ids.join(", ")}`)];
  });
  const isIn = new Set(proposals.map(({ box }) => box));
  const besides = scan.boxes
    .filter(
      (box) => box.driver === "snmp" && !isIn.has(box) && !(known && entriesOfAny(box, known)[0]),
    )
    .map((box) => line(box, box.because));
  const strangers = scan.strangers.map((stranger) => line(stranger, stranger.saw));
  return [
    ...sections,
    ...rest,
    ...listed("Answered, and is in the site's file already", configured),
    ...listed("Answers over SNMP, too; the driver proposed for it needs none of it", besides),
    ...listed("Answered, and is none of the boxes that there is a driver for", strangers),
  ].join("\n");
}

const line = ({ address, port }: { address: string; port: number }, what: string) =>
  `#   ${address}:${port}: ${what}\n`;
const listed = (head: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : [`# ${head}:\n${lines.join("")}`];

function aboutBox(box: Box): string {
  const { kind, address, port, certainty, because, untold } = box;
  const figures = [
    ["model", box.model],
    ["serial number", box.serialNumber],
    ["firmware", box.firmware],
  ].flatMap(([what, value]) => (value === undefined ? [] : [`${what} ${value}`]));
  const login =
    box.login === "none" ? ["It wants no login: anyone on its network can command it."] : [];
  const lines = [
    `${kind} at ${address}:${port}${figures.length === 0 ? "" : ` (${figures.join(", ")})`}`,
    `${certainty === "certain" ? "Recognised" : `Only ${certainty}`}: ${because}.`,
    `It does not tell: ${untold.join("; ")}.`,
    ...login,
  ];
  return lines
    .flatMap(wrapped)
    .map((line) => `  # ${line}\n`)
    .join("");
}

/** To lines of at most 96 characters, the rest indented. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined) lines.push(word);
    else if (line.length + word.length < 95) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines;
}

function entryText({ entry, isDoubtful, outlet }: Proposed): string {
  const lines = stringify([entry], { lineWidth: 0 }).trimEnd().split("\n");
  if (outlet !== undefined)
    lines.push(`  #outlet: ${outlet} # it bears that name; follow the cable`);
  return lines.map((line) => `  ${isDoubtful ? "#" : ""}${line}\n`).join("");
}
