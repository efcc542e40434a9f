/** One line of a long list that opens; what is closed is not drawn. */
import { h } from "./dom.ts";
import type { Now } from "./now.ts";
import { clock, type Tone, word } from "./words.ts";

export function box(
  p: {
    key: string;
    tone: Tone;
    name: string;
    /** After the name, in grey. */
    of: string;
    /** The word that counts most. */
    word: string;
    /** The most important figures, or what is wrong. */
    line: string;
    old: boolean;
    receivedAt?: string | null;
    body: () => (HTMLElement | false)[];
  },
  { isOpen }: Pick<Now, "isOpen">,
): HTMLElement {
  const { key, tone, old } = p;
  const open = isOpen(key);
  return h(
    "details",
    { class: `box ${tone}${old ? " old" : ""}`, "data-key": key, open },
    h(
      "summary",
      {},
      h(
        "h3",
        {},
        `${p.name} `,
        h("span", { class: "muted" }, p.of),
        " ",
        old && staleBadge(p.receivedAt),
      ),
      h("p", {}, word(tone, p.word), " ", h("span", { class: "line" }, p.line)),
    ),
    ...(open ? p.body() : []),
  );
}

export const staleBadge = (receivedAt: string | null | undefined) =>
  h("span", { class: "badge" }, `STALE, last heard ${clock(receivedAt)}`);

export function row(term: string, ...values: (Node | string)[]): HTMLElement[] {
  return [h("dt", {}, term), h("dd", {}, ...values)];
}

export function warnings(sentences: readonly string[]): HTMLElement | false {
  if (sentences.length === 0) return false;
  return h(
    "ul",
    { class: "warnings" },
    ...sentences.map((text) => h("li", {}, word("warning", text))),
  );
}
