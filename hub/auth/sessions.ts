/**
 * People who are logged in. A session is one login and the refresh tokens that followed from it;
 * each of those is good for one use. One that comes a second time was copied: the session ends.
 */
import { randomUUID } from "node:crypto";
import { newSecret, sha256Hex, isWellFormed } from "../api/keys.ts";
import type { Audit } from "../audit/audit.ts";
import type { People, PersonRow, SessionRow } from "../store/store.ts";
import type { Caller } from "./caller.ts";
import { permissionsOfRole } from "./permissions.ts";
import { isPassword } from "./passwords.ts";
import { openThrottle } from "./throttle.ts";
import { isOnShift } from "./shifts.ts";
import { accessLifeS, type Tokens } from "./tokens.ts";

const dayMs = 86_400_000;
/** A refresh token that is not used within this time ends. */
export const refreshLifeMs = 7 * dayMs;
/** After this long a person logs in again. */
export const sessionLifeMs = 30 * dayMs;

/** Words of RFC 6749, which every client library knows. */
export type Grant = {
  access_token: string;
  token_type: "Bearer";
  expires_in: number;
  refresh_token: string;
};
export type From = { address: string; agent: string };

/** No session for this login or token; `code` says why as far as the caller may know. */
export class LoginError extends Error {
  override readonly name = "LoginError";
  readonly code: "wrong_login" | "disabled" | "off_shift" | "too_many_attempts" | "unknown_token";
  readonly waitS: number | undefined;
  constructor(code: LoginError["code"], message: string, waitS?: number) {
    super(message);
    this.code = code;
    this.waitS = waitS;
  }
}

/** Where sites belong; from the hub's config. */
export type Place = { site: string; department?: string; region?: string };

type Needs = {
  store: People;
  tokens: Tokens;
  audit: Audit;
  places: readonly Place[];
  now: () => number;
};

export type Sessions = Awaited<ReturnType<typeof openSessions>>;

export async function openSessions({ store, tokens, audit, places, now }: Needs) {
  const people = new Map((await store.people()).map((row) => [row.id, row]));
  const sessions = new Map((await store.sessions()).map((row) => [row.id, row]));
  const throttle = openThrottle(now);
  const byName = (name: string) =>
    [...people.values()].find((one) => one.name === name.toLowerCase());

  /** @returns why not */
  function closed(person: PersonRow): LoginError | undefined {
    if (person.disabledAtMs !== null) return new LoginError("disabled", "this account is disabled");
    if (isOnShift(person.shifts, now())) return undefined;
    return new LoginError(
      "off_shift",
      "outside the shifts of this account; an admin can change them",
    );
  }

  async function grant(
    person: PersonRow,
    session: SessionRow,
  ): Promise<Grant & { sha256: string }> {
    const { id, name, role } = person;
    const refresh = newSecret("rt");
    return {
      access_token: await tokens.issue({ person: id, session: session.id, name, role }),
      token_type: "Bearer",
      expires_in: accessLifeS,
      refresh_token: refresh,
      sha256: sha256Hex(refresh),
    };
  }

  async function end(where: {
    person?: string;
    session?: string;
    except?: string;
  }): Promise<number> {
    const gone = [...sessions.values()].filter(
      ({ id, person }) =>
        (where.person ?? person) === person && (where.session ?? id) === id && where.except !== id,
    );
    for (const { id } of gone) sessions.delete(id);
    await store.endSessions(gone.map(({ id }) => id));
    return gone.length;
  }

  /** @throws LoginError, BusyError */
  async function prove(name: string, password: string, from: From): Promise<PersonRow> {
    const person = byName(name);
    const actor = person ? `user:${person.id}` : "stranger";
    const fail = (error: LoginError) => {
      audit.often(`login ${from.address} ${actor} ${error.code}`, {
        ...{ type: "login.failed", actor, address: from.address, outcome: "refused" },
        code: error.code,
      });
      return error;
    };
    const waitS = throttle.waitS(from.address, name.toLowerCase());
    if (waitS > 0) {
      const text = `too many wrong logins, wait ${waitS} s`;
      throw fail(new LoginError("too_many_attempts", text, waitS));
    }
    // Counted before it is known: a hundred guesses at once are a hundred guesses.
    const right = throttle.tried(from.address, name.toLowerCase());
    if (!(await isPassword(password, person?.password ?? null)) || !person) {
      throw fail(new LoginError("wrong_login", "wrong name or password"));
    }
    right();
    const why = closed(person);
    if (why) throw fail(why);
    return person;
  }

  /**
   * A session of somebody who has been proven.
   * @param by the provider whose word it is; left out: a password
   */
  async function begin(person: PersonRow, from: From, by?: string): Promise<Grant> {
    const atMs = now();
    const session: SessionRow = {
      ...{ id: randomUUID(), person: person.id, createdAtMs: atMs, lastUsedAtMs: atMs },
      ...{ expiresAtMs: atMs + sessionLifeMs, address: from.address },
      agent: from.agent.slice(0, 200),
    };
    const { sha256, ...given } = await grant(person, session);
    await store.addSession(session, { sha256, expiresAtMs: atMs + refreshLifeMs });
    sessions.set(session.id, session);
    person.lastLoginAtMs = atMs;
    await store.savePerson(person);
    audit.add({
      ...{ type: "login.ok", actor: `user:${person.id}`, address: from.address, outcome: "ok" },
      ...(by !== undefined && { detail: { provider: by } }),
    });
    return given;
  }

  return {
    people: () => [...people.values()],
    person: (id: string) => people.get(id),
    byName,
    save: async (row: PersonRow) => {
      await store.savePerson(row);
      people.set(row.id, row);
    },
    /** The person, and with it everything but its id in the audit log. */
    remove: async (id: string) => {
      await end({ person: id });
      people.delete(id);
      await store.deletePerson(id);
    },
    of: (person: string) => [...sessions.values()].filter((one) => one.person === person),
    end,

    prove,

    /** @throws LoginError, BusyError */
    login: async (name: string, password: string, from: From): Promise<Grant> =>
      begin(await prove(name, password, from), from),

    closed,
    begin,

    /** @throws LoginError */
    refresh: async (token: string, from: From): Promise<Grant> => {
      const unknown = () =>
        new LoginError("unknown_token", "unknown, used or expired refresh token");
      if (!isWellFormed(token)) throw unknown();
      const atMs = now();
      // Used before the next one is made: of two at the same moment, one is the second.
      const used = await store.useRefresh(sha256Hex(token), atMs);
      const session = used && sessions.get(used.session);
      const person = session && people.get(session.person);
      if (!used || !session || !person) throw unknown();
      if (used.again) {
        await end({ session: session.id });
        audit.add({
          ...{ type: "session.copied", actor: `user:${person.id}`, address: from.address },
          ...{ outcome: "refused", code: "refresh_reused", object: session.id },
        });
        throw unknown();
      }
      if (atMs >= used.expiresAtMs || atMs >= session.expiresAtMs) throw unknown();
      const why = closed(person);
      if (why) throw why;
      const { sha256, ...given } = await grant(person, session);
      session.lastUsedAtMs = atMs;
      await store.addSession(session, { sha256, expiresAtMs: atMs + refreshLifeMs });
      return given;
    },

    /** A page is opened with a key: the page need not send the key with each of its requests. */
    openPage: async ({ id: person, name }: Pick<Caller, "id" | "name">, from: From) => {
      audit.add({ type: "login.ok", actor: person, name, address: from.address, outcome: "ok" });
      return {
        access_token: await tokens.issue({ person, session: "page", name }),
        ...{ token_type: "Bearer" as const, expires_in: accessLifeS },
      };
    },

    /**
     * @param pageOf who a page is that was opened with the key of that id
     * @returns the person behind an access token whose session is still open
     */
    callerOf: async (
      token: string,
      pageOf: (key: string) => Caller | undefined = () => undefined,
    ): Promise<Caller | undefined> => {
      const claims = await tokens.check(token);
      if (claims?.person.startsWith("key:")) return pageOf(claims.person.slice("key:".length));
      const session = claims && sessions.get(claims.session);
      const person = session && people.get(session.person);
      if (!person || claims.person !== person.id || closed(person)) return undefined;
      return {
        ...{ id: `user:${person.id}`, name: person.name, session: session.id },
        permissions: permissionsOfRole(person.role),
        sites: sitesOf(person, places),
      };
    },
    /** For what stays open, such as a socket. */
    isLive: (id: string) => {
      const session = sessions.get(id);
      const person = session && people.get(session.person);
      return person !== undefined && now() < (session?.expiresAtMs ?? 0) && !closed(person);
    },
  };
}

/** Every limit that is set holds; a site that says nothing of its region belongs to none. */
export function sitesOf(
  { sites, department, region }: Pick<PersonRow, "sites" | "department" | "region">,
  places: readonly Place[],
): ReadonlySet<string> | null {
  if (department === null && region === null) return sites && new Set(sites);
  const fits = places.filter(
    (place) =>
      (department === null || place.department === department) &&
      (region === null || place.region === region) &&
      (sites?.includes(place.site) ?? true),
  );
  return new Set(fits.map(({ site }) => site));
}
