/** The story of one loss of picture: how long, where the time went, and on what evidence. */
import { h } from "./dom.ts";
import type { IncidentItem } from "./items.ts";
import { clock, lengthOf, plain, state } from "./words.ts";

const segments = ["detect", "decide", "fence", "start", "confirm"] as const;

export function incidentCard(incident: IncidentItem, nowMs: number, stale: boolean): HTMLElement {
  const { certificate, offAirMs, openedAt, closedAt, from, to } = incident;
  const open = closedAt === null;
  const length =
    offAirMs === null
      ? open && openedAt !== null
        ? `open for ${lengthOf(nowMs - Date.parse(openedAt))}`
        : "off air: not known, nobody looked"
      : `${(offAirMs / 1_000).toFixed(1)} s off air`;
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
    h("ul", { class: "legend" }, ...numbers),
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
