/** Asking a site for something from the page: a button, a second look, the site's answer. */
import { h } from "./dom.ts";

/** By the list of REST that they are asked of. */
export const verbs = {
  streams: {
    failover: "Fail over now",
    return: "Return to primary",
    abort: "Abort",
    release: "Release",
  },
  encoders: {
    repair: "Repair",
    sync: "Set as wanted",
    release: "Release spare",
    "restore-power": "Restore power",
    cooldown: "Cool down",
    "start-recording": "Record",
    "stop-recording": "Stop recording",
  },
} as const;
export type List = keyof typeof verbs;

/** What the person at this page is in the middle of. */
export type Talk = {
  list: List;
  ref: string;
  verb: string;
  step: "sure?" | "asking" | "answered";
  answer: string;
};

export const labelOf = (list: List, verb: string): string | undefined =>
  new Map<string, string>(Object.entries(verbs[list])).get(verb);

export function commandButtons(p: {
  list: List;
  of: { ref: string; site: string };
  name: string;
  /** Of the verbs of this list; without any there are no buttons. */
  offered: readonly string[];
  disabled: boolean;
  talk: Talk | undefined;
}): HTMLElement | false {
  const { list, of, name, offered, disabled } = p;
  const talk = p.talk?.ref === of.ref && p.talk.list === list ? p.talk : undefined;
  if (offered.length === 0 && talk === undefined) return false;
  const button = (data: string, text: string, more: Record<string, string | boolean> = {}) =>
    h("button", { type: "button", "data-ref": of.ref, "data-do": data, ...more }, text);
  const label = (verb: string) => labelOf(list, verb) ?? verb;
  const content =
    talk?.step === "sure?"
      ? [
          h("span", {}, `${label(talk.verb)}: ${name} at ${of.site}?`),
          button("sure", `Yes, ${label(talk.verb).toLowerCase()}: ${name}`, {
            class: "sure",
            disabled,
          }),
          button("no", "No"),
        ]
      : offered.map((verb) =>
          button(verb, label(verb), { disabled: disabled || talk?.step === "asking" }),
        );
  return h(
    "div",
    {},
    h("div", { class: "buttons", role: "group", "aria-label": `Commands for ${name}` }, ...content),
    h("p", { class: "answer", role: "status" }, talk?.answer ?? ""),
  );
}
