/** Asking a site for something. 202: it was asked; 200: it has answered. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { CommandArgs } from "../../../machines/command/command.contract.ts";
import { isFinal, verbsOf } from "../../commands.ts";
import { seenBy } from "../../auth/own-sites.ts";
import { commandStatuses, type CommandRow } from "../../store/store.ts";
import { callerOf } from "../auth.ts";
import { sha256Hex } from "../keys.ts";
import { ApiProblem, Problem, problems } from "../problem.ts";
import { actorBy, Ref, siteBy } from "../subject.ts";
import { isoOf } from "../times.ts";
import { type Asking, sessionRoutes } from "./sessions.ts";

const CommandBody = z.strictObject({
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
type CommandBody = z.infer<typeof CommandBody>;
/** Scripts of old send none. */
const CooldownBody = CommandBody.pick({ ttlMs: true, dryRun: true }).nullish();

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

const longestWaitS = 60;

function itemOf(row: CommandRow): z.infer<typeof CommandItem> {
  const { sentAtMs, expiresAtMs, answeredAtMs, ...rest } = row;
  return {
    ...rest,
    sentAt: isoOf(sentAtMs),
    expiresAt: isoOf(expiresAtMs),
    answeredAt: isoOf(answeredAtMs),
  };
}

export const commandRoutes: FastifyPluginAsyncZod<Asking> = async (app, needs) => {
  const { view, commands, store, linkUp, audit } = needs;
  const starting = new Set<string>();
  const answers = {
    200: CommandItem,
    202: CommandItem,
    404: Problem,
    409: Problem,
    422: Problem,
    503: Problem,
    ...problems,
  };
  const schema = { params: z.object({ id: Ref }), body: CommandBody, response: answers };

  type Subject = { site: string; kind: string; id: string };
  async function ask(
    request: FastifyRequest,
    reply: FastifyReply,
    { site, kind, id }: Subject,
    body: CommandBody,
  ) {
    const caller = callerOf(request);
    const known = verbsOf(kind);
    if (!known.includes(body.verb)) {
      const detail = `a ${kind} knows ${known.join(", ") || "no verbs"}; not ${body.verb}`;
      throw new ApiProblem(400, "unknown_verb", detail);
    }
    const once = idempotencyOf(request, caller.id, { site, kind, id, ...body });
    const held = once && (await store.idempotent(once.key));
    if (held && held.bodySha256 !== once.bodySha256) {
      const detail = "this Idempotency-Key was used for something else";
      throw new ApiProblem(422, "idempotency_key_reused", detail);
    }
    if (held) {
      const row = await store.command(held.commandId);
      if (row) return answer(request, reply, row);
    }
    if (!linkUp()) throw new ApiProblem(503, "broker_away", "the broker is away");
    if (!view.isOnline(site)) {
      throw new ApiProblem(503, "site_offline", `site ${site} is not online`);
    }
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
        ...{ object: `${kind}:${site}~${id}`, address: request.ip, requestId: request.id },
        detail: { command: row.id, verb, dryRun, ...(args && { args }) },
      });
      return await answer(request, reply, row);
    } finally {
      if (once) starting.delete(once.key);
    }
  }

  async function answer(request: FastifyRequest, reply: FastifyReply, row: CommandRow) {
    const waitS = waitOf(request);
    const now = waitS > 0 ? await commands.settled(row.id, waitS * 1_000) : row;
    const shown = now ?? row;
    if (waitS > 0) reply.header("Preference-Applied", `wait=${waitS}`);
    reply.header("Location", `/api/commands/${row.id}`);
    return reply.code(isFinal(shown) ? 200 : 202).send(itemOf(shown));
  }

  await app.register(sessionRoutes, { view, commands, store, linkUp, audit });
  const seen = (request: FastifyRequest) => seenBy(request.caller, view);
  for (const { path, kind, access } of [
    { path: "/streams/:id/commands", kind: "stream", access: "commandStream" },
    { path: "/encoders/:id/commands", kind: "encoder", access: "commandEncoder" },
    { path: "/storage/:id/commands", kind: "storage", access: "commandStorage" },
    { path: "/encoders/:id/control", kind: "encoder", access: "commandEncoder" },
  ] as const) {
    app.post(path, { config: { access }, schema }, async (request, reply) =>
      ask(request, reply, actorBy(seen(request), kind, request.params.id), request.body),
    );
  }
  app.post(
    "/monitoring/thermal/:id/cooldown",
    {
      config: { access: "commandEncoder" },
      schema: { params: z.object({ id: Ref }), body: CooldownBody, response: answers },
    },
    async (request, reply) =>
      ask(request, reply, actorBy(seen(request), "encoder", request.params.id), {
        ...{ verb: "cooldown", ttlMs: 30_000, dryRun: false },
        ...request.body,
      }),
  );
  app.post(
    "/sites/:id/commands",
    { config: { access: "commandSite" }, schema },
    async (request, reply) => {
      const { site } = siteBy(seen(request), request.params.id);
      return ask(request, reply, { site, kind: "site", id: site }, request.body);
    },
  );

  app.get(
    "/encoders/:id/control",
    {
      config: { access: "watch" },
      schema: {
        params: z.object({ id: Ref }),
        response: { 200: z.object({ verbs: z.array(z.string()) }), 404: Problem, ...problems },
      },
    },
    async (request) => {
      actorBy(seen(request), "encoder", request.params.id);
      return { verbs: verbsOf("encoder") };
    },
  );

  app.get(
    "/commands/:id",
    {
      config: { access: "watch" },
      schema: {
        params: z.object({ id: z.string().max(64) }),
        response: { 200: CommandItem, 404: Problem, ...problems },
      },
    },
    async (request) => {
      const row = await store.command(request.params.id);
      const { sites } = callerOf(request);
      if (!row || sites?.has(row.site) === false)
        throw new ApiProblem(404, "unknown_command", `no command ${request.params.id}`);
      return itemOf(row);
    },
  );
};

/** `Prefer: wait=10`, in seconds, at most a minute. */
function waitOf({ headers }: FastifyRequest): number {
  const prefer = [headers["prefer"]].flat().join(",");
  const wait = /(?:^|[,;\s])wait=(\d{1,4})/.exec(prefer)?.[1];
  return wait === undefined ? 0 : Math.min(Number(wait), longestWaitS);
}

/** One key per caller: two callers that count from 1 do not meet. */
function idempotencyOf({ headers }: FastifyRequest, callerId: string, body: object) {
  const given = headers["idempotency-key"];
  if (typeof given !== "string" || given === "") return undefined;
  return { key: sha256Hex(`${callerId}\n${given}`), bodySha256: sha256Hex(JSON.stringify(body)) };
}

function definedOnly(args: z.infer<typeof CommandArgs>): z.infer<typeof CommandArgs> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
}
