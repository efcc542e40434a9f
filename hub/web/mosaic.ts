/**
 * What comes in, what encoders show and what the far ends play, to be looked at instead of read. A
 * picture says how old it is, and is taken away when it is too old to be taken for now.
 */
import type { Schemas } from "../client/client.ts";
import { h, show } from "./dom.ts";
import { lengthOf, type Tone, word } from "./words.ts";

type Item = Schemas["ThumbnailItem"];

const readEveryMs = 2_000;
const drawEveryMs = 1_000;
/** A picture that is older than a few keyframes says so loudly. */
const freshForMs = 6_000;
/** As the hub has it: from here on it shows none itself, and a page that hears nothing more neither. */
const shownForMs = 30_000;

const kinds: Record<Item["kind"], string> = {
  ingest: "comes in",
  encoder: "encoder",
  destination: "far end",
};

/**
 * Asks only while the section is in sight, or it would cost a phone what nobody looks at.
 * @param read rejects where nothing can be had
 * @returns forgets all: somebody else is here now
 */
export function openMosaic(section: HTMLElement, list: HTMLElement, read: () => Promise<Item[]>) {
  let items: Item[] = [];
  let readAtMs = 0;
  let isInSight = false;
  let reading = false;
  let turn = 0;

  async function look(): Promise<void> {
    if (reading || document.hidden || (!isInSight && items.length > 0)) return;
    reading = true;
    const mine = turn;
    try {
      const found = await read();
      if (mine === turn) [items, readAtMs] = [found, performance.now()];
    } catch {
      // What is there grows older by itself.
    } finally {
      reading = false;
    }
    draw();
  }

  function draw(): void {
    section.hidden = items.length === 0;
    const sinceMs = performance.now() - readAtMs;
    show(
      list,
      items.map((item) => tile(item, sinceMs)),
    );
  }

  new IntersectionObserver(([entry]) => {
    isInSight = entry?.isIntersecting === true;
    if (isInSight) void look();
  }).observe(section);
  setInterval(() => void look(), readEveryMs);
  setInterval(draw, drawEveryMs);
  void look();

  return () => {
    turn += 1;
    items = [];
    draw();
    void look();
  };
}

function tile(item: Item, sinceMs: number): HTMLElement {
  const { ref, site, kind, id, jpeg, because } = item;
  const name = item.name ?? id;
  const ageMs = item.ageMs === null ? null : item.ageMs + sinceMs;
  const isShown = item.available && jpeg != null && ageMs !== null && ageMs <= shownForMs;
  const age = ageMs === null ? "" : `${lengthOf(ageMs)} old`;
  const [tone, text]: [Tone, string] = !isShown
    ? ["unknown", ["not available", ...(age === "" ? [] : [`last picture ${age}`])].join(", ")]
    : ageMs > freshForMs
      ? ["warning", age]
      : ["good", age];
  return h(
    "figure",
    { class: `tile ${tone}`, "data-key": `${kind} ${ref}` },
    isShown
      ? h("img", { src: `data:image/jpeg;base64,${jpeg}`, alt: `${name}, ${kinds[kind]}` })
      : h("p", { class: "none" }, because ?? "nothing heard any more"),
    h(
      "figcaption",
      {},
      h("strong", {}, name),
      " ",
      h("span", { class: "muted" }, `${kinds[kind]}, ${site}`),
      h("br"),
      word(tone, text),
    ),
  );
}
