/** Asking a site for something. 202: it was asked; 200: it has answered. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { isFinal, verbsOf } from "../../commands.ts";
import { seenBy } from "../../auth/own-sites.ts";
import type { CommandRow } from "../../store/store.ts";
import { CommandBody, commandItem, CommandItem } from "../asking.ts";
import type { Asking, AskingNeeds, Subject } from "../asking.ts";
import { callerOf } from "../auth.ts";
import { Problem, problems } from "../problem.ts";
import { actorBy, Ref, siteBy } from "../subject.ts";
import { sessionRoutes } from "./sessions.ts";

type Needs = AskingNeeds & { asking: Asking };

/** Scripts of old send none. */
const CooldownBody = CommandBody.pick({ ttlMs: true, dryRun: true }).nullish();

const longestWaitS = 60;
/** Of a route that waits as long as its caller prefers; and as long as any other may take. */
const handlerTimeout = (longestWaitS + 30) * 1_000;

export const commandRoutes: FastifyPluginAsyncZod<Needs> = async (app, needs) => {
  const { view, commands, store, linkUp, audit, asking } = needs;
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

  async function ask(
    request: FastifyRequest,
    reply: FastifyReply,
    subject: Subject,
    body: CommandBody,
  ) {
    const asker = { caller: callerOf(request), address: request.ip, requestId: request.id };
    const key = request.headers["idempotency-key"];
    const waitS = waitOf(request);
    const row: CommandRow = await asking.ask(asker, subject, body, {
      idempotencyKey: typeof key === "string" ? key : undefined,
      waitS,
    });
    if (waitS > 0) reply.header("Preference-Applied", `wait=${waitS}`);
    reply.header("Location", `/api/commands/${row.id}`);
    return reply.code(isFinal(row) ? 200 : 202).send(commandItem(row));
  }

  await app.register(sessionRoutes, { view, commands, store, linkUp, audit });
  const seen = (request: FastifyRequest) => seenBy(request.caller, view);
  for (const { path, kind, access } of [
    { path: "/streams/:id/commands", kind: "stream", access: "commandStream" },
    { path: "/encoders/:id/commands", kind: "encoder", access: "commandEncoder" },
    { path: "/storage/:id/commands", kind: "storage", access: "commandStorage" },
    { path: "/encoders/:id/control", kind: "encoder", access: "commandEncoder" },
  ] as const) {
    app.post(path, { config: { access }, schema, handlerTimeout }, async (request, reply) =>
      ask(request, reply, actorBy(seen(request), kind, request.params.id), request.body),
    );
  }
  app.post(
    "/monitoring/thermal/:id/cooldown",
    {
      config: { access: "commandEncoder" },
      handlerTimeout,
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
    { config: { access: "commandSite" }, schema, handlerTimeout },
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
        response: {
          200: z.object({ verbs: z.array(z.string()) }),
          ...{ 404: Problem, 409: Problem, ...problems },
        },
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
    async (request) => commandItem(await asking.command(callerOf(request), request.params.id)),
  );
};

/** `Prefer: wait=10`, in seconds, at most a minute. */
function waitOf({ headers }: FastifyRequest): number {
  const prefer = [headers["prefer"]].flat().join(",");
  const wait = /(?:^|[,;\s])wait=(\d{1,4})/.exec(prefer)?.[1];
  return wait === undefined ? 0 : Math.min(Number(wait), longestWaitS);
}
