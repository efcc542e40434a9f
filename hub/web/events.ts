/** What is planned for a stream: its window now or next, the line-up check, a missed start. */
import { h } from "./dom.ts";
import type { StreamItem } from "./items.ts";
import { clock, lengthOf, plain, type Tone, word } from "./words.ts";

export function eventLines({ schedule, lineUp }: StreamItem, nowMs: number): HTMLElement[] {
  if (!schedule || schedule.phase === "always") return [];
  const { window, phase, startMissed } = schedule;
  const name = window?.name === undefined ? "" : ` (${window.name})`;
  const lines = [
    startMissed && h("p", {}, word("critical", `Start missed${name}: its window has begun`)),
    h(
      "p",
      { class: "event" },
      window ? whenOf(window, phase === "on", nowMs) + name : "No window planned",
    ),
    isFrozen(phase) &&
      h(
        "p",
        { class: "event muted" },
        `Change freeze${name} until ${clock(window?.endsAt)}; its site can let changes through`,
      ),
    lineUp && lineUpList(lineUp),
  ];
  return lines.filter((line) => line instanceof HTMLElement);
}

const isFrozen = (phase: string) => ["frozen", "lineUp", "on"].includes(phase);

type Schedule = NonNullable<StreamItem["schedule"]>;
function whenOf(window: NonNullable<Schedule["window"]>, isOn: boolean, nowMs: number): string {
  const at = isOn ? window.endsAt : window.startsAt;
  const left = at === null ? "" : `, in ${lengthOf(Date.parse(at) - nowMs)}`;
  return `${isOn ? "On air until" : "Next on air"} ${clock(at)}${left}`;
}

const tones: Record<string, Tone> = { ok: "good", notOk: "critical", unknown: "unknown" };
const words: Record<string, string> = { ok: "ok", notOk: "not ok", unknown: "cannot tell" };

function lineUpList({ at, items }: NonNullable<StreamItem["lineUp"]>): HTMLElement {
  const bad = items.filter(({ result }) => result === "notOk").length;
  const summary = bad === 0 ? "Line-up check: nothing wrong" : `Line-up check: ${bad} not ok`;
  return h(
    "details",
    { class: "line-up", open: bad > 0 },
    h("summary", {}, word(bad === 0 ? "good" : "critical", summary), ` at ${clock(at)}`),
    h(
      "ul",
      {},
      ...items.map(({ item, result, message, source }) =>
        h(
          "li",
          {},
          word(tones[result] ?? "unknown", `${plain(item)} ${words[result] ?? result}`),
          `: ${message}${source === null ? "" : ` (${source})`}`,
        ),
      ),
    ),
  );
}
