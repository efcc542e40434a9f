/** An encoder's card, and a site's. What a box cannot measure is "not available", never 0. */
import { h } from "./dom.ts";
import type { EncoderItem, SiteItem } from "./items.ts";
import { row } from "./streams.ts";
import { clock, lengthOf, plain, state, word, type Tone } from "./words.ts";

const figures: Record<string, [name: string, text: (value: number) => string]> = {
  temperatureC: ["Temperature", (v) => `${v.toFixed(1)} °C`],
  bitrateBps: ["Bit rate", (v) => `${(v / 1e6).toFixed(2)} Mb/s`],
  framesPerSecond: ["Frames", (v) => `${v.toFixed(1)} /s`],
  droppedFrames: ["Dropped", (v) => `${v} frames`],
  cpuUsageRatio: ["CPU", (v) => `${Math.round(v * 100)} %`],
};

export function encoderCard(encoder: EncoderItem, nowMs: number, stale: boolean): HTMLElement {
  const old = stale || encoder.stale;
  const tone =
    encoder.link === "reachable" ? "good" : encoder.link === "unreachable" ? "critical" : "unknown";
  const thermal = encoder.thermal === "cooling" ? `step ${encoder.thermalStep ?? "?"} of 5` : "";
  return h(
    "article",
    { class: `${tone}${old ? " old" : ""}`, "data-key": encoder.ref },
    h(
      "h3",
      {},
      `${encoder.name ?? encoder.id} `,
      h("span", { class: "muted" }, `${encoder.site} · ${encoder.identity?.vendor ?? ""}`),
      " ",
      old && h("span", { class: "badge" }, `STALE, last heard ${clock(encoder.receivedAt)}`),
    ),
    h(
      "dl",
      {},
      ...row("Link", state(encoder.link)),
      ...connectionRows(encoder),
      ...row("Service", state(encoder.service)),
      ...(encoder.outputs ?? []).flatMap((output) =>
        row(
          output.id,
          state(output.state),
          output.stream === undefined ? "" : ` for ${output.stream}`,
          output.progress === "frozen" ? ", frozen" : "",
          output.sendQueue === "stuck" ? ", the network does not take it" : "",
        ),
      ),
      ...row("Input", state(encoder.input)),
      ...row("Cooling", state(encoder.thermal), ` ${thermal}`),
      ...Object.entries(figures).flatMap(([key, [name, text]]) => {
        const figure = encoder.figures?.[key as keyof typeof encoder.figures];
        if (!figure) return row(name, h("span", { class: "muted" }, "not available"));
        const age = figure.at === null ? "age not known" : lengthOf(nowMs - Date.parse(figure.at));
        const source = h("span", { class: "muted" }, ` (${age} ago, ${figure.source})`);
        return row(name, text(figure.value), source);
      }),
    ),
    warnings(encoder.warnings ?? []),
  );
}

/** How it is to talk to. Pressure is what we do to it, and no temperature. */
function connectionRows({ connection }: EncoderItem): HTMLElement[] {
  if (!connection) return [];
  const { breaker, healthScore, burden, requestPressure } = connection;
  const tone = (score: number): Tone =>
    score >= 75 ? "good" : score >= 40 ? "warning" : "critical";
  const words =
    breaker === "open"
      ? word("critical", "left alone for a while, it failed again and again")
      : breaker === "halfOpen"
        ? word("warning", "asked carefully")
        : healthScore === undefined
          ? state(undefined)
          : word(tone(healthScore), `${healthScore} of 100`);
  const because = burden === undefined || breaker !== "closed" ? "" : ` for its ${burden}`;
  return [
    ...row("Connection", words, because),
    ...(requestPressure === undefined
      ? []
      : row("Request pressure", word(tone(100 - requestPressure), `${requestPressure} of 100`))),
  ];
}

export function siteCard(site: SiteItem, nowMs: number, stale: boolean): HTMLElement {
  const seen =
    site.lastSeen === null ? "never" : `${lengthOf(nowMs - Date.parse(site.lastSeen))} ago`;
  const [tone, text]: [Tone, string] =
    site.online === null
      ? ["unknown", "not known"]
      : site.online
        ? ["good", "online"]
        : ["offline", "offline"];
  return h(
    "article",
    {
      class: `${tone === "offline" ? "critical" : tone}${stale || site.stale ? " old" : ""}`,
      "data-key": site.id,
    },
    h("h3", {}, site.name ?? site.id),
    h("p", {}, word(tone, text)),
    h("p", { class: "muted" }, `Last heard ${seen}`),
    h(
      "p",
      {},
      `Decider ${plain(site.decider ?? "not known")}, journal ${plain(site.journal ?? "not known")}`,
    ),
    site.quarantined > 0 && h("p", {}, word("warning", `${site.quarantined} messages unreadable`)),
    site.lostEvents > 0 && h("p", {}, word("critical", `${site.lostEvents} events lost`)),
    warnings(site.warnings),
  );
}

export function warnings(sentences: string[]): HTMLElement | false {
  if (sentences.length === 0) return false;
  return h(
    "ul",
    { class: "warnings" },
    ...sentences.map((text) => h("li", {}, word("warning", text))),
  );
}
