/** Figures of an encoder as people's scripts know them. What is not measured is null, never 0. */
import type { EncoderFigures } from "../../machines/encoder/encoder.contract.ts";
import type { Actor } from "../view.ts";

/** The newest there is: of the last second, else of the last state. */
export function figureOf(actor: Actor, name: keyof EncoderFigures): number | null {
  const fast = actor.telemetry?.figures as Partial<Record<string, number>> | undefined;
  const slow = actor.state?.["figures"] as EncoderFigures | undefined;
  return fast?.[name] ?? slow?.[name]?.value ?? null;
}

/** 0 to 100, as its site judges the connection. */
export function healthScoreOf({ state }: Actor): number | null {
  const connection = state?.["connection"] as { healthScore?: number } | null | undefined;
  return connection?.healthScore ?? null;
}

/** A share of one as percent, which is what this surface has always spoken. */
export const percent = (ratio: number | null | undefined) =>
  ratio === null || ratio === undefined ? null : Math.round(ratio * 1_000) / 10;
