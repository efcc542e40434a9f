/** How a far end's machine is seen from outside: facts for the streams, state for the hub. */
import type { SnapshotFrom } from "xstate";
import type { BreakerWord } from "../breaker.ts";
import type { Figure, Published } from "../published.ts";
import type { DestinationState } from "./destination.contract.ts";
import type { destinationMachine } from "./destination.machine.ts";
import type { FarEndFacts } from "./far-end.ts";

export type DestinationSnapshot = SnapshotFrom<typeof destinationMachine>;

export function farEndFacts({ context, value }: DestinationSnapshot): FarEndFacts {
  const publishing = typeof value === "object" ? value.publishing : undefined;
  const word = publishing ? "publishing" : value === "quiet" ? "quiet" : "unknown";
  const media = publishing?.media ?? "looking";
  return {
    destination: context.plan.id,
    word,
    media: media === "looking" ? "unknown" : media,
    by: context.by,
    source: context.source,
    provesAbsence: context.provesAbsence,
    quietSince: context.quietSince,
    quietUntil: context.quietSince && context.observedAt,
    movedAt: context.movedAt,
  };
}

export function destinationState(
  snapshot: DestinationSnapshot,
  p: {
    published: Published;
    sinceMs: number;
    breaker?: BreakerWord | undefined;
    latencyMs?: Figure | undefined;
  },
): DestinationState {
  const { plan, by, source, observedAt } = snapshot.context;
  const facts = farEndFacts(snapshot);
  return {
    ...p.published,
    ...(plan.name !== undefined && { name: plan.name }),
    state: snapshot.value === "refusing" ? "refusing" : facts.word,
    stalled: facts.media === "stalled",
    by,
    source,
    observedAtMs: observedAt?.wallMs ?? null,
    sinceMs: p.sinceMs,
    ...(p.breaker !== undefined && { breaker: p.breaker }),
    figures: p.latencyMs === undefined ? {} : { latencyMs: p.latencyMs },
    takeover: plan.takeover,
  };
}
