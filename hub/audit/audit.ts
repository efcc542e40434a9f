/** Who did what, from where, and what came of it. Secrets never come here: callers pass words. */
import type { FastifyBaseLogger } from "fastify";
import type { Store } from "../store/store.ts";

export type AuditEntry = {
  /** `login.failed`, `key.made`, `command.asked`, `user.changed`, `refused`, … */
  type: string;
  /** `key:<id>`, `user:<id>`, `demo`, `stranger`, `hub`. */
  actor: string;
  outcome: "ok" | "refused";
  name?: string;
  address?: string;
  /** What it was done to. */
  object?: string;
  site?: string;
  code?: string;
  detail?: Record<string, unknown>;
  requestId?: string;
};

export type Audit = {
  add(entry: AuditEntry): void;
  /** The same again within a minute is counted and told with the next: a flood fills no disk. */
  often(key: string, entry: AuditEntry): void;
};

const quietMs = 60_000;
const mostKeys = 1_000;

export function openAudit(
  store: Pick<Store, "addAudit">,
  log: Pick<FastifyBaseLogger, "error">,
  now: () => number,
): Audit {
  const told = new Map<string, { atMs: number; since: number }>();
  const add = (entry: AuditEntry) => {
    const atMs = Math.round(now());
    store.addAudit(atMs, entry.type, entry.actor, JSON.stringify({ atMs, ...entry })).catch(
      // The act goes on: a full disk must not keep an operator from stopping a stream.
      (error: unknown) => log.error({ err: error, code: "audit_not_written" }, "audit log"),
    );
  };
  return {
    add,
    often: (key, entry) => {
      const held = told.get(key);
      if (held && now() - held.atMs < quietMs) {
        held.since += 1;
        return;
      }
      if (told.size >= mostKeys) told.delete(told.keys().next().value ?? "");
      told.delete(key);
      told.set(key, { atMs: now(), since: 0 });
      const repeated = held?.since ?? 0;
      add({ ...entry, ...(repeated > 0 && { detail: { ...entry.detail, repeated } }) });
    },
  };
}
