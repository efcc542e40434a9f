import type { SiteConfig } from "../config/site.schema.ts";
import type { Figure } from "../machines/published.ts";
import type { Attention } from "./attention.ts";
import type { openCircuits } from "./circuits.ts";
import { monotonicMs } from "./clock.ts";
import type { Decider } from "./decider.ts";
import { watchFarEnd } from "./far-end.ts";
import { openObserver } from "./observers/index.ts";
import type { IngestKeeper } from "./ingest/keeper.ts";
import type { FarEndObserver } from "./observers/observer.ts";
import { openRelayInput } from "./observers/relay-input.ts";

/** Looks at every destination for as long as the site runs, and tells the machines what is seen. */
export function watchFarEnds(p: {
  destinations: SiteConfig["destinations"];
  /** Of the input of a relay that an encoder pushes to: what takes it in. */
  takenInBy: (destination: string) => IngestKeeper | undefined;
  circuits: ReturnType<typeof openCircuits>;
  attention: Attention;
  submit: Decider["submit"];
}) {
  const observers = new Map<string, readonly FarEndObserver[]>(
    p.destinations.map(({ id, streamKey, observers }) => {
      const taker = p.takenInBy(id);
      if (taker) return [id, [openRelayInput(id, (signal) => taker.nextStatus(signal))]];
      const opened = observers.map((observer) =>
        p.circuits.observer(
          id,
          openObserver(observer, { streamKey: () => streamKey, now: monotonicMs }),
          () => p.attention.isWantedAt(id),
        ),
      );
      return [id, opened];
    }),
  );
  const watched = new Map(
    p.destinations.map(({ id, observeEveryMs }) => [
      id,
      watchFarEnd({
        observers: observers.get(id)!,
        everyMs: observeEveryMs,
        tell: (sight, source, provesAbsence) =>
          void p.submit({
            to: `destination:${id}`,
            event: { type: "sight", sight, source, provesAbsence },
          }),
      }),
    ]),
  );
  return {
    /** By destination. */
    observers,
    /** How old the newest picture at its far end is, by the newest look that could tell. */
    latencyMsOf: (destination: string): Figure | undefined =>
      (observers.get(destination) ?? [])
        .flatMap((observer) => observer.latencyMs?.() ?? [])
        .sort((a, b) => b.atMs - a.atMs)[0],
    lookSoon: (destination: string) => watched.get(destination)?.lookSoon(),
    async close() {
      await Promise.all([...watched.values()].map((farEnd) => farEnd.close()));
    },
  };
}
