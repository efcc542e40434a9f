/** Asking a site for something, and what it answers. The hub never commands a device. */
import { randomUUID } from "node:crypto";
import { verbs } from "../machines/command/command.contract.ts";
import type { CommandRequest, CommandResponse } from "../machines/command/command.contract.ts";
import { signedText } from "../machines/command/signature.contract.ts";
import { topicFor, topics } from "../machines/contract.ts";
import type { Publish } from "./publish.ts";
import type { CommandRow, Idempotency, Store } from "./store/store.ts";

export type Ask = {
  site: string;
  kind: string;
  id: string;
  verb: string;
  args?: CommandRequest["args"];
  ttlMs: number;
  dryRun: boolean;
  /** The key's name, for the site's journal. */
  by: string;
  idempotency?: Omit<Idempotency, "commandId" | "atMs">;
};

/** What changes nothing, and is forgotten when it is answered. */
export type Question = Pick<Ask, "site" | "kind" | "id" | "verb" | "by"> & {
  args: Readonly<Record<string, unknown>>;
  answerWithinMs: number;
};

export type Commands = {
  ask(ask: Ask): Promise<CommandRow>;
  /** @returns undefined: the site did not answer in time */
  question(question: Question): Promise<CommandResponse | undefined>;
  answered(site: string, response: CommandResponse): Promise<void>;
  /** The command when it is done or refused, or as it is after `ms`. */
  settled(id: string, ms: number): Promise<CommandRow | undefined>;
  /** Give up on what was never answered. */
  expire(): Promise<void>;
};

export function verbsOf(kind: string): string[] {
  const table: Record<string, object> = verbs;
  return Object.keys(table[kind] ?? {});
}

export const isFinal = ({ status }: CommandRow) => status !== "sent" && status !== "accepted";

export function openCommands(
  store: Pick<Store, "addCommand" | "answerCommand" | "command" | "expireCommands">,
  publish: Publish,
  now: () => number,
  sign: (text: string) => Promise<string[]>,
): Commands {
  const waiting = new Map<string, Set<() => void>>();
  const questions = new Map<string, { site: string; resolve: (said: CommandResponse) => void }>();
  const wake = (id: string) => {
    for (const done of waiting.get(id) ?? []) done();
  };

  async function send(topic: string, request: Record<string, unknown>): Promise<void> {
    const signatures = await sign(signedText(topic, request));
    publish(topic, JSON.stringify({ ...request, signatures }), topics.request);
  }

  return {
    ask: async ({ site, kind, id: subject, verb, args, ttlMs, dryRun, by, idempotency }) => {
      const id = randomUUID();
      const sentAtMs = now();
      const row: CommandRow = {
        id,
        site,
        kind,
        subject,
        verb,
        args: args ?? null,
        dryRun,
        by,
        sentAtMs,
        expiresAtMs: sentAtMs + ttlMs,
        status: "sent",
        code: null,
        message: null,
        data: null,
        answeredAtMs: null,
      };
      // Remembered before it is sent: an answer must find its question.
      const once = idempotency && { ...idempotency, commandId: id, atMs: sentAtMs };
      await store.addCommand(row, once);
      const request: CommandRequest = {
        id,
        ttlMs,
        sentAtMs,
        by,
        ...(args && { args }),
        ...(dryRun && { dryRun }),
      };
      await send(topicFor(site, "request", { kind, id: subject, verb }), request);
      return row;
    },
    question: async ({ site, kind, id: subject, verb, by, args, answerWithinMs }) => {
      const id = randomUUID();
      const request = { id, ttlMs: answerWithinMs, sentAtMs: now(), by, args };
      let timer: NodeJS.Timeout | undefined;
      try {
        return await new Promise<CommandResponse | undefined>((resolve, reject) => {
          questions.set(id, { site, resolve });
          timer = setTimeout(resolve, answerWithinMs, undefined);
          send(topicFor(site, "request", { kind, id: subject, verb }), request).catch(reject);
        });
      } finally {
        clearTimeout(timer);
        questions.delete(id);
      }
    },
    answered: async (site, response) => {
      const question = questions.get(response.id);
      if (question?.site === site) return question.resolve(response);
      const { id, status, code, message, data, atMs } = response;
      const row = await store.answerCommand({
        id,
        site,
        status,
        code: code ?? null,
        message,
        data: data ?? null,
        atMs,
      });
      if (row && isFinal(row)) wake(id);
    },
    settled: async (id, ms) => {
      let done: () => void = () => undefined;
      const woken = new Promise<void>((resolve) => (done = resolve));
      const timer = setTimeout(done, ms);
      const others = waiting.get(id) ?? new Set();
      waiting.set(id, others.add(done));
      try {
        const row = await store.command(id);
        if (!row || isFinal(row)) return row;
        await woken;
        return await store.command(id);
      } finally {
        clearTimeout(timer);
        others.delete(done);
        if (others.size === 0) waiting.delete(id);
      }
    },
    expire: async () => {
      for (const { id } of await store.expireCommands(now())) wake(id);
    },
  };
}
