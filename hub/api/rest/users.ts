/** People who may log in. */
import { randomUUID } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { Id } from "../../../machines/id.ts";
import type { Audit } from "../../audit/audit.ts";
import { hashPassword } from "../../auth/passwords.ts";
import { roles } from "../../auth/permissions.ts";
import type { Sessions } from "../../auth/sessions.ts";
import { Shift } from "../../auth/shifts.ts";
import { weakPassword } from "../../auth/strength.ts";
import { isLinked } from "../../auth/admission.ts";
import type { Identity, PersonRow, SessionRow } from "../../store/store.ts";
import { callerOf } from "../auth.ts";
import { newSecret, sha256Hex } from "../keys.ts";
import { ApiProblem, Problem, problems } from "../problem.ts";
import { isoOf } from "../times.ts";

type Needs = { sessions: Sessions; audit: Audit; now: () => number };

const word = z.string().min(1).max(80);
const Name = z
  .string()
  .max(80)
  .regex(/^[a-z0-9][a-z0-9._@+-]*$/, "lower-case letters, digits and . _ @ + -");
const Email = z.email().max(254).toLowerCase().nullable();
/** What an admin sets. Each limit that is not null holds. */
const Limits = {
  role: z.enum(roles),
  sites: z.array(Id).min(1).max(1_000).nullable(),
  department: word.nullable(),
  region: word.nullable(),
  /** When this person may use the hub; null = always. */
  shifts: z.array(Shift).min(1).max(50).nullable(),
};
export const UserItem = z
  .object({
    id: z.string(),
    name: z.string(),
    /** By which a provider's account is known the first time. */
    email: z.string().nullable(),
    ...Limits,
    /** Accounts at providers by which this person comes in. */
    identities: z.array(
      z.object({
        issuer: z.string(),
        subject: z.string(),
        linkedAt: z.iso.datetime().nullable(),
      }),
    ),
    disabled: z.boolean(),
    /** Neither a password nor an account yet: the invitation waits. */
    invited: z.boolean(),
    createdAt: z.iso.datetime().nullable(),
    lastLoginAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "UserItem" });
export const SessionItem = z
  .object({
    id: z.string(),
    createdAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable(),
    expiresAt: z.iso.datetime().nullable(),
    address: z.string(),
    agent: z.string(),
  })
  .meta({ id: "SessionItem" });
const password = z.string().min(1).max(1_000);
const Accounts = z
  .array(z.strictObject({ issuer: z.url().max(500), subject: z.string().min(1).max(255) }))
  .max(20);
const NewUser = z.strictObject({
  name: Name,
  email: Email.default(null),
  role: Limits.role,
  password: password.optional().describe("left out: the answer has an invitation for 7 days"),
  sites: Limits.sites.default(null),
  department: Limits.department.default(null),
  region: Limits.region.default(null),
  shifts: Limits.shifts.default(null),
});
const Change = z
  .strictObject({
    ...{ ...Limits, email: Email, disabled: z.boolean(), password },
    identities: Accounts.describe("all there are to be; [] = by none"),
  })
  .partial();

const invitationLifeMs = 7 * 86_400_000;
const params = z.object({ id: z.string().max(64) });
const read = { access: "readUsers" } as const;
const write = { access: "manageUsers" } as const;

export const userRoutes: FastifyPluginAsyncZod<Needs> = async (app, { sessions, audit, now }) => {
  const gone = { 404: Problem, 409: Problem, ...problems };
  function personOf(id: string): PersonRow {
    const person = sessions.person(id);
    if (!person) throw new ApiProblem(404, "unknown_user", `no user ${id}`);
    return person;
  }
  function note(request: FastifyRequest, type: string, object: string, detail?: object) {
    const { id: actor, name } = callerOf(request);
    audit.add({
      ...{ type, actor, name, object: `user:${object}`, outcome: "ok", address: request.ip },
      ...(detail && { detail: { ...detail } }),
      requestId: request.id,
    });
  }
  const notOwn = (request: FastifyRequest, id: string) => {
    if (callerOf(request).id !== `user:${id}`) return;
    throw new ApiProblem(409, "own_account", "another admin must do that: it is your own account");
  };
  /** @throws ApiProblem 409 where somebody else has the address or one of the accounts */
  function notTaken(
    id: string | undefined,
    { email, identities = [] }: { [K in "email" | "identities"]?: PersonRow[K] | undefined },
  ) {
    for (const other of sessions.people().filter((one) => one.id !== id)) {
      if (typeof email === "string" && other.email === email) {
        throw new ApiProblem(409, "email_taken", `that address is of ${other.name}`);
      }
      if (identities.some((one) => isLinked(other, one))) {
        throw new ApiProblem(409, "account_taken", `that account is of ${other.name}`);
      }
    }
  }
  /** Those that are linked already keep their time. */
  const linkedOf = (person: PersonRow, asked: z.infer<typeof Accounts>) =>
    asked.map(({ issuer, subject }) => {
      const isSame = (one: Identity) => one.issuer === issuer && one.subject === subject;
      return person.identities.find(isSame) ?? { issuer, subject, linkedAtMs: now() };
    });
  async function hashed(text: string, name: string): Promise<string> {
    const why = weakPassword(text, name);
    if (why !== undefined) throw new ApiProblem(400, "weak_password", why);
    return hashPassword(text);
  }

  app.get(
    "/users",
    {
      config: read,
      schema: { response: { 200: z.object({ items: z.array(UserItem) }), ...problems } },
    },
    async () => ({ items: sessions.people().map(itemOf) }),
  );
  app.get(
    "/users/:id",
    { config: read, schema: { params, response: { 200: UserItem, ...gone } } },
    async (request) => itemOf(personOf(request.params.id)),
  );
  app.post(
    "/users",
    {
      config: write,
      schema: {
        body: NewUser,
        response: {
          201: UserItem.extend({ invitation: z.string().optional() }),
          ...{ 409: Problem, ...problems },
        },
      },
    },
    async (request, reply) => {
      const { password: text, ...body } = request.body;
      const taken = () => {
        if (sessions.byName(body.name)) {
          throw new ApiProblem(409, "name_taken", `there is a user ${body.name}`);
        }
        notTaken(undefined, body);
      };
      taken();
      const held = text === undefined ? null : await hashed(text, body.name);
      taken();
      const invitation = held === null ? newSecret("inv") : undefined;
      const row: PersonRow = {
        ...{ id: randomUUID(), ...body, identities: [], password: held },
        invitationSha256: invitation === undefined ? null : sha256Hex(invitation),
        invitationEndsAtMs: invitation === undefined ? null : now() + invitationLifeMs,
        ...{ disabledAtMs: null, createdAtMs: now(), lastLoginAtMs: null },
      };
      await sessions.save(row);
      const { email: _email, ...noted } = body;
      note(request, "user.made", row.id, noted);
      reply.header("Location", `/api/users/${row.id}`).header("Cache-Control", "no-store");
      return reply
        .code(201)
        .send({ ...itemOf(row), ...(invitation !== undefined && { invitation }) });
    },
  );
  app.patch(
    "/users/:id",
    { config: write, schema: { params, body: Change, response: { 200: UserItem, ...gone } } },
    async (request) => {
      const before = personOf(request.params.id);
      const { password: text, disabled, identities, ...limits } = request.body;
      if (Object.keys(request.body).some((key) => key !== "password")) notOwn(request, before.id);
      const held = text === undefined ? undefined : await hashed(text, before.name);
      const set = Object.entries(limits).filter(([, value]) => value !== undefined);
      const asked = Object.fromEntries(set) as Partial<PersonRow>;
      const linked = identities && linkedOf(before, identities);
      notTaken(before.id, { email: asked.email, identities: linked });
      const after: PersonRow = {
        ...personOf(before.id),
        ...asked,
        ...(linked && { identities: linked }),
        ...(held !== undefined && { password: held, invitationSha256: null }),
      };
      if (disabled !== undefined) after.disabledAtMs = disabled ? now() : null;
      await sessions.save(after);
      // A new password, other accounts or a closed door end what was opened with the old.
      const isOther = held !== undefined || linked !== undefined;
      if (isOther || disabled === true) await sessions.end({ person: after.id });
      note(request, "user.changed", after.id, {
        changed: Object.keys(request.body),
        ...(before.role !== after.role && { role: { before: before.role, after: after.role } }),
      });
      return itemOf(after);
    },
  );
  app.delete(
    "/users/:id",
    { config: write, schema: { params, response: { 204: z.null(), ...gone } } },
    async (request, reply) => {
      const { id } = personOf(request.params.id);
      notOwn(request, id);
      await sessions.remove(id);
      note(request, "user.removed", id);
      return reply.code(204).send(null);
    },
  );
  app.get(
    "/users/:id/sessions",
    {
      config: write,
      schema: { params, response: { 200: z.object({ items: z.array(SessionItem) }), ...gone } },
    },
    async (request) => ({
      items: sessions.of(personOf(request.params.id).id).map(sessionItemOf),
    }),
  );
  app.delete(
    "/users/:id/sessions",
    { config: write, schema: { params, response: { 204: z.null(), ...gone } } },
    async (request, reply) => {
      const { id } = personOf(request.params.id);
      const ended = await sessions.end({ person: id });
      note(request, "sessions.ended", id, { ended });
      return reply.code(204).send(null);
    },
  );
};

export function itemOf(row: PersonRow): z.infer<typeof UserItem> {
  const { id, name, email, role, sites, department, region, shifts } = row;
  return {
    ...{ id, name, email, role, sites, department, region, shifts },
    identities: row.identities.map(({ issuer, subject, linkedAtMs }) => ({
      ...{ issuer, subject, linkedAt: isoOf(linkedAtMs) },
    })),
    disabled: row.disabledAtMs !== null,
    invited: row.password === null && row.identities.length === 0,
    createdAt: isoOf(row.createdAtMs),
    lastLoginAt: isoOf(row.lastLoginAtMs),
  };
}

export function sessionItemOf(row: SessionRow): z.infer<typeof SessionItem> {
  return {
    ...{ id: row.id, address: row.address, agent: row.agent },
    createdAt: isoOf(row.createdAtMs),
    lastUsedAt: isoOf(row.lastUsedAtMs),
    expiresAt: isoOf(row.expiresAtMs),
  };
}
