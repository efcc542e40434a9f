/**
 * A day of how a box was to talk to, as its site kept it, one bar for each five minutes; and of its
 * heat, as a line from 0 to 100 °C, where it tells any.
 */
import { healthTone } from "./connection.ts";
import { type ConnectionHistory, connectionHistory } from "./data.ts";
import { h, svg } from "./dom.ts";
import type { EncoderItem } from "./items.ts";
import { token } from "./login.ts";
import type { Now } from "./now.ts";
import { clock } from "./words.ts";

const readAgainMs = 30_000;
const width = 288;
const height = 40;

type Read = { atMs: number; by: string | undefined; history?: ConnectionHistory; why?: string };
const reads = new Map<string, Read>();

/** It is there with the next drawing. */
function historyOf(ref: string, nowMs: number): Read {
  const by = token();
  const kept = reads.get(ref);
  // What somebody else saw is not for whoever comes next.
  const before = kept?.by === by ? kept : undefined;
  if (before && nowMs - before.atMs < readAgainMs) return before;
  const read: Read = { ...before, atMs: nowMs, by };
  reads.set(ref, read);
  void connectionHistory(ref).then(
    (history) => reads.set(ref, { atMs: nowMs, by, history }),
    (error: unknown) => reads.set(ref, { atMs: nowMs, by, why: String((error as Error).message) }),
  );
  return read;
}

export function connectionChart(encoder: EncoderItem, { nowMs, stale }: Now): HTMLElement | false {
  if (!encoder.connection) return false;
  // Old data is not asked for again, and a site that is away has none.
  const { history, why } =
    stale || encoder.stale ? (reads.get(encoder.ref) ?? {}) : historyOf(encoder.ref, nowMs);
  if (!history) {
    return why !== undefined && h("p", { class: "muted" }, `Connection, last 24 h: ${why}`);
  }
  const text = summary(history.points);
  const hot = heat(history.points);
  return h(
    "figure",
    { class: "history" },
    bars(history, text),
    h("figcaption", {}, text),
    hot !== undefined && heatLine(history, hot),
    hot !== undefined && h("figcaption", {}, hot),
  );
}

function bars({ from, to, step, points }: ConnectionHistory, label: string): SVGElement {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  const x = (ms: number) => (width * (ms - fromMs)) / (toMs - fromMs);
  const wide = Math.max(1, x(fromMs + step * 1_000));
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    ...points.flatMap(({ at, healthScore }) => {
      if (healthScore === null) return [];
      // A score of 0 is seen, too.
      const tall = Math.max(2, (height * healthScore) / 100);
      const place = { x: x(Date.parse(at)), y: height - tall, width: wide, height: tall };
      return [svg("rect", { class: healthTone(healthScore), ...place })];
    }),
  );
}

const mostC = 100;

/** A piece for each time without a gap: nothing is known between. */
function heatLine({ from, to, step, points }: ConnectionHistory, label: string): SVGElement {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  let path = "";
  let lastMs = -Infinity;
  for (const { at, temperatureC } of points) {
    if (temperatureC === null) continue;
    const atMs = Date.parse(at);
    const x = (width * (atMs - fromMs)) / (toMs - fromMs);
    const y = height - (height * Math.min(Math.max(temperatureC, 0), mostC)) / mostC;
    const isNext = atMs - lastMs <= 2 * step * 1_000;
    // A single point is seen, too.
    path += isNext ? `L${x.toFixed(1)} ${y.toFixed(1)}` : `M${x.toFixed(1)} ${y.toFixed(1)}h1`;
    lastMs = atMs;
  }
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    svg("path", { class: "heat", d: path }),
  );
}

/** Undefined: the box has told no temperature. */
function heat(points: ConnectionHistory["points"]): string | undefined {
  const told = points.filter(({ temperatureC }) => temperatureC !== null);
  const [first] = told;
  if (!first) return undefined;
  const hottest = told.reduce((a, b) => (b.temperatureC! > a.temperatureC! ? b : a), first);
  const last = told.at(-1)!;
  return (
    `Temperature, last 24 h: at most ${Math.round(hottest.temperatureC!)} °C at ` +
    `${clock(hottest.at)}, last ${Math.round(last.temperatureC!)} °C`
  );
}

/** What the bars say, and what they cannot. */
function summary(points: ConnectionHistory["points"]): string {
  const scored = points.filter(({ healthScore }) => healthScore !== null);
  const [first] = scored;
  if (!first) return "Connection, last 24 h: nothing kept yet";
  const worst = scored.reduce((a, b) => (b.healthScore! < a.healthScore! ? b : a), first);
  const slowest = Math.max(...points.map(({ latencyMs }) => latencyMs ?? 0));
  const sum = (of: "requests" | "failed") => points.reduce((all, point) => all + point[of], 0);
  const lowest =
    worst.healthScore === 100
      ? "always 100 of 100"
      : `lowest ${worst.healthScore} of 100 at ${clock(worst.at)}`;
  return (
    `Connection, last 24 h: ${lowest}, slowest ${slowest} ms, ` +
    `${sum("failed")} of ${sum("requests")} requests failed`
  );
}
