/** How clocks are told: by how much, how exactly that is known, since when, and by whom. */
import { h } from "./dom.ts";
import type { EncoderItem, SiteItem } from "./items.ts";
import { row } from "./box.ts";
import { lengthOf, state, word } from "./words.ts";

/** `2.4 s behind ± 0.3 s` */
function aheadText(aheadMs: number, exactToMs: number): string {
  const seconds = (ms: number) => `${(Math.abs(ms) / 1_000).toFixed(exactToMs < 50 ? 3 : 1)} s`;
  return `${seconds(aheadMs)} ${aheadMs < 0 ? "behind" : "ahead"} ± ${seconds(exactToMs)}`;
}

const known = (at: string | null, nowMs: number, source: string) => {
  const age = at === null ? "age not known" : `${lengthOf(nowMs - Date.parse(at))} ago`;
  return h("span", { class: "muted" }, ` (${age}, ${source})`);
};

/** Of a box, against its site's host. Nothing for a program on that host. */
export function clockRow({ clock, figures }: EncoderItem, nowMs: number): HTMLElement[] {
  const { clockAheadMs: ahead, clockExactToMs: exactTo } = figures ?? {};
  if (!ahead || !exactTo) return [];
  const text = aheadText(ahead.value, exactTo.value);
  return row(
    "Clock",
    clock === undefined || clock === "unknown"
      ? word("unknown", `not known now, was ${text}`)
      : word(clock === "wrong" ? "warning" : "good", text),
    known(ahead.at, nowMs, ahead.source),
  );
}

export function siteClockLine({ clock }: SiteItem, nowMs: number): HTMLElement | false {
  if (!clock) return false;
  const { offset } = clock;
  return h(
    "p",
    {},
    "Host's clock ",
    state(clock.state),
    offset !== undefined && ` ${aheadText(offset.aheadMs, offset.exactToMs)}`,
    offset !== undefined && known(offset.at, nowMs, offset.source),
    h("span", { class: "muted" }, ` ${clock.because}`),
  );
}
