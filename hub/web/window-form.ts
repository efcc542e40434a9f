/**
 * Planning an on-air window. The site itself says, by a dry run, when it would be: nobody works out
 * time zones twice. Only what was shown so can be saved.
 */
import { h } from "./dom.ts";
import type { StreamItem } from "./items.ts";
import type { Now } from "./now.ts";
import type { Plan, Rule } from "./plan.ts";
import { ownZone, spanIn } from "./window-times.ts";
import { lengthOf } from "./words.ts";

const repeats: readonly (readonly [value: string, text: string])[] = [
  ["", "once"],
  ["FREQ=DAILY", "every day"],
  ["FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "Monday to Friday"],
  ["weekly", "every week on that day"],
  ["FREQ=MONTHLY", "every month on that date"],
  ["own", "by a rule of your own (RFC 5545)"],
];

export function windowForm(stream: StreamItem, now: Now): HTMLElement {
  const plan = now.plan?.ref === stream.ref ? now.plan : undefined;
  const disabled = now.stale || stream.stale;
  const open = h(
    "button",
    { type: "button", "data-plan": "open", "data-ref": stream.ref, disabled },
    "Plan a window",
  );
  if (!plan) {
    const said = now.talk?.place === plannedAt(stream.ref) ? now.talk.answer : "";
    return h(
      "div",
      { "data-key": "plan" },
      h("div", { class: "buttons" }, open),
      h("p", { class: "answer", role: "status" }, said),
    );
  }
  return h(
    "form",
    { class: "plan", "data-key": `plan ${stream.ref}`, "data-ref": stream.ref },
    label("What it is called", h("input", { name: "name", maxlength: "120", autocomplete: "off" })),
    label("Begins", h("input", { name: "start", type: "datetime-local", required: true })),
    label(
      "In the time of",
      h("input", {
        ...{ name: "zone", list: "zones", required: true, autocomplete: "off" },
        value: zoneOf(stream),
      }),
    ),
    label(
      "Lasts, minutes",
      h("input", {
        ...{ name: "minutes", type: "number", min: "1", max: "44640", value: "60" },
        ...{ required: true, inputmode: "numeric" },
      }),
    ),
    label(
      "Repeats",
      h(
        "select",
        { name: "repeats" },
        ...repeats.map(([value, text]) => h("option", { value }, text)),
      ),
    ),
    label("Own rule", h("input", { name: "rrule", placeholder: "FREQ=WEEKLY;BYDAY=SU" }), "own"),
    stream.schedule?.phase === "always" &&
      h(
        "p",
        {},
        "Until now it is expected on air at any time. With a window it is expected only then: ",
        "outside nobody is called, and no understudy takes over.",
      ),
    preview(plan, now.nowMs),
    h("p", { class: "answer", role: "status" }, plan.answer),
    h(
      "div",
      { class: "buttons" },
      canSave(plan)
        ? h(
            "button",
            { class: "sure", "data-key": "save", disabled: disabled || plan.busy },
            "Save it so",
          )
        : h(
            "button",
            { "data-key": "check", disabled: disabled || plan.busy },
            "Show when that is",
          ),
      h("button", { type: "button", "data-plan": "close", "data-key": "close" }, "Cancel"),
    ),
  );
}

/** Where the site's answer is shown when the form has closed. */
export const plannedAt = (ref: string) => `streams/${ref}/plan`;
export const canSave = ({ rule, windows }: Plan) =>
  rule !== undefined && (windows?.length ?? 0) > 0;

const label = (text: string, field: HTMLElement, more = "") =>
  h("label", { class: more }, h("span", {}, text), field);

/** As the stream's windows are planned already, else as this browser counts. */
function zoneOf({ schedule }: StreamItem): string {
  return schedule?.rules.at(-1)?.zone ?? ownZone();
}

function preview({ rule, windows }: Plan, nowMs: number): HTMLElement | false {
  if (!rule || !windows) return false;
  if (windows.length === 0) return h("p", {}, "It would never be: that time is over.");
  const more = windows.length > 1;
  return h(
    "div",
    { class: "preview" },
    h("p", {}, `The site reads it so${more ? `, the next ${windows.length}` : ""}:`),
    h(
      "ol",
      {},
      ...windows.map(({ startsAtMs: from, endsAtMs: to }) =>
        h(
          "li",
          {},
          h("strong", {}, spanIn(rule.zone, from, to)),
          ` ${rule.zone} = `,
          h("strong", {}, spanIn("UTC", from, to)),
          ` UTC, in ${lengthOf(from - nowMs)}`,
        ),
      ),
    ),
  );
}

const weekdays = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/** What was typed, as the site wants it; the site judges what is right. */
export function ruleOf(form: FormData, taken: readonly string[]): Rule {
  const text = (name: string) => {
    const value = form.get(name);
    return typeof value === "string" ? value.trim() : "";
  };
  const start = text("start").slice(0, "2026-11-22T10:00".length);
  const chosen = text("repeats");
  const weekday = weekdays[new Date(`${start}:00Z`).getUTCDay()] ?? "MO";
  const rrule =
    chosen === "own"
      ? text("rrule")
      : chosen === "weekly"
        ? `FREQ=WEEKLY;BYDAY=${weekday}`
        : chosen;
  const base = `w-${start.toLowerCase().replace(/[^a-z0-9]/g, "-")}`;
  const at = [1, 2, 3, 4, 5, 6, 7, 8, 9].find((n) => !taken.includes(idOf(base, n))) ?? 1;
  return {
    id: idOf(base, at),
    ...(text("name") !== "" && { name: text("name") }),
    start,
    zone: text("zone"),
    durationMs: Math.round(Number(text("minutes")) * 60_000),
    ...(rrule !== "" && { rrule }),
  };
}
const idOf = (base: string, n: number) => (n === 1 ? base : `${base}-${n}`);
