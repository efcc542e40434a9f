/** Data on stdout: for people at a terminal a table, else one line for each thing. */
import { clock, lengthOf, plain, shapes, type Tone, toneOf } from "../web/words.ts";
import type { Io } from "./io.ts";

/** What stands in one place of a table. */
export type Cell =
  | string
  | number
  | null
  | undefined
  /** A machine's word, or a text with its tone. */
  | { word: string | undefined; tone?: Tone; more?: string }
  | { at: string | null | undefined }
  | { ms: number | null | undefined };
export type Column<T> = readonly [title: string, cell: (item: T) => Cell];

export type Shape = "json" | "plain" | "table";
export type Printer = {
  readonly shape: Shape;
  /** Data as it is. */
  text(text: string): void;
  /** Many of a kind. With `json`, each a line as the hub sends it. */
  list<T>(items: AsyncIterable<T> | Iterable<T>, columns: readonly Column<T>[]): Promise<void>;
  /** One, with whatever of it is known. */
  one<T>(item: T, facts: readonly Column<T>[]): void;
  /** One line about one thing, while others follow. */
  line(item: unknown, cells: readonly Cell[]): void;
};

export function openPrinter(io: Io, wish: { shape: Shape; color: boolean }): Printer {
  const { shape, color } = wish;
  const width = io.terminal.out?.columns ?? Infinity;
  const line = (text: string) => io.out(`${text}\n`);
  const json = (item: unknown) => line(JSON.stringify(item));
  const tabbed = (cells: readonly Cell[]) => line(cells.map(asPlain).join("\t"));
  const shown = (cell: Cell) => asShown(cell, color);

  return {
    shape,
    text: (text) => io.out(text),
    list: async (items, columns) => {
      const rows: Shown[][] = [];
      for await (const item of items) {
        if (shape === "json") json(item);
        else if (shape === "plain") tabbed(columns.map(([, cell]) => cell(item)));
        else rows.push(columns.map(([, cell]) => shown(cell(item))));
      }
      if (shape !== "table") return;
      if (rows.length === 0) return io.err("none\n");
      const titles = columns.map(([title]) => asShown(title, false));
      for (const text of aligned([titles, ...rows], width)) line(text);
    },
    one: (item, facts) => {
      if (shape === "json") return json(item);
      const known = facts.flatMap(([title, cell]) => {
        const value = cell(item);
        return isEmpty(value) ? [] : [[title, value] as const];
      });
      if (shape === "plain") for (const fact of known) tabbed(fact);
      // Sentences are not cut here: they are why somebody looks.
      else
        for (const text of aligned(
          known.map((fact) => fact.map(shown)),
          Infinity,
        ))
          line(text);
    },
    line: (item, cells) => {
      if (shape === "json") json(item);
      else if (shape === "plain") tabbed(cells);
      else
        line(
          cells
            .map((cell) => shown(cell).text)
            .filter(Boolean)
            .join("  "),
        );
    },
  };
}

type Shown = { text: string; length: number };

function isEmpty(cell: Cell): boolean {
  if (typeof cell !== "object" || cell === null)
    return cell === null || cell === undefined || cell === "";
  return Object.values(cell)[0] === undefined || Object.values(cell)[0] === null;
}

/** For scripts: words as the API has them, moments as ISO 8601, lengths in ms. */
function asPlain(cell: Cell): string {
  if (isEmpty(cell)) return "-";
  if (typeof cell !== "object" || cell === null) return flat(String(cell));
  if ("at" in cell) return cell.at ?? "-";
  if ("ms" in cell) return String(cell.ms);
  return flat(cell.word ?? "-");
}

const flat = (text: string) => text.replace(/[\t\n\r]+/g, " ");

const colors: Record<Tone, number> = {
  good: 32,
  warning: 33,
  critical: 31,
  offline: 90,
  unknown: 36,
};

function asShown(cell: Cell, color: boolean): Shown {
  if (isEmpty(cell)) return { text: "–", length: 1 };
  const text = textOf(cell);
  if (typeof cell !== "object" || cell === null || !("word" in cell))
    return { text, length: text.length };
  const tone = cell.tone ?? toneOf(cell.word ?? "unknown");
  const whole = `${shapes[tone]} ${text}`;
  return { text: color ? `\u001b[${colors[tone]}m${whole}\u001b[0m` : whole, length: whole.length };
}

function textOf(cell: Cell): string {
  if (typeof cell !== "object" || cell === null) return flat(String(cell));
  if ("at" in cell) return clock(cell.at);
  if ("ms" in cell) return lengthOf(cell.ms ?? 0);
  // What is written in capitals is meant so.
  const word = cell.word ?? "unknown";
  return `${/^[A-Z ]+$/.test(word) ? word : plain(word)}${cell.more ?? ""}`;
}

/** The last column gets what is left of the line, and is cut there. */
function aligned(rows: readonly Shown[][], width: number): string[] {
  const last = Math.max(...rows.map((row) => row.length)) - 1;
  const widths = Array.from({ length: last }, (_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  const used = widths.reduce((sum, one) => sum + one + 2, 0);
  return rows.map((row) =>
    row
      .map(({ text, length }, at) => {
        if (at < last) return text + " ".repeat((widths[at] ?? 0) - length + 2);
        const room = Math.max(width - used, 12);
        return length <= room ? text : `${text.slice(0, room - 1)}…`;
      })
      .join("")
      .trimEnd(),
  );
}
