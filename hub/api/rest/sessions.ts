/** A stream for whoever asks: the site picks one of those it keeps for it, and the boxes. */
import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { CommandArgs } from "../../../machines/command/command.contract.ts";
import type { SessionSettings } from "../../../machines/session/session.contract.ts";
import { seenBy } from "../../auth/own-sites.ts";
import { openSeal } from "../../sealed-key.ts";
import type { CommandRow } from "../../store/store.ts";
import { refOf, type Actor } from "../../view.ts";
import { noteUnsent, type AskingNeeds } from "../asking.ts";
import { callerOf } from "../auth.ts";
import { sha256Hex } from "../keys.ts";
import { ApiProblem, Problem, problems } from "../problem.ts";
import { actorBy, Ref } from "../subject.ts";
import { isoOf } from "../times.ts";
import { Answer, ChangeBody, Config, Ended, InitBody, Opened } from "./session-bodies.ts";
import { keptFor, siteFor } from "./session-site.ts";
import { wantedFrom } from "./stream-settings.ts";

/** By the site's code; any other refusal is a conflict with how things stand there. */
const statusOfRefusal: Partial<Record<string, number>> = {
  ...{ not_valid: 422, idempotency_key_reused: 422, malformed: 422 },
  ...{ ingest_not_available: 501, changed_meanwhile: 412 },
  ...{ expired: 503, clock_unknown: 503, interrupted: 503, unknown_verb: 501, not_sealed: 500 },
};
/** Callers are promised an answer within 10 s. */
export const answersWithinMs = 8_000;

export const sessionRoutes: FastifyPluginAsyncZod<AskingNeeds> = async (app, needs) => {
  const { view, commands, store, audit } = needs;
  const starting = new Set<string>();
  const config = { access: "commandStream" } as const;
  const params = z.object({ id: Ref });
  const refusals = {
    ...{ 404: Problem, 409: Problem, 412: Problem, 422: Problem, 501: Problem, 503: Problem },
    ...problems,
  };

  type Ask = { site: string; kind: string; id: string; verb: string };
  type More = {
    args?: z.infer<typeof CommandArgs>;
    dryRun?: boolean;
    idempotency?: { key: string; bodySha256: string };
  };
  /** @throws ApiProblem 503 `site_offline`, or as the site refuses it */
  async function answerTo(request: FastifyRequest, ask: Ask, more: More = {}): Promise<CommandRow> {
    const { site, kind, id, verb } = ask;
    const caller = callerOf(request);
    const unsent = !needs.linkUp()
      ? new ApiProblem(503, "broker_away", "the broker is away")
      : view.isOnline(site)
        ? undefined
        : offline(site, "is not online");
    if (unsent) {
      noteUnsent(audit, { caller, address: request.ip, requestId: request.id }, ask, unsent);
      throw unsent;
    }
    const { dryRun = false, args, idempotency } = more;
    const sent = await commands.ask({
      ...{ ...ask, dryRun, by: caller.name, ttlMs: answersWithinMs },
      ...(args && { args }),
      ...(idempotency && { idempotency }),
    });
    audit.add({
      ...{ type: "command.asked", actor: caller.id, name: caller.name, outcome: "ok", site },
      ...{ object: `${kind}:${site}~${id}`, address: request.ip, requestId: request.id },
      detail: { command: sent.id, verb, dryRun },
    });
    const row = (await commands.settled(sent.id, answersWithinMs)) ?? sent;
    if (row.status !== "refused") return row;
    const status = statusOfRefusal[row.code ?? ""] ?? 409;
    throw new ApiProblem(status, row.code ?? "refused", row.message ?? "the site refused it");
  }

  app.post(
    "/streams/init",
    {
      config,
      schema: {
        body: InitBody,
        response: { 200: Opened, 201: Opened, 502: Problem, ...refusals },
      },
    },
    async (request, reply) => {
      const { site_id, input, strategy, ends_after, dry_run: dryRun, ...asked } = request.body;
      const wanted = wantedFrom(asked);
      const once = onceOf(request);
      const held = once === undefined ? undefined : await store.idempotent(once);
      const bodySha256 = sha256Hex(JSON.stringify(request.body));
      if (held && held.bodySha256 !== bodySha256) {
        const detail = "this Idempotency-Key was used for something else";
        throw new ApiProblem(422, "idempotency_key_reused", detail);
      }
      // The same site again: it knows what it gave.
      const before = held && (await store.command(held.commandId));
      const site = before?.site ?? siteFor(seenBy(request.caller, view), site_id, wanted);
      if (once !== undefined && starting.has(once)) {
        throw new ApiProblem(409, "still_running", "the same request is being started");
      }
      if (once !== undefined) starting.add(once);
      try {
        const seal = await openSeal();
        const session = {
          ...{ settings: wanted, input: input ?? "device", strategy, sealTo: seal.sealTo },
          ...(input === undefined && { anyInput: true }),
          ...(ends_after !== undefined && { endsAfterMs: Math.round(ends_after * 1_000) }),
          ...(once !== undefined && { once }),
        };
        const row = await answerTo(
          request,
          { site, kind: "site", id: site, verb: "open-session" },
          {
            ...{ args: { session }, dryRun },
            ...(once !== undefined && !held && { idempotency: { key: once, bodySha256 } }),
          },
        );
        if (row.status !== "done") {
          // Nobody would know of it: it is given back as soon as it is heard of.
          if (once === undefined) giveBack(row, callerOf(request).name);
          throw offline(site, `did not answer within ${answersWithinMs / 1_000} s`);
        }
        const answer = Answer.parse(row.data);
        const { stream, session: id } = answer;
        const secret =
          id === undefined ? undefined : await seal.open(answer.sealed, { stream, session: id });
        if (!dryRun && !secret) {
          throw new ApiProblem(502, "not_sealed", `the stream key of ${site} could not be opened`);
        }
        reply.header("Cache-Control", "no-store");
        if (!dryRun) reply.header("Location", `/api/streams/${site}~${stream}/config`);
        return await reply.code(dryRun ? 200 : 201).send({
          ...{ stream_id: refOf({ site, id: stream }), session_id: id ?? null },
          ...{ stream_key: secret?.streamKey ?? null, rtmp_url: secret?.rtmpUrl ?? null },
          ...{ site_id: site, input: answer.input, ingest_id: answer.ingest ?? null },
          encoder_id: answer.encoder ?? answer.encoders?.[0]?.encoder ?? "",
          backup_encoder_id: answer.backup ?? answer.encoders?.[1]?.encoder ?? null,
          ...{ resolution: asked.resolution, bitrate: asked.bitrate, fps: asked.fps },
          ...{ because: answer.because ?? null, score: answer.score ?? null },
          ...{ warnings: answer.warnings, ends_at: isoOf(answer.endsAtMs ?? null) },
        });
      } finally {
        if (once !== undefined) starting.delete(once);
      }
    },
  );

  function giveBack({ id, site }: CommandRow, by: string): void {
    void commands.settled(id, 600_000).then(async (late) => {
      const stream = Answer.safeParse(late?.data).data?.stream;
      if (late?.status !== "done" || stream === undefined) return;
      const stop = { site, kind: "stream", id: stream, verb: "stop", ttlMs: 600_000 };
      await commands.ask({ ...stop, dryRun: false, by });
    });
  }

  app.get(
    "/streams/:id/config",
    {
      config: { access: "watch" },
      schema: { params, response: { 200: Config, 404: Problem, 409: Problem, ...problems } },
    },
    async (request, reply) => {
      const { actor, session } = sessionBy(request, request.params.id);
      return reply.header("ETag", etagOf(session)).send(configOf(actor, session));
    },
  );
  app.put(
    "/streams/:id/config",
    {
      config,
      schema: { params, body: ChangeBody, response: { 200: Config, ...refusals } },
    },
    async (request, reply) => {
      const { actor, session } = sessionBy(request, request.params.id);
      isAsKnown(request, session);
      const { restart, ...asked } = request.body;
      const settings = definedOnly({
        ...wantedFrom({ ...figuresOf(session.settings), ...definedOnly(asked) }),
      });
      const isGuarded = request.headers["if-match"] !== undefined;
      const change = { settings, restart, ...(isGuarded && { ifRevision: session.revision }) };
      const { site, id } = actor;
      const ask = { site, kind: "stream", id, verb: "change-session" };
      const row = await answerTo(request, ask, { args: { change } });
      if (row.status !== "done")
        throw offline(site, `did not answer within ${answersWithinMs / 1_000} s`);
      // Its new state may come after its answer.
      const revision = Number(row.data?.["revision"] ?? session.revision + 1);
      const now = { ...session, settings: { ...session.settings, ...settings }, revision };
      reply.header("ETag", etagOf(now));
      return reply.code(200).send(configOf(actor, keptFor(actor) ?? now, now.settings));
    },
  );
  app.delete(
    "/streams/:id",
    { config, schema: { params, response: { 200: Ended, 202: Ended, ...refusals } } },
    async (request, reply) => {
      const { actor, session } = sessionBy(request, request.params.id);
      isAsKnown(request, session);
      const { site, id } = actor;
      const row = await answerTo(request, { site, kind: "stream", id, verb: "stop" });
      const isEnded = row.status === "done";
      if (!isEnded && row.status !== "accepted") {
        throw offline(site, `did not answer within ${answersWithinMs / 1_000} s`);
      }
      if (!isEnded) reply.header("Location", `/api/commands/${row.id}`);
      const status = isEnded ? ("ended" as const) : ("ending" as const);
      return reply
        .code(isEnded ? 200 : 202)
        .send({ stream_id: refOf(actor), session_id: session.id, status });
    },
  );

  /** @throws ApiProblem 409 `not_a_session`, 404 `no_session` */
  function sessionBy(request: FastifyRequest, ref: string) {
    const actor = actorBy(seenBy(request.caller, view), "stream", ref);
    const session = keptFor(actor);
    if (session === undefined) {
      const detail = `${refOf(actor)} is a programme of its site: it is commanded, not ended`;
      throw new ApiProblem(409, "not_a_session", detail);
    }
    if (session === null) throw new ApiProblem(404, "no_session", `nobody has ${refOf(actor)}`);
    return { actor, session };
  }
};

type Session = NonNullable<ReturnType<typeof keptFor>>;
const etagOf = ({ id, revision }: Session) => `"${id}/${revision}"`;

/** @throws ApiProblem 412 `changed_meanwhile` */
function isAsKnown({ headers }: FastifyRequest, session: Session): void {
  const wanted = headers["if-match"];
  if (wanted === undefined || wanted === "*") return;
  if (wanted.split(",").some((tag) => tag.trim() === etagOf(session))) return;
  throw new ApiProblem(412, "changed_meanwhile", `the session is ${etagOf(session)} now`);
}

const figuresOf = (settings: SessionSettings) => ({
  resolution: `${settings.widthPx}x${settings.heightPx}`,
  bitrate: settings.videoBps,
  fps: settings.framesPerSecond,
});

function configOf(
  actor: Actor,
  session: Session,
  settings = session.settings,
): z.infer<typeof Config> {
  return {
    ...{ stream_id: refOf(actor), session_id: session.id, status: session.state },
    ...figuresOf(settings),
    audio_bitrate: settings.audioBps ?? null,
    keyframe_interval: settings.keyframeEveryS ?? null,
    ...{ encoder_id: session.encoder, backup_encoder_id: session.backup },
    ends_at: isoOf(session.endsAtMs),
  };
}

const offline = (site: string, what: string) =>
  new ApiProblem(503, "site_offline", `site ${site} ${what}`);

/** One word per caller: two callers that count from 1 do not meet. */
function onceOf(request: FastifyRequest): string | undefined {
  const given = request.headers["idempotency-key"];
  if (typeof given !== "string" || given === "") return undefined;
  return sha256Hex(`${callerOf(request).id}\ninit\n${given}`);
}

function definedOnly<T extends object>(of: T) {
  const given = Object.entries(of).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]: Exclude<T[K], undefined> };
}
