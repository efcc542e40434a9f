/**
 * A circuit breaker around what is written to the database. A write to one that is locked waits for
 * 2 s and holds up the whole hub meanwhile; three that fail in a row, and it is left alone for 10 s.
 * What is read is read also then.
 */
import type { Logger } from "pino";
import {
  answered,
  asking,
  type Breaker,
  type BreakerLimits,
  type BreakerWord,
  failed,
  newBreaker,
  permits,
  unanswered,
} from "../../machines/breaker.ts";
import type { Store } from "./store.ts";

export const storeLimits: BreakerLimits = {
  failures: 3,
  openMs: 10_000,
  probes: 2,
  answers: 2,
};

/**
 * must: tried also while it is left alone: what a person commands, and who did what.
 * chore: there may be nothing to write, so that its end proves nothing.
 */
const calls: Record<keyof Store, "read" | "write" | "must" | "chore"> = {
  ...{ load: "read", commit: "write" },
  ...{ events: "read", incidents: "read", incidentsById: "read", lastIncidents: "read" },
  ...{ takeovers: "read", counts: "read" },
  ...{ addCommand: "must", answerCommand: "must", command: "read", idempotent: "read" },
  ...{ expireCommands: "chore", deadLetters: "read", deadLettered: "write" },
  ...{ keys: "read", addKey: "write", deleteKey: "write", touchKey: "write", replaceKey: "write" },
  ...{ people: "read", savePerson: "write", deletePerson: "write" },
  ...{ sessions: "read", addSession: "write", endSessions: "write", useRefresh: "write" },
  ...{ addAudit: "must", audit: "read", auditHead: "read", oldestAudit: "read" },
  ...{ newestPruning: "read", pruneAudit: "write" },
  ...{ webhooks: "read", saveWebhook: "write", deleteWebhook: "write" },
  ...{ eventsAfter: "read", newestEvent: "read", cursor: "read", saveCursor: "write" },
  ...{ addDead: "write", dead: "read", takeDead: "write" },
  ...{ prune: "chore", close: "read" },
};

/** Not tried: the database has failed just now. */
export class StoreLeftAlone extends Error {
  override readonly name = "StoreLeftAlone";
}

export type StoreGuard = {
  store: Store;
  word: () => BreakerWord;
  /** Tries a write when it is due, because there may be no other. Called each second. */
  tend(): void;
};

export function guardStore(
  store: Store,
  { log, now }: { log: Pick<Logger, "error" | "info">; now: () => number },
): StoreGuard {
  let breaker: Breaker = newBreaker;
  let last = "";

  function become(next: Breaker): void {
    const { word } = breaker;
    breaker = next;
    if (next.word === word) return;
    const text = `the circuit breaker of the store: ${word} → ${next.word}`;
    if (next.word === "open") log.error({ reason: last, code: "store_breaker" }, text);
    else log.info({ code: "store_breaker" }, text);
  }

  async function ask(work: () => Promise<unknown>, call: "write" | "must" | "chore") {
    const isPermitted = permits(breaker, now(), storeLimits);
    if (!isPermitted && call !== "must") {
      throw new StoreLeftAlone(`the database fails and is left alone for a while: ${last}`);
    }
    if (isPermitted) become(asking(breaker));
    try {
      const result = await work();
      if (call !== "chore") become(answered(breaker, storeLimits));
      else if (isPermitted) become(unanswered(breaker));
      return result;
    } catch (error) {
      if (isOfDatabase(error)) {
        last = error instanceof Error ? error.message : String(error);
        become(failed(breaker, now(), storeLimits));
      } else if (isPermitted) become(unanswered(breaker));
      throw error;
    }
  }

  const all = store as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const guarded = Object.entries(calls).map(([name, call]) => {
    const work = async (...args: unknown[]) => all[name]?.(...args);
    return [name, call === "read" ? work : (...args: unknown[]) => ask(() => work(...args), call)];
  });
  const own = Object.fromEntries(guarded) as Store;
  return {
    store: own,
    word: () => breaker.word,
    tend() {
      if (breaker.word === "closed" || !permits(breaker, now(), storeLimits)) return;
      own.saveCursor("store-breaker", Math.round(now())).catch(() => undefined);
    },
  };
}

/** What cannot be written anywhere, or is our own mistake, says nothing of it. */
function isOfDatabase(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return false;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return !/^SQLITE_(CONSTRAINT|MISMATCH|RANGE|TOOBIG)/.test(code);
}
