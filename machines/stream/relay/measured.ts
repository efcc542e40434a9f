/**
 * What the relay measures of its inputs: how much comes, how evenly, whether sound and picture stay
 * together, and what is missing. It is shown and told; nobody is put on air or taken off for it.
 */
import { type Misfit, misfitSentence } from "../../content/misfit.ts";
import type { Decision } from "../../decision.ts";
import type { Figure } from "../../published.ts";
import { elapsedMs } from "../../time.ts";
import type { StreamContext } from "../stream.context.ts";
import type { StreamRelay } from "../stream.contract.ts";
import {
  type MeasuredInput,
  type MeasureFault,
  measureFaults,
  type MeasurePolicy,
  type Measures,
} from "./measures.ts";

/** They are told each 5 s. */
const countsMs = 15_000;

export function withMeasures(
  { plan, measured, now }: StreamContext,
  inputs: Readonly<Record<string, Measures>>,
): { measured: StreamContext["measured"]; decisions: Decision[] } {
  const decisions: Decision[] = [];
  const next = Object.entries(inputs).map(([encoder, measures]) => {
    const before = measured[encoder];
    const since: MeasuredInput["since"] = {};
    for (const fault of measureFaults) {
      if (!isOutside(fault, measures, plan.relay?.band)) continue;
      const isSame = before && elapsedMs(before.at, now()) <= countsMs;
      since[fault] = (isSame ? before.since[fault] : undefined) ?? now();
    }
    const { afterMs = Infinity } = plan.relay?.band ?? {};
    const told = measureFaults.filter((fault) => {
      const from = since[fault];
      return from !== undefined && elapsedMs(from, now()) >= afterMs;
    });
    for (const fault of measureFaults) {
      const isThere = told.includes(fault);
      if (isThere === (before?.told.includes(fault) ?? false)) continue;
      decisions.push(news(plan.id, encoder, fault, { isOver: !isThere, measures, afterMs }));
    }
    const misfits = measures.misfits ?? before?.misfits ?? null;
    decisions.push(...misfitNews(plan.id, encoder, before?.misfits ?? [], misfits ?? []));
    const input: MeasuredInput = { ...measures, misfits, at: now(), since, told };
    return [encoder, input] as const;
  });
  return { measured: Object.fromEntries(next), decisions };
}

function isOutside(
  fault: MeasureFault,
  { bitrateBps, avDriftMs }: Measures,
  { leastBps = 0, mostBps = Infinity, avDriftAtMostMs = Infinity }: Partial<MeasurePolicy> = {},
): boolean {
  if (fault === "avDrift") return avDriftMs !== null && Math.abs(avDriftMs) > avDriftAtMostMs;
  return bitrateBps !== null && (bitrateBps < leastBps || bitrateBps > mostBps);
}

function news(
  stream: string,
  encoder: string,
  fault: MeasureFault,
  p: { isOver: boolean; measures: Measures; afterMs: number },
): Decision {
  const { bitrateBps, avDriftMs } = p.measures;
  const seconds = Math.round(p.afterMs / 1_000);
  const mbps = ((bitrateBps ?? 0) / 1e6).toFixed(2);
  const how =
    fault === "bitrate"
      ? `comes with ${mbps} Mbit/s, outside of what it should be`
      : `has its sound ${Math.round(avDriftMs ?? 0)} ms from where it was beside the picture`;
  const over = fault === "bitrate" ? "bit rate" : "sound";
  return {
    type: "stream.input",
    severity: p.isOver ? "info" : "warning",
    message: p.isOver
      ? `${stream}: the ${over} of ${encoder} is as it should be again, or not known any more`
      : `${stream}: ${encoder} ${how}, for ${seconds} s now`,
    data: { encoder, fault, isOver: p.isOver, bitrateBps, avDriftMs },
  };
}

/** Once for each, and when there is none any more. */
function misfitNews(
  stream: string,
  encoder: string,
  before: readonly Misfit[],
  misfits: readonly Misfit[],
): Decision[] {
  const old = before.map((misfit) => misfitSentence(encoder, misfit));
  const all = misfits.map((misfit) => misfitSentence(encoder, misfit));
  const isOver = all.length === 0;
  const news = isOver ? old : all.filter((sentence) => !old.includes(sentence));
  if (news.length === 0) return [];
  const isWarning = !isOver && misfits.some(({ kind }) => kind !== "data");
  return [
    {
      type: "stream.input",
      severity: isWarning ? "warning" : "info",
      message: isOver
        ? `${stream}: all that ${encoder} brings goes out as it is now`
        : `${stream}: ${news.join("; ")}`,
      data: { encoder, isOver, misfits: all },
    },
  ];
}

/** What it brings that does not go out as it is, each in words. */
export function misfitsOf({ measured, now }: Pick<StreamContext, "measured" | "now">, id: string) {
  const input = measured[id];
  if (!input || elapsedMs(input.at, now()) > countsMs) return undefined;
  return input.misfits?.map((misfit) => misfitSentence(id, misfit));
}

/** By the times that the ingest gave its pictures. */
const latencyFigure = ({ at }: MeasuredInput, value: number | undefined): Figure | undefined =>
  value === undefined
    ? undefined
    : { value: Math.round(value), atMs: at.wallMs, source: "its ingest's times" };

/** From the ingest to the outputs of the relay, of the one that carries. */
export function publishedLatency(
  { measured, now }: StreamContext,
  selected: string | null,
): StreamRelay["figures"] {
  const input = measured[selected ?? ""];
  if (!input || elapsedMs(input.at, now()) > countsMs) return {};
  const latencyMs = latencyFigure(input, input.sentLatencyMs);
  return latencyMs ? { latencyMs } : {};
}

/** Nothing of what is too old. */
export function publishedMeasures(
  { measured, now }: StreamContext,
  encoder: string,
): Pick<StreamRelay["inputs"][number], "figures" | "faults"> {
  const input = measured[encoder];
  if (!input || elapsedMs(input.at, now()) > countsMs) return { figures: {}, faults: [] };
  const figure = (value: number) => ({ value, atMs: input.at.wallMs, source: "relay" });
  const { bitrateBps, spreadRatio, avDriftMs, continuityErrors, told, since } = input;
  const latencyMs = latencyFigure(input, input.latencyMs);
  return {
    figures: {
      ...(bitrateBps !== null && { bitrateBps: figure(bitrateBps) }),
      ...(spreadRatio !== null && { spreadRatio: figure(spreadRatio) }),
      ...(avDriftMs !== null && { avDriftMs: figure(avDriftMs) }),
      continuityErrors: figure(continuityErrors),
      ...(latencyMs && { latencyMs }),
    },
    faults: told.map((fault) => ({ fault, sinceMs: since[fault]!.wallMs })),
  };
}
