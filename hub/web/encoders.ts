/** An encoder in the list. What a box cannot measure is "not available", never 0. */
import { box, row, warnings } from "./box.ts";
import { clockRow } from "./clocks.ts";
import { connectionChart } from "./connection-chart.ts";
import { connectionRows } from "./connection.ts";
import { h } from "./dom.ts";
import { encoderOffers } from "./encoder-offers.ts";
import type { EncoderItem } from "./items.ts";
import { ageOf, type Now } from "./now.ts";
import { encoderRank, toneOf } from "./order.ts";
import { wantedRows } from "./readiness.ts";
import { practiceRows } from "./practice.ts";
import { proposalText, repairRows } from "./repair.ts";
import { commandButtons } from "./talk.ts";
import { lengthOf, plain, state, word } from "./words.ts";

function inMebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
const figures = {
  temperatureC: ["Temperature", (v) => `${v.toFixed(1)} °C`],
  bitrateBps: ["Bit rate", (v) => `${(v / 1e6).toFixed(2)} Mb/s`],
  framesPerSecond: ["Frames", (v) => `${v.toFixed(1)} /s`],
  droppedFrames: ["Dropped", (v) => `${v} frames`],
  networkSentBps: ["Network sends", (v) => `${(v / 1e6).toFixed(2)} Mb/s`],
  networkReceivedBps: ["Network receives", (v) => `${(v / 1e6).toFixed(2)} Mb/s`],
  clientCount: ["Clients", (v) => `${v} connected to it`],
  cpuUsageRatio: ["CPU", (v) => `${Math.round(v * 100)} %`],
  cpuSeconds: ["CPU time", (v) => `${v.toFixed(0)} s`],
  memoryBytes: ["Memory", inMebibytes],
  ioReadBytes: ["Read from disks", inMebibytes],
  ioWrittenBytes: ["Written to disks", inMebibytes],
} satisfies Record<string, [name: string, text: (value: number) => string]>;

export function encoderBox(encoder: EncoderItem, now: Now): HTMLElement {
  const old = now.stale || encoder.stale;
  const rank = encoderRank(encoder);
  return box(
    {
      key: `encoder ${encoder.ref}`,
      tone: old ? "unknown" : toneOf(rank),
      name: encoder.name ?? encoder.id,
      of: `${encoder.site} · ${encoder.identity?.vendor ?? "vendor not known"}`,
      word: wordOf(encoder),
      line: lineOf(encoder, now.nowMs),
      ...{ old, receivedAt: encoder.receivedAt },
      body: () => [
        facts(encoder, now.nowMs),
        connectionChart(encoder, now),
        warnings(encoder.warnings ?? []),
        commandButtons({
          ...{ list: "encoders", ref: encoder.ref, name: encoder.name ?? encoder.id },
          ...{ offers: encoderOffers(encoder), disabled: old, talk: now.talk },
        }),
      ],
    },
    now,
  );
}

/** What it does, or why it does not. */
function wordOf({ link, service, outputs = [], thermal }: EncoderItem): string {
  if (link === undefined || link === "unknown") return "not known";
  if (link !== "reachable") return plain(link);
  if (service !== undefined && service !== "inService") return plain(service);
  if (thermal === "hot" || thermal === "protected" || thermal === "cooling") return plain(thermal);
  const busy = outputs.find(({ state: now }) => now !== "idle");
  if (!busy) return "idle";
  return `${plain(busy.state)}${busy.stream === undefined ? "" : ` for ${busy.stream}`}`;
}

/** What is wrong with it; else how warm it is. */
function lineOf(encoder: EncoderItem, nowMs: number): string {
  const { repair, warnings: [first, ...others] = [], figures: known } = encoder;
  if (repair?.state === "proposing") return proposalText(repair, nowMs);
  if (first !== undefined) return first + (others.length > 0 ? `, and ${others.length} more` : "");
  const temperature = known?.temperatureC;
  if (!temperature) return `told ${ageOf(encoder.receivedAt, nowMs)}`;
  return `${temperature.value.toFixed(1)} °C ${ageOf(temperature.at, nowMs)}`;
}

function facts(encoder: EncoderItem, nowMs: number): HTMLElement {
  const step = encoder.thermal === "cooling" ? ` step ${encoder.thermalStep ?? "?"}` : "";
  return h(
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
    ...Object.entries(encoder.onlyWatched ?? {}).flatMap(([id, is]) =>
      row(
        id,
        state(is),
        h("span", { class: "muted" }, " only watched, not started or stopped here"),
      ),
    ),
    ...repairRows(encoder, nowMs),
    ...wantedRows(encoder),
    ...practiceRows(encoder, nowMs),
    ...recordingRows(encoder),
    ...row("Input", state(encoder.input)),
    ...encodesRow(encoder),
    ...row("Cooling", state(encoder.thermal), step),
    ...Object.entries(figures).flatMap(([key, [name, text]]) => {
      const figure = encoder.figures?.[key as keyof typeof figures];
      if (!figure) return row(name, h("span", { class: "muted" }, "not available"));
      const source = ` (${ageOf(figure.at, nowMs)}, ${figure.source})`;
      return row(name, text(figure.value), h("span", { class: "muted" }, source));
    }),
    ...clockRow(encoder, nowMs),
    ...row("Told", h("span", { class: "muted" }, ageOf(encoder.receivedAt, nowMs))),
  );
}

function encodesRow({ encodes }: EncoderItem): HTMLElement[] {
  const because = encodes?.because === undefined ? "" : ` ${encodes.because}`;
  return encodes ? row("Encodes by", encodes.by, h("span", { class: "muted" }, because)) : [];
}

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
