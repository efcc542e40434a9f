/** The media of a box, a NAS or a host: how much is left, and how old that knowledge is. */
import { box, row, warnings } from "./box.ts";
import { h } from "./dom.ts";
import type { StorageItem } from "./items.ts";
import { ageOf, type Now } from "./now.ts";
import { storageRank, toneOf } from "./order.ts";
import { commandButtons, type Offer } from "./talk.ts";
import { lengthOf, plain, state } from "./words.ts";

type Medium = NonNullable<StorageItem["media"]>[number];

const figures = {
  freeRatio: ["Free", (v) => `${(100 * v).toFixed(1)} %`],
  freeBytes: ["Free bytes", bytes],
  totalBytes: ["Size", bytes],
  writeBytesPerSecond: ["Written", (v) => `${((v * 8) / 1e6).toFixed(2)} Mb/s`],
  secondsToFull: ["Full in", (v) => lengthOf(v * 1_000)],
  temperatureC: ["Temperature", (v) => `${v.toFixed(0)} °C`],
} satisfies Record<string, [name: string, text: (value: number) => string]>;

/** A box that never told of any medium is not listed here. */
export const tellsSomething = ({ media = [], warnings: said = [] }: StorageItem): boolean =>
  media.length > 0 || said.length > 0;

export function storageBox(storage: StorageItem, now: Now): HTMLElement {
  const old = now.stale || storage.stale;
  const { media = [], warnings: said = [] } = storage;
  return box(
    {
      key: `storage ${storage.ref}`,
      tone: old ? "unknown" : toneOf(storageRank(storage)),
      name: storage.name ?? storage.id,
      of: storage.site,
      word: plain(storage.state ?? "not known"),
      line: [...said, ...media.map((medium) => inShort(medium, now.nowMs))].join("; "),
      ...{ old, receivedAt: storage.receivedAt },
      body: () => [
        ...media.map((medium) => mediumPart(storage, medium, now)),
        warnings(said),
        h("p", { class: "muted" }, `Told ${ageOf(storage.receivedAt, now.nowMs)}`),
      ],
    },
    now,
  );
}

const nameOf = ({ name, id }: Medium) => name ?? id;

/** `sd 12.3 % free 4 s ago`, or what is wrong with it. */
function inShort(medium: Medium, nowMs: number): string {
  const { freeRatio: free } = medium.figures;
  const [first] = medium.warnings;
  if (first !== undefined) return `${nameOf(medium)} ${first}`;
  if (medium.state !== "healthy" || !free) return `${nameOf(medium)} ${plain(medium.state)}`;
  return `${nameOf(medium)} ${(100 * free.value).toFixed(1)} % free ${ageOf(free.at, nowMs)}`;
}

function mediumPart(storage: StorageItem, medium: Medium, now: Now): HTMLElement {
  const more = [medium.kind, medium.fileSystem].filter((text) => text !== undefined).join(", ");
  const by = medium.retiredBy === undefined ? "" : ` by ${medium.retiredBy}`;
  return h(
    "section",
    { class: "medium", "data-key": medium.id, "aria-label": nameOf(medium) },
    h(
      "dl",
      {},
      ...row(
        nameOf(medium),
        state(medium.state),
        by,
        more === "" ? "" : h("span", { class: "muted" }, ` ${more}`),
      ),
      ...Object.entries(figures).flatMap(([key, [name, text]]) => {
        const figure = medium.figures[key as keyof typeof figures];
        if (!figure) return [];
        const source = ` (${ageOf(figure.at, now.nowMs)}, ${figure.source})`;
        return row(name, text(figure.value), h("span", { class: "muted" }, source));
      }),
    ),
    warnings(medium.warnings),
    commandButtons({
      ...{ list: "storage", ref: storage.ref, part: medium.id, name: nameOf(medium) },
      ...{ offers: [useOffer(medium)], talk: now.talk },
      disabled: now.stale || storage.stale,
    }),
  );
}

function useOffer(medium: Medium): Offer {
  const args = { medium: medium.id };
  return medium.state === "retired"
    ? {
        ...{ verb: "bring-back", label: "Bring back", args },
        will: `${nameOf(medium)} is in use again: recorded to, watched, and alarmed for.`,
      }
    : {
        ...{ verb: "retire", label: "Retire", args },
        will: `${nameOf(medium)} is not recorded to and not alarmed for, until it is brought back.`,
      };
}

function bytes(value: number): string {
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(1)} GB`;
}
