/** A stream's card: first whether the programme is on air, then who carries it and why. */
import { comparisonLine, pictureLines } from "./content.ts";
import { h } from "./dom.ts";
import { eventLines } from "./events.ts";
import type { Board, StreamItem } from "./items.ts";
import { understudyLines } from "./understudies.ts";
import { commandButtons, type Talk, verbs } from "./talk.ts";
import { carriage, clock, lengthOf, plain, state, word } from "./words.ts";

export function streamCard(
  stream: StreamItem,
  board: Board,
  nowMs: number,
  stale: boolean,
  talk: Talk | undefined,
): HTMLElement {
  const old = stale || stream.stale;
  const name = stream.name ?? stream.id;
  const [tone, text] = carriage(stream.carriage);
  const since = (iso: string | null | undefined) =>
    iso == null ? "not known" : `for ${lengthOf(nowMs - Date.parse(iso))}`;
  const encoderName = (id: string | null | undefined) =>
    id == null
      ? "nobody"
      : (board.encoders.find((e) => e.site === stream.site && e.id === id)?.name ?? id);
  const endsAt = stream.eventEndsAt;
  return h(
    "article",
    { class: `${tone}${old ? " old" : ""}`, "data-key": stream.ref },
    h("h3", {}, `${name} `, h("span", { class: "muted" }, stream.site), " ", old && badge(stream)),
    h("p", { class: "carriage" }, word(tone, text)),
    h("p", { class: "because" }, stream.because ?? "Nothing readable from the site yet."),
    endsAt != null &&
      h(
        "p",
        {},
        word("critical", `The event ends in ${lengthOf(Date.parse(endsAt) - nowMs)}`),
        " unless the picture is back.",
      ),
    ...eventLines(stream, nowMs),
    h(
      "dl",
      {},
      ...row("Carried by", encoderName(stream.encoder), " ", state(stream.carrier)),
      ...row("", h("span", { class: "muted" }, since(stream.since))),
      ...row("Understudy", encoderName(stream.understudyEncoder), " ", state(stream.understudy)),
      ...understudyLines(stream, encoderName).flatMap((line) => row("", line)),
      ...row("Far end", ...farEnd(stream, board, nowMs)),
      ...content(stream, nowMs, encoderName),
      ...row("Takeovers", `${stream.budgetLeft ?? "not known"} left in the budget while on air`),
      ...(stream.latched?.includes("moves") === true
        ? row("", word("critical", "moved too often: it stays here until it is released"))
        : []),
      ...(stream.latched?.includes("returns") === true
        ? row("", word("warning", "no automatic return: the last one did not hold"))
        : []),
    ),
    commandButtons({
      list: "streams",
      of: stream,
      name,
      offered: Object.keys(verbs.streams),
      disabled: old,
      talk,
    }),
  );
}

function content(
  { content }: StreamItem,
  nowMs: number,
  encoderName: (id: string) => string,
): HTMLElement[] {
  if (content === undefined) return [];
  const compared = comparisonLine(content, nowMs, encoderName);
  return [
    ...row("Picture", ...pictureLines(content, nowMs, encoderName)),
    ...(compared ? row("Compared", compared) : []),
  ];
}

function badge(stream: StreamItem): HTMLElement {
  return h("span", { class: "badge" }, `STALE, last heard ${clock(stream.receivedAt)}`);
}

export function row(term: string, ...values: (Node | string)[]): HTMLElement[] {
  return [h("dt", {}, term), h("dd", {}, ...values)];
}

function farEnd(stream: StreamItem, board: Board, nowMs: number): (Node | string)[] {
  const id = stream.destination;
  const seen = board.destinations.find((d) => d.site === stream.site && d.id === id);
  if (!seen) return ["not available"];
  const name = `${seen.name ?? seen.id} `;
  const policy = h("span", { class: "muted" }, ` ${plain(stream.takeover ?? "")}`);
  if (seen.source == null) return [name, word("unknown", "nobody looks"), policy];
  const age =
    seen.observedAt == null
      ? "not looked yet"
      : `${lengthOf(nowMs - Date.parse(seen.observedAt))} ago by ${seen.source}`;
  const by = seen.by == null ? "" : ` by ${seen.by}`;
  return [
    name,
    state(seen.state),
    `${by}${seen.stalled === true ? ", but nothing moves" : ""} `,
    h("span", { class: "muted" }, `(${age})`),
    policy,
  ];
}
