/** Asking a site for something from the page: a button, what will happen, the site's answer. */
import { h } from "./dom.ts";

/** The lists of REST that something is asked of. */
export type List = "streams" | "encoders" | "storage" | "sites";

/** Something that may be asked now; whether it is done is the site's decision. */
export type Offer = {
  verb: string;
  label: string;
  /** What will happen, for somebody who was asleep a minute ago. */
  will: string;
  args?: Readonly<Record<string, unknown>>;
  /** A sentence that has to be ticked first. */
  vouch?: string;
  /** What has to be typed first, exactly so. */
  types?: string;
  /** What has to be chosen first; the first is chosen already. */
  choose?: { arg: string; called: string; from: readonly { value: number; text: string }[] };
  /** What the reason is asked for, where one has to be typed. */
  why?: string;
};

/** What the person at this page is in the middle of. */
export type Talk = {
  /** Which group of buttons. */
  place: string;
  offer: Offer;
  step: "sure?" | "asking" | "answered";
  /** What the site said to a dry run. */
  foreseen: string;
  answer: string;
};

type Group = {
  list: List;
  ref: string;
  /** Where an item has several groups of buttons: of which medium, of which window. */
  part?: string;
  name: string;
  offers: readonly Offer[];
  disabled: boolean;
  talk: Talk | undefined;
};

const placeOf = ({ list, ref, part }: Pick<Group, "list" | "ref" | "part">) =>
  [list, ref, ...(part === undefined ? [] : [part])].join("/");
/** The reverse, as far as REST needs it. */
export function subjectOf(place: string): { list: List; ref: string } {
  const [list, ref = ""] = place.split("/");
  return { list: list as List, ref };
}

/** Two offers may share a verb. */
const sameOffer = (a: Offer, b: Offer) => a.verb === b.verb && a.label === b.label;

/** What was offered by the buttons on the page, by place and label. */
const offered = new Map<string, Offer>();
export const offerOf = (place: string, label: string) => offered.get(`${place}\n${label}`);

/** Without anything to offer, and nothing to answer, there are no buttons. */
export function commandButtons(group: Group): HTMLElement | false {
  const { offers, disabled } = group;
  const place = placeOf(group);
  const talk = group.talk?.place === place ? group.talk : undefined;
  if (offers.length === 0 && talk === undefined) return false;
  for (const offer of offers) offered.set(`${place}\n${offer.label}`, offer);
  const content =
    talk?.step === "sure?"
      ? confirmation(talk, { ...group, place })
      : offers.map(({ label }) =>
          button(place, label, label, { disabled: disabled || talk?.step === "asking" }),
        );
  return h(
    "div",
    { "data-key": `buttons ${place}` },
    h(
      "div",
      { class: "buttons", role: "group", "aria-label": `Commands for ${group.name}` },
      ...content,
    ),
    h("p", { class: "answer", role: "status" }, talk?.answer ?? ""),
  );
}

export const button = (
  place: string,
  what: string,
  text: string,
  more: Record<string, string | boolean> = {},
) => h("button", { type: "button", "data-place": place, "data-do": what, ...more }, text);

function confirmation(
  { offer, foreseen }: Talk,
  { place, name, offers, disabled }: Group & { place: string },
): HTMLElement[] {
  const stands = offers.some((one) => sameOffer(one, offer));
  const { label, will, vouch, types, why, choose } = offer;
  return [
    h(
      "form",
      { class: "sure", "data-key": `sure ${place}`, "data-place": place },
      h("p", {}, stands ? will : "This is not offered any more: the situation has changed."),
      h("p", { class: "foreseen", role: "status" }, foreseen),
      ...(vouch === undefined
        ? []
        : [
            h(
              "label",
              { class: "tick" },
              h("input", { type: "checkbox", name: "vouch", required: true }),
              vouch,
            ),
          ]),
      ...(types === undefined
        ? []
        : [
            h(
              "label",
              {},
              `Type ${types} to agree`,
              h("input", {
                ...{ name: "types", required: true, pattern: types, title: types },
                autocomplete: "off",
              }),
            ),
          ]),
      ...(choose === undefined
        ? []
        : [
            h(
              "label",
              {},
              choose.called,
              h(
                "select",
                { name: "chosen" },
                ...choose.from.map(({ value, text }) =>
                  h("option", { value: String(value) }, text),
                ),
              ),
            ),
          ]),
      ...(why === undefined
        ? []
        : [
            h(
              "label",
              {},
              why,
              h("input", {
                ...{ name: "why", required: true, minlength: "3", maxlength: "300" },
                autocomplete: "off",
              }),
            ),
          ]),
      h(
        "div",
        { class: "buttons" },
        h(
          "button",
          { class: "sure", disabled: disabled || !stands },
          `Yes, ${label.toLowerCase()}: ${name}`,
        ),
        button(place, "no", "No"),
      ),
    ),
  ];
}
