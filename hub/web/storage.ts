/** The media of a box, a NAS or a host: how much is left, and how old that knowledge is. */
import { h } from "./dom.ts";
import { warnings } from "./encoders.ts";
import type { StorageItem } from "./items.ts";
import { row } from "./streams.ts";
import { clock, lengthOf, state, type Tone } from "./words.ts";

type Medium = NonNullable<StorageItem["media"]>[number];

const figures: Record<string, [name: string, text: (value: number) => string]> = {
  freeRatio: ["Free", (v) => `${(100 * v).toFixed(1)} %`],
  freeBytes: ["Free bytes", bytes],
  totalBytes: ["Size", bytes],
  writeBytesPerSecond: ["Written", (v) => `${((v * 8) / 1e6).toFixed(2)} Mb/s`],
  secondsToFull: ["Full in", (v) => lengthOf(v * 1_000)],
  temperatureC: ["Temperature", (v) => `${v.toFixed(0)} °C`],
};

/** A box that never told of any medium has no card here. */
export const tellsSomething = ({ media = [], warnings: said = [] }: StorageItem): boolean =>
  media.length > 0 || said.length > 0;

export function storageCard(storage: StorageItem, nowMs: number, stale: boolean): HTMLElement {
  const old = stale || storage.stale;
  return h(
    "article",
    { class: `${toneOf(storage.state)}${old ? " old" : ""}`, "data-key": storage.ref },
    h(
      "h3",
      {},
      `${storage.name ?? storage.id} `,
      h("span", { class: "muted" }, storage.site),
      " ",
      old && h("span", { class: "badge" }, `STALE, last heard ${clock(storage.receivedAt)}`),
    ),
    ...(storage.media ?? []).flatMap((medium) => mediumPart(medium, nowMs)),
    warnings(storage.warnings ?? []),
  );
}

function mediumPart(medium: Medium, nowMs: number): (HTMLElement | false)[] {
  const more = [medium.kind, medium.fileSystem].filter((text) => text !== undefined).join(", ");
  return [
    h(
      "dl",
      {},
      ...row(
        medium.name ?? medium.id,
        state(medium.state),
        more === "" ? "" : h("span", { class: "muted" }, ` ${more}`),
      ),
      ...Object.entries(figures).flatMap(([key, [name, text]]) => {
        const figure = medium.figures[key as keyof typeof medium.figures];
        if (!figure) return [];
        const age = figure.at === null ? "age not known" : lengthOf(nowMs - Date.parse(figure.at));
        const source = h("span", { class: "muted" }, ` (${age} ago, ${figure.source})`);
        return row(name, text(figure.value), source);
      }),
    ),
    warnings(medium.warnings),
  ];
}

function toneOf(word: string | undefined): Tone {
  if (word === "healthy") return "good";
  if (word === "full" || word === "failing" || word === "missing") return "critical";
  return word === "filling" || word === "nearlyFull" || word === "readOnly" ? "warning" : "unknown";
}

function bytes(value: number): string {
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(1)} GB`;
}
