/** Whether a box that stands by has lately shown that it can, and having it show that. */
import { row } from "./box.ts";
import { h } from "./dom.ts";
import type { EncoderItem } from "./items.ts";
import { ageOf } from "./now.ts";
import type { Offer } from "./talk.ts";
import { word } from "./words.ts";

type Practice = NonNullable<EncoderItem["practice"]>;

export function practiceRows({ practice }: EncoderItem, nowMs: number): HTMLElement[] {
  if (!practice) return [];
  const { hindrance } = practice;
  const cannot = hindrance === undefined ? "" : `; not possible now: ${hindrance}`;
  return row("Practice", standing(practice), cannot, ...history(practice, nowMs));
}

function standing({ underWayAt, failure, isOverdue, consent }: Practice) {
  if (underWayAt !== undefined) return word("warning", `being practised at ${underWayAt}`);
  if (failure !== undefined) return word("critical", `failed: ${failure}`);
  if (!isOverdue) return word("good", "within the last week");
  return word("warning", consent === "act" ? "overdue, done when it may be" : "overdue");
}

function history({ lastPractisedAt, startMs, lastOnAirAt }: Practice, nowMs: number) {
  const took = startMs === undefined ? "" : `, picture after ${(startMs / 1_000).toFixed(1)} s`;
  const times = [
    lastPractisedAt == null
      ? "never practised"
      : `practised ${ageOf(lastPractisedAt, nowMs)}${took}`,
    lastOnAirAt === null ? "never on air" : `on air ${ageOf(lastOnAirAt, nowMs)}`,
  ];
  return [h("span", { class: "muted" }, ` (${times.join("; ")})`)];
}

export function practiceOffers({ practice, outputs, name, id }: EncoderItem): Offer[] {
  const isIdle = outputs?.every(({ state, stream }) => state === "idle" && stream === undefined);
  if (!practice || practice.underWayAt !== undefined || isIdle !== true) return [];
  return [
    {
      verb: "practise",
      label: "Practise now",
      will: `${name ?? id} is put on air at the test destination until its picture is there, and taken off again; no programme's key is touched. It cannot take over for these seconds.`,
    },
  ];
}
