/**
 * Asking a site for something on a caller's behalf. Every surface asks here, so that a command is
 * checked, sent once, and written to the audit log in the same way however it came.
 */
import { z } from "zod";
import { CommandArgs } from "../../machines/command/command.contract.ts";
import type { Audit } from "../audit/audit.ts";
import type { Asker, Caller } from "../auth/caller.ts";
import { isFinal, verbsOf, type Commands } from "../commands.ts";
import { commandStatuses, type CommandRow, type Store } from "../store/store.ts";
import type { View } from "../view.ts";
import { sha256Hex } from "./keys.ts";
import { ApiProblem } from "./problem.ts";
import { isoOf } from "./times.ts";

export const CommandBody = z.strictObject({
  verb: z
    .string()
    .max(64)
    .describe(
      ["stream", "encoder", "storage", "site"]
        .map((kind) => `${kind}: ${verbsOf(kind).join(", ")}`)
        .join("; "),
    ),
  args: z.strictObject(CommandArgs.shape).optional(),
  /** How long the site may take to begin; afterwards it refuses. */
  ttlMs: z.number().int().min(1).max(86_400_000).default(30_000),
  /** Ask what would happen, and do nothing. */
  dryRun: z.boolean().default(false),
});
export type CommandBody = z.infer<typeof CommandBody>;

export const CommandItem = z
  .object({
    id: z.string(),
    site: z.string(),
    kind: z.string(),
    subject: z.string(),
    verb: z.string(),
    args: z.record(z.string(), z.unknown()).nullable(),
    dryRun: z.boolean(),
    by: z.string(),
    status: z.enum(commandStatuses),
    /** Why it was refused, for programs. */
    code: z.string().nullable(),
    message: z.string().nullable(),
    /**
     * What was asked for: `list-clips` gives `{clips: [{name, durationS?, bytes?}], count}`; a dry
     * run of `add-window` gives the next `{windows: [{startsAtMs, endsAtMs}]}`.
     */
    data: z.record(z.string(), z.unknown()).nullable(),
    sentAt: z.iso.datetime().nullable(),
    expiresAt: z.iso.datetime().nullable(),
    answeredAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "CommandItem" });
export type CommandItem = z.infer<typeof CommandItem>;

export function commandItem(row: CommandRow): CommandItem {
  const { sentAtMs, expiresAtMs, answeredAtMs, ...rest } = row;
  return {
    ...rest,
    sentAt: isoOf(sentAtMs),
    expiresAt: isoOf(expiresAtMs),
    answeredAt: isoOf(answeredAtMs),
  };
}

export type Subject = { site: string; kind: string; id: string };

export type Asking = {
  /**
   * @param idempotencyKey one per caller: two callers that count from 1 do not meet
   * @param waitS how long to wait until the command is done or refused
   * @throws ApiProblem 400 `unknown_verb`, 409 `still_running`, 422 `idempotency_key_reused`, 503
   * `broker_away` or `site_offline`
   */
  ask(
    asker: Asker,
    subject: Subject,
    body: CommandBody,
    how: { idempotencyKey?: string | undefined; waitS: number },
  ): Promise<CommandRow>;
  /** @throws ApiProblem 404 `unknown_command`, also for a foreign site's */
  command(caller: Caller, id: string): Promise<CommandRow>;
};

export type AskingNeeds = {
  view: View;
  commands: Commands;
  store: Pick<Store, "command" | "idempotent">;
  /** Whether a request can reach the broker now. */
  linkUp: () => boolean;
  audit: Audit;
};

export function openAsking({ view, commands, store, linkUp, audit }: AskingNeeds): Asking {
  const starting = new Set<string>();

  async function sent(
    { caller, address, requestId }: Asker,
    { site, kind, id }: Subject,
    body: CommandBody,
    idempotencyKey: string | undefined,
  ): Promise<CommandRow> {
    const known = verbsOf(kind);
    if (!known.includes(body.verb)) {
      const detail = `a ${kind} knows ${known.join(", ") || "no verbs"}; not ${body.verb}`;
      throw new ApiProblem(400, "unknown_verb", detail);
    }
    const once = onceOf(idempotencyKey, caller.id, { site, kind, id, ...body });
    const held = once && (await store.idempotent(once.key));
    if (held && held.bodySha256 !== once.bodySha256) {
      const detail = "this Idempotency-Key was used for something else";
      throw new ApiProblem(422, "idempotency_key_reused", detail);
    }
    if (held) {
      const row = await store.command(held.commandId);
      if (row) return row;
    }
    mustHear({ linkUp, view }, site);
    if (once && starting.has(once.key)) {
      throw new ApiProblem(409, "still_running", "the same request is being started");
    }
    if (once) starting.add(once.key);
    try {
      const { verb, args, ttlMs, dryRun } = body;
      const row = await commands.ask({
        ...{ site, kind, id, verb, ttlMs, dryRun, by: caller.name },
        ...(args && { args: definedOnly(args) }),
        ...(once && { idempotency: once }),
      });
      audit.add({
        ...{ type: "command.asked", actor: caller.id, name: caller.name, outcome: "ok", site },
        ...{ object: `${kind}:${site}~${id}`, address, requestId },
        detail: { command: row.id, verb, dryRun, ...(args && { args }) },
      });
      return row;
    } finally {
      if (once) starting.delete(once.key);
    }
  }

  return {
    ask: async (asker, subject, body, { idempotencyKey, waitS }) => {
      const row = await sent(asker, subject, body, idempotencyKey).catch((error: unknown) => {
        noteUnsent(audit, asker, { ...subject, ...body }, error);
        throw error;
      });
      if (waitS <= 0 || isFinal(row)) return row;
      return (await commands.settled(row.id, waitS * 1_000)) ?? row;
    },
    command: async ({ sites }, id) => {
      const row = await store.command(id);
      if (row && sites?.has(row.site) !== false) return row;
      throw new ApiProblem(404, "unknown_command", `no command ${id}`);
    },
  };
}

/** @throws ApiProblem 503 `broker_away` or `site_offline` */
export function mustHear({ linkUp, view }: Pick<AskingNeeds, "linkUp" | "view">, site: string) {
  if (!linkUp()) throw new ApiProblem(503, "broker_away", "the broker is away");
  if (!view.isOnline(site)) {
    throw new ApiProblem(503, "site_offline", `site ${site} is not online`);
  }
}

/** What was asked for and no site was told. */
export function noteUnsent(
  audit: Audit,
  { caller, address, requestId }: Asker,
  { site, kind, id, verb }: Subject & { verb: string },
  error: unknown,
): void {
  if (!(error instanceof ApiProblem)) return;
  const { code } = error;
  const object = `${kind}:${site}~${id}`;
  audit.often(`command ${caller.id} ${object} ${verb} ${code}`, {
    ...{ type: "command.notSent", actor: caller.id, name: caller.name, outcome: "refused", site },
    ...{ object, code, address, requestId, detail: { verb } },
  });
}

function onceOf(given: string | undefined, callerId: string, body: object) {
  if (given === undefined || given === "") return undefined;
  return { key: sha256Hex(`${callerId}\n${given}`), bodySha256: sha256Hex(JSON.stringify(body)) };
}

function definedOnly(args: z.infer<typeof CommandArgs>): z.infer<typeof CommandArgs> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
}
