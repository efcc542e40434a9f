/** Logging in and out. Answers use the words of RFC 6749. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Audit } from "../../audit/audit.ts";
import { BusyError, hashPassword } from "../../auth/passwords.ts";
import { permissions } from "../../auth/permissions.ts";
import { LoginError, type Sessions } from "../../auth/sessions.ts";
import { weakPassword } from "../../auth/strength.ts";
import type { Tokens } from "../../auth/tokens.ts";
import { callerOf } from "../auth.ts";
import { sha256Hex } from "../keys.ts";
import { ApiProblem, Problem, problems } from "../problem.ts";

type Needs = { sessions: Sessions; tokens: Tokens; audit: Audit; now: () => number };

const secret = z.string().min(1).max(1_000);
export const Grant = z
  .object({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    /** Seconds. */
    expires_in: z.number().int(),
    /** Good for one use; one that comes again ends the session. */
    refresh_token: z.string(),
  })
  .meta({ id: "Grant" });
const PageGrant = Grant.omit({ refresh_token: true }).meta({ id: "PageGrant" });
const Me = z
  .object({
    id: z.string(),
    name: z.string(),
    permissions: z.array(z.enum(permissions)),
    /** null = all. */
    sites: z.array(z.string()).nullable(),
  })
  .meta({ id: "Me" });

const status = {
  ...{ wrong_login: 401, unknown_token: 401, disabled: 403, off_shift: 403 },
  too_many_attempts: 429,
} as const;

export const fromOf = ({ ip, headers }: FastifyRequest) => ({
  address: ip,
  agent: headers["user-agent"] ?? "",
});

export const loginRoutes: FastifyPluginAsyncZod<Needs> = async (app, needs) => {
  const { sessions, tokens, audit, now } = needs;
  const open = { access: "open" } as const;
  const response = { 200: Grant, 503: Problem, ...problems };
  async function given<T>(reply: FastifyReply, work: () => Promise<T>): Promise<T> {
    reply.header("Cache-Control", "no-store");
    try {
      return await work();
    } catch (error) {
      if (error instanceof BusyError) throw new ApiProblem(503, "busy", error.message);
      if (!(error instanceof LoginError)) throw error;
      if (error.waitS !== undefined) reply.header("Retry-After", error.waitS);
      throw new ApiProblem(status[error.code], error.code, error.message);
    }
  }

  app.post(
    "/auth/login",
    {
      config: open,
      schema: {
        body: z.strictObject({ name: z.string().min(1).max(80), password: secret }),
        response,
      },
    },
    async (request, reply) => {
      const { name, password } = request.body;
      return given(reply, () => sessions.login(name, password, fromOf(request)));
    },
  );
  app.post(
    "/auth/key",
    {
      config: { access: "known", isReserved: true },
      schema: {
        description:
          "A token for a page that somebody opens with a key: asked with the key, again when it ends.",
        response: { 200: PageGrant, 409: Problem, ...problems },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      if (!caller.id.startsWith("key:") || caller.session !== undefined) {
        throw new ApiProblem(409, "not_a_key", "who has no key logs in with a password");
      }
      reply.header("Cache-Control", "no-store");
      return sessions.openPage(caller, fromOf(request));
    },
  );
  app.post(
    "/auth/refresh",
    { config: open, schema: { body: z.strictObject({ refresh_token: secret }), response } },
    async (request, reply) =>
      given(reply, () => sessions.refresh(request.body.refresh_token, fromOf(request))),
  );
  app.post(
    "/auth/logout",
    { config: { access: "known" }, schema: { response: { 204: z.null(), ...problems } } },
    async (request, reply) => {
      const { session, id } = callerOf(request);
      if (session !== undefined) {
        await sessions.end({ session });
        audit.add({ type: "session.ended", actor: id, outcome: "ok", address: request.ip });
      }
      return reply.code(204).send(null);
    },
  );
  app.get(
    "/auth/me",
    { config: { access: "known" }, schema: { response: { 200: Me, ...problems } } },
    async (request) => {
      const { id, name, sites, permissions: held } = callerOf(request);
      return { id, name, sites: sites && [...sites], permissions: [...held] };
    },
  );
  app.post(
    "/auth/password",
    {
      config: { access: "known" },
      schema: {
        body: z.strictObject({ password: secret, next: secret }),
        response: { 204: z.null(), 409: Problem, 503: Problem, ...problems },
      },
    },
    async (request, reply) => {
      const { id, session, name } = callerOf(request);
      const person = sessions.person(id.replace(/^user:/, ""));
      if (!person || session === undefined) {
        throw new ApiProblem(409, "no_password", "a key has no password; log in as a person");
      }
      const { password, next } = request.body;
      await given(reply, () => sessions.prove(name, password, fromOf(request)));
      const why = weakPassword(next, name);
      if (why !== undefined) throw new ApiProblem(400, "weak_password", why);
      await sessions.save({ ...person, password: await hashPassword(next) });
      await sessions.end({ person: person.id, except: session });
      audit.add({ type: "password.changed", actor: id, outcome: "ok", address: request.ip });
      return reply.code(204).send(null);
    },
  );
  app.post(
    "/auth/accept",
    {
      config: open,
      schema: {
        body: z.strictObject({ invitation: secret, password: secret }),
        response: { 204: z.null(), 503: Problem, ...problems },
      },
    },
    async (request, reply) => {
      const { invitation, password } = request.body;
      const sha256 = sha256Hex(invitation);
      const person = sessions.people().find((one) => one.invitationSha256 === sha256);
      if (!person || now() >= (person.invitationEndsAtMs ?? 0)) {
        throw new ApiProblem(401, "unknown_token", "unknown, used or expired invitation");
      }
      const why = weakPassword(password, person.name);
      if (why !== undefined) throw new ApiProblem(400, "weak_password", why);
      // Taken before the slow part: an invitation is for one.
      const taken = { ...person, invitationSha256: null, invitationEndsAtMs: null };
      await sessions.save(taken);
      await sessions.save({ ...taken, password: await given(reply, () => hashPassword(password)) });
      const actor = `user:${person.id}`;
      audit.add({ type: "invitation.accepted", actor, outcome: "ok", address: request.ip });
      return reply.code(204).send(null);
    },
  );
  app.get(
    "/.well-known/jwks.json",
    {
      config: open,
      schema: { response: { 200: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }) } },
    },
    async () => {
      const { keys } = await tokens.keySet();
      return { keys: keys.map((key) => ({ ...key })) };
    },
  );
};
