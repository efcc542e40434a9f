/** The circuits of all that is no encoder: outlets, storages and who looks at the far ends. */
import type { BreakerWord } from "../machines/breaker.ts";
import { type Circuit, openCircuit } from "./circuit.ts";
import type { StorageDriver } from "./drivers/storage.ts";
import { DriverError } from "./drivers/driver.ts";
import { type FarEndObserver, unseen } from "./observers/observer.ts";

/** Waiting costs more than asking while a programme depends on it. */
const urgentRestMs = 5_000;
const usualRestMs = 30_000;
const worstFirst = ["open", "halfOpen", "closed"] as const;

export function openCircuits(p: {
  now: () => number;
  /** What is told of `actor` may be another thing now. */
  changed: (actor: "site" | `destination:${string}`) => void;
}) {
  const circuits = new Map<string, Circuit>();
  const observing = new Map<string, Circuit[]>();
  function open(
    name: string,
    isUrgent: () => boolean = () => false,
    changed: () => void = () => undefined,
  ): Circuit {
    const circuit = openCircuit({
      now: p.now,
      restMs: () => (isUrgent() ? urgentRestMs : usualRestMs),
      changed() {
        p.changed("site");
        changed();
      },
    });
    circuits.set(name, circuit);
    return circuit;
  }

  return {
    /** For the site: what is left alone now, and why. */
    warnings: (): string[] =>
      [...circuits].flatMap(([name, circuit]) =>
        circuit.word() === "open" ? [`${name} is left alone: ${circuit.failure()}`] : [],
      ),

    /** Of all who could prove it quiet, the one in the worst way. */
    lookingAt(destination: string): BreakerWord | undefined {
      const words = observing.get(destination)?.map((circuit) => circuit.word()) ?? [];
      return worstFirst.find((word) => words.includes(word));
    },

    outlet: (id: string): Circuit => open(`outlet ${id}`),

    storage(id: string, driver: StorageDriver): StorageDriver {
      const circuit = open(`storage ${id}`);
      return {
        poll: (signal) => circuit.ask(() => driver.poll(signal), { signal }),
        close: () => driver.close(),
      };
    },

    /**
     * Only who can prove absence: of HLS and ffprobe a missing programme is no failure. To throw a
     * publisher out is a fence, and is never held up.
     */
    observer(
      destination: string,
      observer: FarEndObserver,
      isUrgent: () => boolean,
    ): FarEndObserver {
      if (!observer.provesAbsence) return observer;
      const changed = () => p.changed(`destination:${destination}`);
      const circuit = open(observer.name, isUrgent, changed);
      observing.set(destination, [...(observing.get(destination) ?? []), circuit]);
      return {
        ...observer,
        observe: (signal) =>
          circuit
            .ask(
              async () => {
                const sight = await observer.observe(signal);
                if (sight.word !== "unseen") return sight;
                throw new DriverError("timeout", sight.detail);
              },
              { signal },
            )
            .catch((cause: unknown) =>
              unseen(cause instanceof Error ? cause.message : "no answer"),
            ),
      };
    },
  };
}
