import { ConnectionHistory, HistoryAsk } from "../machines/encoder/connection-history.contract.ts";
import {
  type ConnectionPoint,
  historyKeptMs,
  historyPointMs,
  type HistoryRange,
} from "../machines/encoder/connection-history.ts";
import type { Answer } from "./command-memory.ts";
import type { DeviceSession } from "./device-session.ts";
import type { History } from "./journal/journal.ts";

const mostWaiting = 8;
/** Read at once: 20 ms of whoever writes the journal, also where 300 boxes are kept. */
const sliceMs = 86_400_000;

/** Writes down every 30 s how each box is to talk to and how hot it is, and reads it for whoever asks. */
export function openConnectionHistory(p: {
  journal: History;
  sessions: ReadonlyMap<string, Pick<DeviceSession, "sample">>;
  /** As last read, °C; null: it tells none. */
  temperatureC: (encoder: string) => number | null;
  wallMs: () => number;
}) {
  let timer: NodeJS.Timeout | undefined;
  /** In the middle of a point's time: one that is a little late still belongs to it. */
  function keepNext(): void {
    const intoPointMs = p.wallMs() % historyPointMs;
    timer = setTimeout(keep, 1.5 * historyPointMs - intoPointMs);
  }
  function keep(): void {
    if (p.sessions.size > 0) {
      p.journal.keepSamples(
        [...p.sessions].map(([id, session]) => [
          id,
          { ...session.sample(), temperatureC: p.temperatureC(id) },
        ]),
      );
    }
    keepNext();
  }
  keepNext();

  async function read(encoder: string, { fromMs, toMs, stepMs }: HistoryRange) {
    const wholeSteps = Math.max(1, Math.floor(sliceMs / stepMs)) * stepMs;
    const oldestMs = Math.max(fromMs, toMs - historyKeptMs);
    const points: ConnectionPoint[] = [];
    for (let atMs = oldestMs - (oldestMs % stepMs); atMs <= toMs; atMs += wholeSteps) {
      const slice = { fromMs: atMs, toMs: Math.min(toMs, atMs + wholeSteps - 1), stepMs };
      const found = await p.journal.connectionHistory(encoder, slice);
      if (!found) return undefined;
      points.push(...found);
    }
    return points;
  }

  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return {
    /** @param args of the question, as they came */
    async answer(encoder: string, args: unknown): Promise<Answer> {
      const range = HistoryAsk.safeParse(args);
      if (!range.success) return refused("malformed", range.error.issues[0]!.message);
      if (!p.sessions.has(encoder)) {
        return refused(
          "not_possible",
          `${encoder} is a program of this host: it has no connection`,
        );
      }
      if (waiting >= mostWaiting) return refused("busy", "others are asking: ask again later");
      waiting += 1;
      const reading = last.then(async () => read(encoder, range.data));
      last = reading.catch(() => undefined);
      const points = await reading.finally(() => (waiting -= 1));
      if (!points) return refused("not_possible", "the history cannot be read now");
      const data: ConnectionHistory = { points };
      return { status: "done", message: `${points.length} points of ${encoder}`, data };
    },
    close: () => clearTimeout(timer),
  };
}

const refused = (code: string, message: string): Answer => ({ status: "refused", code, message });
