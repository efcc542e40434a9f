/**
 * What the relay sends on may be no programme: an encoder that has lost its input goes on sending a
 * test pattern or black, and to the relay that is as good as any. Another input that is known to
 * have what this one lacks is asked for then.
 */
import type { ContentFault } from "../../content/look.ts";
import { actingFault, comparisonOf } from "../content.ts";
import { hasWhatLacks, type StreamContext } from "../stream.context.ts";
import { hindersInput, inputsOf } from "./relay.ts";

export type BetterInput = { to: string; cause: string };

export function betterInput(context: StreamContext): BetterInput | undefined {
  const { memory, facts, content, plan, now, relay } = context;
  const { selected } = memory.relay;
  const source = selected === null || relay === null ? undefined : facts[selected]?.source;
  if (selected === null || !source) return undefined;
  const cause = wrongWith(context, selected);
  const better = inputsOf(context).find(
    ({ encoder }) =>
      encoder !== selected &&
      cause !== undefined &&
      facts[encoder]?.source === source &&
      hindersInput(context, encoder) === undefined &&
      hasWhatLacks(context, encoder, cause) &&
      comparisonOf(content, [selected, encoder], plan.content, now())?.word !== "different",
  );
  return better && cause !== undefined ? { to: better.encoder, cause } : undefined;
}

/** What is sent on is known not to be the programme. */
export function sendsNoProgramme(context: StreamContext): boolean {
  const { selected } = context.memory.relay;
  return (
    selected !== null &&
    context.facts[selected] !== undefined &&
    wrongWith(context, selected) !== undefined
  );
}

function wrongWith(context: StreamContext, encoder: string): string | undefined {
  const { facts, content, plan, memory, now } = context;
  const { input } = facts[encoder]!;
  if (input !== "good" && input !== "unknown" && plan.content[input].does === "act")
    return `input-${input}`;
  const times = { now: now(), startedAt: memory.relay.since };
  const shown = actingFault(content, encoder, plan.content, times);
  return shown && `shows-${shown}`;
}

/** What a box tells of its input is waited for, ms; what was seen has lasted for its time already. */
export function betterInputMs(context: StreamContext): number {
  const cause = betterInput(context)?.cause ?? "";
  if (!cause.startsWith("input-")) return 0;
  return context.plan.content[cause.slice("input-".length) as ContentFault].afterMs;
}
