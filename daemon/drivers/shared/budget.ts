import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { DriverError } from "../driver.ts";
import type { Http } from "./http/http.ts";

/** Of the limit, what is kept for commands: a stop may not wait because we looked too often. */
const reservedShare = 0.15;
/** What can wait is only asked for while more than this share of the rest is left. */
const optionalAboveShare = 0.5;
/** Of the limit, what a first look may take beyond that, so that the first minute holds it too. */
const firstLookShare = 0.15;

/** Of a box that is asked over a network, in its options. */
export const budgetOptions = {
  burstLimit: z
    .int()
    .min(20)
    .max(10_000)
    .default(100)
    .describe("how many requests a unit is asked per cooling period; commands are never held up"),
  coolingPeriodMs: z
    .int()
    .min(1_000)
    .max(3_600_000)
    .default(60_000)
    .describe("the time over which requests are counted, ms"),
};

export type SlowWhy = "heat" | "reboots";

/**
 * How many requests one unit is asked: `limit` per `periodMs` in steady state, as a token bucket
 * (encoder-devices.md §5 items 1 and 2). Commands are never held up; questions wait for their turn.
 */
export function openBudget(p: {
  where: string;
  limit: number;
  periodMs: number;
  now: () => number;
}) {
  const most = p.limit * (1 - reservedShare);
  const optionalAbove = most * optionalAboveShare;
  const shares = new Map<SlowWhy, number>();
  let share = 1;
  let level = Math.min(optionalAbove + p.limit * firstLookShare, most);
  let reserve = p.limit - most;
  let atMs = p.now();

  function refill(): void {
    const passed = (p.now() - atMs) / p.periodMs;
    atMs = p.now();
    level = Math.min(level + passed * most * share, most);
    reserve = Math.min(reserve + passed * p.limit * reservedShare, p.limit * reservedShare);
  }

  return {
    /**
     * For one question: resolves when it may go out.
     * @param above tokens that it leaves to others
     */
    async take(signal: AbortSignal, above = 0): Promise<void> {
      for (;;) {
        refill();
        if (level >= 1 + above) {
          level -= 1;
          return;
        }
        const waitMs = ((1 + above - level) / (most * share)) * p.periodMs;
        try {
          await sleep(Math.max(waitMs, 10), undefined, { signal });
        } catch (cause) {
          const message = `${p.where} has been asked ${p.limit} times in ${p.periodMs} ms`;
          throw new DriverError("timeout", message, { cause });
        }
      }
    },
    /** Whether so many questions may go out now. */
    has(questions: number): boolean {
      refill();
      return level >= questions;
    },
    /** A question that goes out now; what is asked beyond the level is waited for afterwards. */
    ask(): void {
      refill();
      level = Math.max(level - 1, -most);
    },
    /** A command that goes out now: from the reserve, then from what questions would have had. */
    spend(): void {
      refill();
      if (reserve >= 1) reserve -= 1;
      else level = Math.max(level - 1, Math.min(level, 0));
    },
    /** How many questions that could as well wait may go out now. */
    room(): number {
      refill();
      return Math.max(Math.floor(level - optionalAbove), 0);
    },
    /** Questions come at this share of the usual pace; of several reasons the strictest holds. */
    slowTo(part: number, why: SlowWhy = "heat"): void {
      refill();
      shares.set(why, part);
      share = Math.min(...shares.values());
    },
  };
}
export type Budget = ReturnType<typeof openBudget>;

/** Counts what is sent: as questions with a signal that `questions` holds, else as commands. */
export function budgetedHttp(http: Http, budget: Budget, questions: WeakSet<AbortSignal>): Http {
  return {
    send(ask, signal) {
      if (questions.has(signal)) budget.ask();
      else budget.spend();
      return http.send(ask, signal);
    },
    close: () => http.close(),
  };
}
