import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { format } from "prettier";
import type { Figure } from "./figure.ts";

const file = new URL("../results.md", import.meta.url);

const preface = `# Results

What \`npm run bench\` measured. Each figure stands beside a limit or a peer of the same run, because
absolute figures say as much about the machine as about us. A run of one bench replaces its rows.

`;
/** Kept by hand: a bench cannot tell why. */
const limits = `
## What limits those that are not met

- **p1**: the kernel takes a killed ffmpeg apart before anybody can know of its end: the bare event of
  the exit file alone comes 10 ms (p50) to 27 ms (p99) after the kill. Ours comes on top: what was
  decided is durable before a command goes out.
- **footprint.ready**: bare Node has nothing to load. Reading the program from V8's code cache, opening
  SQLite in its worker and one durable commit take the rest; V8's startup snapshot in its place was
  tried (3.96 instead of 4.53 times) and costs memory.
- **p5**: one datagram costs its reader 20 µs. What is above it is not the watching (5 % of the CPU) but
  what is done with it: a turn, a row in the journal and a message for each encoder and second, and
  the looks at each send queue.
- **p6**: asking and parsing with Node's own HTTP client alone takes 0.8 to 1.1 times what Prometheus
  takes for all. A quarter of our CPU is collecting garbage, in a young space of 2 MB that keeps the
  memory down.
- **p7**: the SNMP library encodes and decodes in JavaScript; turns and rows come on top, as in p6.
- **p8.encoder.turn**: an XState actor with one state and one assignment takes 7.5 µs; ours has a
  dozen regions.
`;
const head = ["figure", "value", "against", "ratio", "goal", "met", "date", "machine"];

/** Cores, load when the bench began, Node. */
export function machineLine(): string {
  const model = cpus()[0]?.model.replace(/\s+/g, " ").trim() ?? "unknown processor";
  const load = (loadavg()[0] ?? 0).toFixed(1);
  return `${availableParallelism()} × ${model}, load ${load}, Node ${process.versions.node}`;
}

function cellsOf({ id, value, unit, against, ratio, goal, pass }: Figure): string[] {
  return [
    id,
    value === null ? "not available" : `${value} ${unit}`,
    against ?? "",
    ratio === null ? "" : String(ratio),
    goal ?? "",
    pass === null ? "" : pass ? "yes" : "**no**",
  ];
}

/** For a terminal. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = [head.slice(0, 6), ...figures.map(cellsOf)];
  const widths = head.slice(0, 6).map((_, column) => {
    return Math.max(...rows.map((row) => row[column]?.length ?? 0));
  });
  return rows
    .map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  "))
    .join("\n");
}

/** Puts the rows of one bench into the file, in the order of the benches. */
export async function keepResults(
  benches: readonly { name: string }[],
  bench: string,
  figures: readonly Figure[],
  machine: string,
): Promise<void> {
  const today = new Date().toISOString().slice(0, 10);
  const mine = figures.map((f) => rowOf([...cellsOf(f), today, machine]));
  const kept = rowsOnFile();
  const rows = benches.flatMap(({ name }) =>
    name === bench ? mine : kept.filter((row) => row.startsWith(`| ${name}.`)),
  );
  const table = [rowOf(head), rowOf(head.map(() => "---")), ...rows].join("\n");
  writeFileSync(file, await format(`${preface}${table}\n${limits}`, { parser: "markdown" }));
}

const rowOf = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

function rowsOnFile(): string[] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("|"));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw cause;
  }
}
