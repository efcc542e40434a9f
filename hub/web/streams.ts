/** A stream's card: is it on air, what happened, what to do next. The rest opens. */
import { row, staleBadge } from "./box.ts";
import { comparisonLine, pictureLines, qualityLine } from "./content.ts";
import { h } from "./dom.ts";
import { eventLines } from "./events.ts";
import type { StreamItem } from "./items.ts";
import { nextStep } from "./next.ts";
import { ageOf, encoderName, type Now } from "./now.ts";
import { streamRank, toneOf } from "./order.ts";
import { streamOffers } from "./stream-offers.ts";
import { commandButtons } from "./talk.ts";
import { understudyLines } from "./understudies.ts";
import { windowsPart } from "./windows.ts";
import { carriage, lengthOf, plain, state, word } from "./words.ts";

export function streamCard(stream: StreamItem, now: Now): HTMLElement {
  const { nowMs } = now;
  const old = now.stale || stream.stale;
  const name = stream.name ?? stream.id;
  const endsAt = stream.eventEndsAt;
  const rank = streamRank(stream);
  const key = `more ${stream.ref}`;
  const open = now.isOpen(key);
  const buttons = commandButtons({
    ...{ list: "streams", ref: stream.ref, name, disabled: old, talk: now.talk },
    offers: streamOffers(stream, now),
  });
  return h(
    "article",
    { class: old ? "unknown old" : toneOf(rank), "data-key": stream.ref },
    h(
      "h3",
      {},
      `${name} `,
      h("span", { class: "muted" }, stream.site),
      " ",
      old && staleBadge(stream.receivedAt),
    ),
    h(
      "p",
      { class: "carriage" },
      word(
        ...carriage(stream.carriage, stream.missesProgramme != null, stream.relay?.slate === "on"),
      ),
    ),
    h("p", { class: "muted line" }, inShort(stream, now)),
    h("p", { class: "because" }, stream.because ?? "Nothing readable from the site yet."),
    h("p", { class: "next" }, h("strong", {}, "Next: "), nextStep(stream, now)),
    endsAt != null &&
      h(
        "p",
        {},
        ...(Date.parse(endsAt) > nowMs
          ? [
              word("critical", `The event ends in ${lengthOf(Date.parse(endsAt) - nowMs)}`),
              " unless the picture is back.",
            ]
          : [
              word("critical", "The far end may have ended the event"),
              " by its rule: look there whether it has to be begun anew.",
            ]),
      ),
    ...eventLines(stream, nowMs),
    // A stream that is well needs no buttons at hand.
    rank < 3 && buttons,
    h(
      "details",
      { "data-key": key, open },
      h("summary", {}, rank < 3 ? "Details" : "Details and commands"),
      open && rank >= 3 && buttons,
      open && facts(stream, now),
      open && windowsPart(stream, now),
    ),
  );
}

/** Who carries it, who would be next, and how old the word above is. */
function inShort(stream: StreamItem, now: Now): string {
  const { site, encoder, understudyEncoder: next, destination } = stream;
  const seen = now.board.destinations.find((d) => d.site === site && d.id === destination);
  const understudy = next == null ? "no understudy" : `understudy ${encoderName(now, site, next)}`;
  const farEnd =
    seen?.source == null
      ? "nobody looks at the far end"
      : `far end seen ${ageOf(seen.observedAt, now.nowMs)}`;
  return `${encoderName(now, site, encoder)}, ${understudy}, ${farEnd}`;
}

function facts(stream: StreamItem, now: Now): HTMLElement {
  const nameOf = (id: string | null | undefined) => encoderName(now, stream.site, id);
  return h(
    "dl",
    {},
    ...row("Carried by", nameOf(stream.encoder), " ", state(stream.carrier)),
    ...row(
      "",
      h(
        "span",
        { class: "muted" },
        stream.since == null
          ? "since when is not known"
          : `for ${lengthOf(now.nowMs - Date.parse(stream.since))}`,
      ),
    ),
    ...row("Understudy", nameOf(stream.understudyEncoder), " ", state(stream.understudy)),
    ...understudyLines(stream, nameOf).flatMap((line) => row("", line)),
    ...relay(stream, now.nowMs, nameOf),
    ...row("Far end", ...farEnd(stream, now)),
    ...row("Latency", ...latency(stream, now)),
    ...content(stream, now.nowMs, nameOf),
    ...row("Takeovers", `${stream.budgetLeft ?? "not known"} left in the budget while on air`),
    ...(stream.latched?.includes("moves") === true
      ? row("", word("critical", "moved too often: it stays here until it is released"))
      : []),
    ...(stream.latched?.includes("returns") === true
      ? row("", word("warning", "no automatic return: the last one did not hold"))
      : []),
    ...row("Told", h("span", { class: "muted" }, ageOf(stream.receivedAt, now.nowMs))),
  );
}

/** Of path relayed: the one process that all of it goes through. */
function relay(
  { relay }: StreamItem,
  nowMs: number,
  nameOf: (id: string | null | undefined) => string,
): HTMLElement[] {
  if (!relay) return [];
  const { health, selected, since, reason, inputs, missingMs, slate, slateBeganAt } = relay;
  if (relay.fellBack != null) {
    const { since: left, because } = relay.fellBack;
    const lasts = left === null ? "" : ` for ${lengthOf(nowMs - Date.parse(left))}`;
    return row("Relay", word("critical", "fell back"), ` to path direct${lasts}: ${because}`);
  }
  const tone = health === "running" ? "good" : health === "off" ? "unknown" : "critical";
  const sends =
    selected === null || since === null
      ? slate === "on" && slateBeganAt != null
        ? `sends the slate for ${lengthOf(nowMs - Date.parse(slateBeganAt))}`
        : "sends nothing"
      : `sends ${nameOf(selected)} (${reason}) for ${lengthOf(nowMs - Date.parse(since))}`;
  const silent = inputs.filter(({ brings }) => !brings).map(({ encoder }) => nameOf(encoder));
  const lacks = silent.length > 0 ? `; no pictures from ${silent.join(", ")}` : "";
  const lost = missingMs > 0 ? `; ${missingMs} ms are missing in what it sent` : "";
  const measured = inputs.flatMap((input) => measuredLine(input, nowMs, nameOf));
  return [
    ...row("Relay", word(tone, health), ` ${sends}${lacks}${lost}`),
    ...carriedRow(relay, nameOf),
    ...misfitRows(inputs),
    ...slateRow(relay.slateFormat),
    ...(measured.length > 0 ? row("Inputs", ...measured) : []),
  ];
}

/** What goes out besides a picture and a sound, and who lacks what is to go with it. */
function carriedRow(
  { inputs, selected, splices }: NonNullable<StreamItem["relay"]>,
  nameOf: (id: string | null | undefined) => string,
): HTMLElement[] {
  const carried = inputs.find(({ encoder }) => encoder === selected)?.carried;
  if (carried == null) return [];
  const sounds = carried.sounds.map(
    ({ language, channels }) =>
      `${language ?? "sound"}${channels === null ? "" : ` ${channels} ch`}`,
  );
  const there = [
    carried.captions ? "captions" : "no captions",
    ...(carried.activeFormat ? ["active format"] : []),
    ...(carried.timecode === true ? ["timecode"] : []),
    carried.scan === "progressive" && carried.looks === "interlaced"
      ? "combed though flagged progressive"
      : carried.scan,
    ...colourWords(carried.colour),
    ...sounds,
    ...(splices?.isThere == null ? [] : [splices.isThere ? "SCTE-35" : "no SCTE-35"]),
  ];
  const lacking = inputs.filter(({ lacks = [] }) => lacks.length > 0);
  return row(
    "Carries",
    there.join(", "),
    ...lacking.map(({ encoder, lacks }) =>
      word(
        encoder === selected ? "critical" : "warning",
        `${nameOf(encoder)} lacks ${lacks!.join(" and ")}`,
      ),
    ),
  );
}

/** Nothing where nothing is told of it. */
function colourWords(colour: NonNullable<RelayInput["carried"]>["colour"]): string[] {
  if (!colour) return [];
  const { primaries, transfer, matrix, fullRange } = colour;
  const words = [...new Set([primaries, transfer, matrix].map((part) => part ?? "not told"))];
  const range = fullRange ? ["full range"] : [];
  return words.join() === "not told" ? range : [words.join("/"), ...range];
}

/** What comes and does not go out as it is. */
const misfitRows = (inputs: readonly RelayInput[]): HTMLElement[] => {
  const lines = inputs.flatMap(({ misfits = [] }) => misfits.map((text) => h("div", {}, text)));
  return lines.length > 0 ? row("Not carried", ...lines) : [];
};

const saysForm: Readonly<Record<string, string>> = {
  ...{ input: "as the last on air brought it", configuration: "as the configuration says" },
  default: "nothing says what comes: the usual",
};

/** In what form the picture for when nobody brings any is. */
function slateRow(format: NonNullable<StreamItem["relay"]>["slateFormat"]): HTMLElement[] {
  if (!format) return [];
  const { widthPx, heightPx, framesPerSecond, sounds, from } = format;
  const sound = sounds.map(
    ({ sampleRateHz, channels }) => `${sampleRateHz / 1_000} kHz ${channels} ch`,
  );
  const form = [`${widthPx} × ${heightPx}`, `${framesPerSecond}/s`, ...sound].join(", ");
  return row("Slate", `${form}: ${saysForm[from] ?? from}`);
}

type RelayInput = NonNullable<StreamItem["relay"]>["inputs"][number];

/** What the relay measures of one input; nothing where it measures nothing. */
function measuredLine(
  { encoder, figures = {}, faults = [] }: RelayInput,
  nowMs: number,
  nameOf: (id: string) => string,
): HTMLElement[] {
  const { bitrateBps, spreadRatio, avDriftMs, continuityErrors, latencyMs } = figures;
  if (!continuityErrors) return [];
  const wrong = faults.map(({ fault, since }) => {
    const what = fault === "avDrift" ? "sound and picture drift apart" : "bit rate out of its band";
    return word("warning", `${what} for ${lengthOf(nowMs - Date.parse(since ?? ""))}`);
  });
  const text = [
    ...(bitrateBps ? [`${(bitrateBps.value / 1e6).toFixed(2)} Mbit/s`] : []),
    ...(spreadRatio ? [`even to ${Math.round(100 * spreadRatio.value)} %`] : []),
    ...(avDriftMs ? [`sound ${Math.round(avDriftMs.value)} ms from where it began`] : []),
    ...(latencyMs ? [`${(latencyMs.value / 1_000).toFixed(2)} s after its ingest`] : []),
    `${continuityErrors.value} packets wrong`,
    `${lengthOf(nowMs - Date.parse(continuityErrors.at ?? ""))} ago`,
  ];
  return [
    h(
      "div",
      {},
      h("span", { class: "muted" }, `${nameOf(encoder)}: `),
      ...wrong,
      ` ${text.join(", ")}`,
    ),
  ];
}

function content(
  { content }: StreamItem,
  nowMs: number,
  nameOf: (id: string) => string,
): HTMLElement[] {
  if (content === undefined) return [];
  const compared = comparisonLine(content, nowMs, nameOf);
  const quality = qualityLine(content, nowMs, nameOf);
  return [
    ...row("Picture", ...pictureLines(content, nowMs, nameOf)),
    ...(quality ? row("Of its source", quality) : []),
    ...(compared ? row("Compared", compared) : []),
  ];
}

function farEnd(stream: StreamItem, { board, nowMs }: Now): (Node | string)[] {
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

/** Nothing measures it where nobody stamps the programme: that is said, not left out. */
function latency(stream: StreamItem, { board, nowMs }: Now): (Node | string)[] {
  const id = stream.destination;
  const seen = board.destinations.find((d) => d.site === stream.site && d.id === id);
  const line = (told: LatencyFigure, what: (seconds: string) => string) =>
    told === undefined
      ? []
      : h(
          "div",
          {},
          what((told.value / 1_000).toFixed(1)),
          h("span", { class: "muted" }, ` (${ageOf(told.at, nowMs)}, ${told.source})`),
        );
  const lines = [
    line(seen?.figures?.latencyMs, (seconds) => `newest picture ${seconds} s old at the far end`),
    line(stream.relay?.figures?.latencyMs, (seconds) => `${seconds} s from ingest to relay output`),
  ].flat();
  return lines.length > 0 ? lines : [h("span", { class: "muted" }, "not available")];
}

type LatencyFigure = NonNullable<NonNullable<StreamItem["relay"]>["figures"]>["latencyMs"];
