/** The story of one loss of picture: how long, where the time went, and on what evidence. */
import { h } from "./dom.ts";
import type { IncidentItem } from "./items.ts";
import { clock, lengthOf, plain, state } from "./words.ts";

const segments = ["detect", "decide", "fence", "start", "confirm"] as const;

export function incidentCard(incident: IncidentItem, nowMs: number, stale: boolean): HTMLElement {
  const { certificate, openedAt, closedAt, from, to } = incident;
  const open = closedAt === null;
  const length = lengthSentence(incident, nowMs);
  const lengths = segments.map((name) => ({ name, ms: incident.segments[`${name}Ms`] }));
  const known = lengths.filter(
    (part): part is { name: typeof part.name; ms: number } => part.ms !== null,
  );
  const total = known.reduce((sum, { ms }) => sum + ms, 0);
  const tone = open ? "critical" : incident.outcome === "needsHuman" ? "critical" : "offline";
  const numbers = lengths.map(({ name, ms }) =>
    h(
      "li",
      {},
      h("i", { class: name }),
      `${name} ${ms === null ? "–" : `${(ms / 1_000).toFixed(2)} s`}`,
    ),
  );
  return h(
    "article",
    { class: `${tone}${stale ? " old" : ""}`, "data-key": incident.ref },
    h(
      "h3",
      {},
      `${incident.stream} `,
      h("span", { class: "muted" }, `${incident.site} · ${clock(openedAt)}`),
    ),
    h(
      "p",
      {},
      h("strong", {}, length),
      ` · ${plain(incident.cause)} · ${from ?? "nobody"} → ${to ?? "nobody"} · `,
      state(incident.outcome),
    ),
    h(
      "div",
      { class: "bar", "aria-hidden": "true" },
      ...known.map(({ name, ms }) =>
        h(
          "span",
          { class: name, style: `flex:${Math.max(ms, 1)} 1 0` },
          ms > total * 0.1 ? name : "",
        ),
      ),
    ),
    known.length > 0 && h("ul", { class: "legend" }, ...numbers),
    h(
      "details",
      {},
      h("summary", {}, "Story"),
      h("ol", {}, ...incident.timeline.map(({ at, what }) => h("li", {}, `${clock(at)} ${what}`))),
    ),
    certificate &&
      h(
        "details",
        {},
        h("summary", {}, `Fence certificate, level ${certificate.level}`),
        h("p", {}, `${certificate.encoder} / ${certificate.output}, ${clock(certificate.at)}`),
        h("ul", {}, ...certificate.evidence.map((sentence) => h("li", {}, sentence))),
      ),
  );
}

function lengthSentence(incident: IncidentItem, nowMs: number): string {
  const { offAirMs, closedAt, openedAt, recordingGaps = [], slateMs } = incident;
  const missingMs = recordingGaps.reduce((sum, { ms }) => sum + ms, 0);
  const missing = `at most ${seconds(missingMs)} of a recording missing`;
  if (offAirMs !== null) {
    const shown = slateMs === undefined ? "" : `, ${seconds(slateMs)} on slate`;
    return `${seconds(offAirMs)} off air${shown}${missingMs > 0 ? `, ${missing}` : ""}`;
  }
  if (incident.cause === "recording") return `${missing}, the picture was not touched`;
  if (closedAt === null && openedAt !== null) {
    return `open for ${lengthOf(nowMs - Date.parse(openedAt))}`;
  }
  return "off air: not known, nobody looked";
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
