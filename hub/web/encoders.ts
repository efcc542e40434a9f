/** An encoder's card, and a site's. What a box cannot measure is "not available", never 0. */
import { clockRow, siteClockLine } from "./clocks.ts";
import { h } from "./dom.ts";
import type { EncoderItem, SiteItem } from "./items.ts";
import { readinessVerbs, wantedRows } from "./readiness.ts";
import { row } from "./streams.ts";
import { commandButtons, type Talk } from "./talk.ts";
import { clock, lengthOf, plain, state, word, type Tone } from "./words.ts";

const figures: Record<string, [name: string, text: (value: number) => string]> = {
  temperatureC: ["Temperature", (v) => `${v.toFixed(1)} °C`],
  bitrateBps: ["Bit rate", (v) => `${(v / 1e6).toFixed(2)} Mb/s`],
  framesPerSecond: ["Frames", (v) => `${v.toFixed(1)} /s`],
  droppedFrames: ["Dropped", (v) => `${v} frames`],
  cpuUsageRatio: ["CPU", (v) => `${Math.round(v * 100)} %`],
};

export function encoderCard(
  encoder: EncoderItem,
  nowMs: number,
  stale: boolean,
  talk: Talk | undefined,
): HTMLElement {
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
      ...detectionRows(encoder),
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
      ...repairRows(encoder, nowMs),
      ...wantedRows(encoder),
      ...recordingRows(encoder),
      ...row("Input", state(encoder.input)),
      ...row("Cooling", state(encoder.thermal), ` ${thermal}`),
      ...Object.entries(figures).flatMap(([key, [name, text]]) => {
        const figure = encoder.figures?.[key as keyof typeof encoder.figures];
        if (!figure) return row(name, h("span", { class: "muted" }, "not available"));
        const age = figure.at === null ? "age not known" : lengthOf(nowMs - Date.parse(figure.at));
        const source = h("span", { class: "muted" }, ` (${age} ago, ${figure.source})`);
        return row(name, text(figure.value), source);
      }),
      ...clockRow(encoder, nowMs),
    ),
    warnings(encoder.warnings ?? []),
    commandButtons({
      list: "encoders",
      of: encoder,
      name: encoder.name ?? encoder.id,
      offered: offeredBy(encoder),
      disabled: old,
      talk,
    }),
  );
}

/** What may make sense now; whether it is done is the site's decision. */
function offeredBy(encoder: EncoderItem): string[] {
  const { recording, controls = [], power, repair, figures } = encoder;
  const isRecording = recording?.state === "streaming" || recording?.state === "failing";
  return [
    ...(repair?.state === "proposing" ||
    repair?.state === "observing" ||
    repair?.state === "givenUp"
      ? ["repair"]
      : []),
    ...readinessVerbs(encoder),
    ...(power === "cut" || power === "unknown" ? ["restore-power"] : []),
    ...(figures?.temperatureC === undefined ? [] : ["cooldown"]),
    ...(controls.includes("startRecording") && !isRecording ? ["start-recording"] : []),
    ...(controls.includes("stopRecording") && isRecording ? ["stop-recording"] : []),
  ];
}

function repairRows({ repair }: EncoderItem, nowMs: number): HTMLElement[] {
  if (!repair) return [];
  const { wouldHaveActed: dry, state: now } = repair;
  const words = now === "well" ? word("good", "nothing to repair") : state(now);
  const consent = h(
    "span",
    { class: "muted" },
    ` (${repairConsent[repair.consent] ?? "not known"})`,
  );
  const age = (iso: string | null | undefined) =>
    iso == null ? "not known" : lengthOf(nowMs - Date.parse(iso));
  const actions = Object.entries(dry?.byAction ?? {}).map(([a, n]) => `${plain(a)} ${n}`);
  return [
    ...row("Repair", words, consent),
    ...(dry
      ? row(
          "Dry run",
          dry.times === 0
            ? `would not have acted in ${age(dry.since)}`
            : `would have acted ${dry.times} times in ${age(dry.since)} (${actions.join(", ")}), last ${age(dry.lastAt)} ago`,
        )
      : []),
  ];
}
const repairConsent: Readonly<Record<string, string>> = {
  observe: "only observed",
  propose: "asks first",
  act: "done by itself",
};

function recordingRows({ recording, profiles }: EncoderItem): HTMLElement[] {
  const { streaming, recording: records } = profiles ?? {};
  const named = Object.entries({ streaming, recording: records }).flatMap(([of, profile]) =>
    profile ? [`${of}: ${profile.name ?? "no name"} (${profile.number})`] : [],
  );
  const where = recording?.medium === undefined ? "" : ` to ${recording.medium}`;
  const linked = recording?.isLinked === true ? ", starts and stops with the stream" : "";
  const words = recording?.state === "streaming" ? word("good", "recording") : undefined;
  return [
    ...(recording ? row("Recording", words ?? state(recording.state), where, linked) : []),
    ...(named.length > 0 ? row("Profiles", named.join(", ")) : []),
  ];
}

function detectionRows({ detection }: EncoderItem): HTMLElement[] {
  if (!detection) return [];
  const { silentWithinMs, unreachableWithinMs } = detection;
  const first =
    silentWithinMs < unreachableWithinMs ? ` (first sign within ${lengthOf(silentWithinMs)})` : "";
  return row("Failure noticed", `within ${lengthOf(unreachableWithinMs)}${first}`);
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
      : row(
          "Request pressure",
          // From 75 on it is asked less often.
          word(requestPressure < 75 ? "good" : "warning", `${requestPressure} of 100`),
        )),
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
    siteClockLine(site, nowMs),
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
