/** Logging in with a provider's account: from the page to the provider, back, and to a session. */
import { z } from "zod";
import type { SignInProvider } from "../../config/sign-in.schema.ts";
import type { Audit } from "../audit/audit.ts";
import type { PersonRow } from "../store/store.ts";
import { admission, type NotAdmitted } from "./admission.ts";
import { Going, openProvider, ProviderError } from "./providers.ts";
import { openNotes } from "./sealed.ts";
import { LoginError, type From, type Grant, type Sessions } from "./sessions.ts";

/** Why nobody came in, as a word; the page has a sentence for each. */
export type Refusal = NotAdmitted | ProviderError["code"] | LoginError["code"] | "expired";

export class SignInError extends Error {
  override readonly name = "SignInError";
  readonly code: Refusal;
  constructor(code: Refusal, message: string) {
    super(message);
    this.code = code;
  }
}

/** A login may take as long at a provider as somebody needs to find the phone. */
export const goingLifeS = 600;
/** From the answer of the provider to the page that asks for its session. */
export const provenLifeS = 60;

type Needs = {
  /** Without one there are no providers either. */
  publicUrl: string | undefined;
  providers: readonly SignInProvider[];
  sessions: Sessions;
  audit: Audit;
  now: () => number;
};

export type SignIn = ReturnType<typeof openSignIn>;

export function openSignIn({ publicUrl = "", providers, sessions, audit, now }: Needs) {
  const byId = new Map(providers.map((one) => [one.id, openProvider(one, publicUrl, now)]));
  const going = openNotes("going", Going, goingLifeS, now);
  const Proven = z.object({ person: z.string(), provider: z.string() });
  const proven = openNotes("proven", Proven, provenLifeS, now);

  /** Writes it down. */
  function refuse(error: unknown, provider: string, { address }: From, person?: PersonRow): never {
    if (!(error instanceof ProviderError || error instanceof LoginError)) {
      if (!(error instanceof SignInError)) throw error;
    }
    const { code, message } = error;
    const actor = person ? `user:${person.id}` : "stranger";
    audit.often(`sign-in ${address} ${provider} ${actor} ${code}`, {
      ...{ type: "login.failed", actor, address, outcome: "refused", code },
      detail: { provider, why: message },
    });
    throw new SignInError(code, message);
  }

  /** A change by a provider's word, unless there is none. */
  async function take(person: PersonRow, changes: Partial<PersonRow>, by: string, from: From) {
    const changed = Object.keys(changes);
    if (changed.length === 0) return;
    await sessions.save({ ...person, ...changes });
    audit.add({
      ...{ type: "user.changed", actor: `provider:${by}`, object: `user:${person.id}` },
      ...{ outcome: "ok", address: from.address },
      detail: {
        changed,
        ...(changes.role && { role: { before: person.role, after: changes.role } }),
      },
    });
  }

  return {
    publicUrl,
    providers: () => [...byId.values()].map(({ config }) => config),
    has: (id: string) => byId.has(id),

    /**
     * @returns where the browser goes, and a note that it brings back. @throws SignInError
     */
    start: async (id: string, from: From): Promise<{ url: string; note: string }> => {
      try {
        const begun = await byId.get(id)!.start();
        return { url: begun.url, note: await going.seal(begun.going) };
      } catch (error) {
        return refuse(error, id, from);
      }
    },

    /**
     * @param search the query of the address at which the browser came back
     * @returns a note for which there is a session. @throws SignInError
     */
    finish: async (id: string, note: string, search: string, from: From): Promise<string> => {
      let person: PersonRow | undefined;
      try {
        const held = await going.use(note);
        if (!held || held.provider !== id) {
          throw new SignInError("expired", "not begun in this browser, too old, or used before");
        }
        const provider = byId.get(id)!;
        const claims = await provider.finish(held, search);
        const found = admission(provider.config, claims, sessions.people(), now());
        person = found.person;
        if ("refused" in found) throw new SignInError(found.refused, wordsFor[found.refused]);
        const why = sessions.closed(found.person);
        if (why) throw why;
        await take(found.person, found.changes, id, from);
        return await proven.seal({ person: found.person.id, provider: id });
      } catch (error) {
        return refuse(error, id, from, person);
      }
    },

    /** @throws SignInError */
    session: async (note: string, from: From): Promise<Grant> => {
      const held = await proven.use(note);
      const person = held && sessions.person(held.person);
      if (!held || !person) throw new SignInError("expired", "there is no login to be finished");
      const why = sessions.closed(person);
      if (why) return refuse(why, held.provider, from, person);
      return sessions.begin(person, from, held.provider);
    },
  };
}

const wordsFor: Record<NotAdmitted, string> = {
  email_not_verified: "the provider has not verified the e-mail address",
  wrong_domain: "the e-mail address is of another domain",
  unknown_person: "no user has that e-mail address",
  other_account: "the user with that e-mail address is linked to another account there",
  no_role: "in no group that has a role here",
  no_attribute: "the provider does not tell department or region",
};
