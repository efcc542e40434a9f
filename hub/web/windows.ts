/** When a stream is expected on air: who planned it, and what may be planned or deleted here. */
import { h } from "./dom.ts";
import type { StreamItem } from "./items.ts";
import { ageOf, type Now } from "./now.ts";
import type { Rule } from "./plan.ts";
import { commandButtons, type Offer } from "./talk.ts";
import { windowForm } from "./window-form.ts";
import { ownZone, spanIn } from "./window-times.ts";
import { lengthOf } from "./words.ts";

type Schedule = NonNullable<StreamItem["schedule"]>;

const origins: Record<string, string> = {
  configuration: "from site.yaml",
  calendar: "from the calendar file",
  command: "planned here",
};

/** Nothing for a site that is older than windows. */
export function windowsPart(stream: StreamItem, now: Now): HTMLElement | false {
  const { schedule, ref } = stream;
  if (!schedule) return false;
  const windows = [...(schedule.window ? [schedule.window] : []), ...schedule.next];
  return h(
    "section",
    { class: "windows", "data-key": `windows ${ref}`, "aria-label": "On-air windows" },
    h("h4", {}, "On-air windows"),
    schedule.phase === "always"
      ? h("p", {}, "None: it is expected on air at any time.")
      : windows.length === 0 && h("p", {}, "None is coming: it is not expected on air."),
    ...windowList(windows),
    h("p", { class: "muted" }, `Told ${ageOf(stream.receivedAt, now.nowMs)}.`),
    ...schedule.rules.map((rule) => rulePart(stream, rule, now)),
    windowForm(stream, now),
  );
}

type Window = Schedule["next"][number];
/** More than these are counted. */
const listed = 4;

function windowList(windows: readonly Window[]): (HTMLElement | false)[] {
  const left = windows.length - listed;
  return [
    windows.length > 0 && h("ol", {}, ...windows.slice(0, listed).map(windowLine)),
    left > 0 && h("p", {}, `and ${left} more, the last of them ${dayOf(windows.at(-1))}`),
  ];
}

function windowLine({ name, startsAt, endsAt, from }: Window): HTMLElement {
  const [start, end] = [Date.parse(startsAt ?? ""), Date.parse(endsAt ?? "")];
  const isKnown = Number.isFinite(start) && Number.isFinite(end);
  const zone = ownZone();
  const here = isKnown ? `${spanIn(zone, start, end)} ${zone}` : "time not known";
  return h(
    "li",
    {},
    h("strong", {}, name ?? "no name"),
    ` ${here}`,
    isKnown && zone !== "UTC" && ` = ${spanIn("UTC", start, end)} UTC`,
    h("span", { class: "muted" }, `, ${origins[from ?? ""] ?? "by whom is not known"}`),
  );
}

const dayOf = (window: Window | undefined) => window?.startsAt?.slice(0, 10) ?? "not known";

function rulePart(stream: StreamItem, rule: Rule, now: Now): HTMLElement {
  const name = rule.name ?? rule.id;
  return h(
    "div",
    { class: "rule", "data-key": `rule ${rule.id}` },
    h("p", {}, h("strong", {}, name), `: ${ruleText(rule)}`),
    commandButtons({
      ...{ list: "streams", ref: stream.ref, part: rule.id, name, talk: now.talk },
      disabled: now.stale || stream.stale,
      offers: [removal(rule, stream)],
    }),
  );
}

function removal(rule: Rule, { schedule }: StreamItem): Offer {
  const planned = [schedule?.window, ...(schedule?.next ?? [])];
  const isLast = schedule?.rules.length === 1 && planned.every((w) => !w || w.from === "command");
  return {
    verb: "remove-window",
    label: "Delete",
    args: { windowId: rule.id },
    will: `${rule.name ?? rule.id} and all its repeats are not planned any more. ${
      isLast
        ? "It may be the last window: without any the stream is expected on air at any time."
        : "Outside the other windows nobody misses the stream."
    }`,
  };
}

/** `2026-11-22 10:00 Europe/Vienna, 1 h 30 min, FREQ=WEEKLY;BYDAY=SU` */
function ruleText({ start, zone, durationMs, rrule }: Rule): string {
  const repeats = rrule === undefined ? "once" : rrule;
  return `${start.replace("T", " ")} ${zone}, ${lengthOf(durationMs)}, ${repeats}`;
}
