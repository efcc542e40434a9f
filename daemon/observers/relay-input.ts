import type { IngestStatus } from "../ingest/status.ts";
import { unseen, type FarEndObserver } from "./observer.ts";

/** Its process tells twice a second how it goes. */
const lookLimitMs = 2_000;

/**
 * Looks at the input of a relay that an encoder pushes to: what takes it in runs beside us, and tells
 * by itself. Somebody who is connected and sends nothing is a publisher whose bytes stand still.
 *
 * @param heard the next that it tells; rejects when `signal` aborts
 */
export function openRelayInput(
  id: string,
  heard: (signal: AbortSignal) => Promise<IngestStatus>,
): FarEndObserver {
  return {
    name: `the relay's input ${id}`,
    provesAbsence: true,
    lookLimitMs,
    async observe(signal) {
      const status = await heard(signal).catch(() => undefined);
      switch (status?.state) {
        case undefined:
          return unseen("what takes it in does not tell how it goes");
        case "failing":
          return unseen(status.why ?? "what takes it in does not work");
        case "waiting":
          return { word: "quiet" };
        case "receiving":
        case "silent":
          return {
            word: "publishing",
            by: status.publisher?.from ?? null,
            bytes: status.bytes,
            publishers: 1,
          };
      }
    },
    close: async () => undefined,
  };
}
